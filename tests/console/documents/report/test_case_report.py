"""The report is self-contained, escaped and reproducible; the public one holds no network assets."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import unicodedata
import xml.etree.ElementTree as ET
import zlib
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from console.documents.report.case_report import ReportOptions, case_report
from console.documents.report.charts import Band, Line, bar_chart, line_chart
from console.documents.report.html_page import plain_page, report_html
from console.documents.report.pdf import report_pdf
from console.documents.report.words import ReportWords
from console.domain.attachments import Attachment
from console.domain.expected import ExpectedValues
from console.domain.shift import LogEntry
from console.services.review.answers import Fact
from console.services.review.notes import Action, Remark, ReviewNotes
from console.services.review.redact import redacted
from tests.console.package.cases import HOSTILE, a_case

WORDS = ReportWords("zh_CN", "Asia/Shanghai")


def test_the_same_case_gives_the_same_page() -> None:
    record = a_case()
    assert report_html(record) == report_html(record)


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_no_text_of_a_case_becomes_markup_script_or_template(language: str, public: bool) -> None:
    record = a_case(HOSTILE, user="王" + HOSTILE)
    notes = ReviewNotes((Remark(record.since, HOSTILE, HOSTILE),), actions=(Action(HOSTILE, HOSTILE),))
    page = report_html(replace(record, notes=notes), ReportOptions(language, public)).decode()
    bare = re.sub(r"<script>.*?</script>|<style>.*?</style>", "", page, flags=re.S)
    assert "<script>window.broken" not in page
    assert "<img" not in bare.replace("\\u003cimg", "")
    assert "{{7*7}}" in page or public
    assert "{{49" not in page
    assert page.count("</html>") == 1


def test_the_page_names_no_address_to_load_from() -> None:
    page = report_html(a_case()).decode()
    outside = re.sub(r"<script>.*?</script>|<style>.*?</style>|<svg xmlns=\"[^\"]+\"", "", page, flags=re.S)
    assert not re.findall(r"(?:src|href)\s*=\s*[\"'](?!data:)", outside)
    assert "http://" not in outside
    assert "https://" not in outside
    assert "default-src 'none'" in page


def test_pictures_of_the_shift_log_are_in_the_report_once_and_in_none_that_leaves_the_house(tmp_path: Path) -> None:
    record, picture = a_case(), Attachment.of(_png())
    ref = picture.ref("a.png")
    entries = [LogEntry(f"L-{n}", record.since + timedelta(minutes=n), "王", "u1", f"围挡{HOSTILE}", picture=ref) for n in (2, 1)]
    lost = LogEntry("L-3", record.since, "王", "u1", "x", picture=replace(ref, sha256="0" * 64))
    record = replace(record, others=(*record.others, *entries, lost), pictures={picture.sha256: picture})
    page = report_html(record).decode()
    (uri,) = re.findall(r'<figure class="photo"><img src="(data:[^"]+)"', page)
    assert b64decode(uri.partition(",")[2]) == picture.content
    assert "<script>window.broken" not in page
    for away in (report_html(record, ReportOptions(public=True)), report_html(redacted(record))):
        assert 'class="photo"' not in away.decode()
    plain = len(report_pdf(replace(record, others=(), pictures={})))
    assert len(report_pdf(record)) > plain + 500


def _png() -> bytes:
    """40 × 30 px of noise: it cannot be packed away."""
    rows = b"".join(b"\0" + np.random.default_rng(row).bytes(120) for row in range(30))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 40, 30, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_the_public_page_holds_no_pipe_no_valve_no_station_no_person() -> None:
    record = a_case(user="王小明")
    page = report_html(record, ReportOptions(public=True)).decode()
    network = record.city.network
    for secret in (*network.pipes.asset_id, *network.valves.asset_id, *record.city.stations.asset_id, "王小明"):
        assert not re.search(rf"(?<![A-Za-z0-9_]){re.escape(str(secret))}(?![A-Za-z0-9_])", _data_and_text(page)), secret
    data = json.loads(_case_json(page))
    assert data["network"] == []
    assert data["lines"] == {}
    assert {area["name"] for area in data["communities"]} <= {"美林苑", "泉城花园"}


def test_the_map_at_a_time_shows_what_was_known_at_that_time() -> None:
    record = a_case()
    data = json.loads(_case_json(report_html(record).decode()))
    frames = data["frames"]
    assert [frame["t"] for frame in frames] == sorted(frame["t"] for frame in frames)
    assert frames[0]["candidates"][0][0] == "H10"
    assert next(frame["burst"] for frame in frames if frame["burst"]) == [["H10"]]
    assert frames[-1]["burst"] == [["V10"]]
    assert {valve["state"] for frame in frames for valve in frame["valves"]} == {"open", "closed", "unable"}
    assert len(data["crews"]) == 3


def test_a_network_without_place_on_earth_is_drawn_in_its_own_coordinates() -> None:
    record = a_case()
    drawing = replace(record, city=replace(record.city, network=replace(record.city.network, crs="local")))
    page = report_html(drawing).decode()
    assert "L.CRS.Simple" in page
    data = json.loads(_case_json(page))
    (y0, x0), (y1, x1) = data["view"]
    assert x0 < 500_000 < x1
    assert y0 < 4_058_200 < y1


def test_the_page_answers_every_question_and_shows_every_notice() -> None:
    record = a_case()
    page = report_html(record, ReportOptions("en")).decode()
    for key in ("spans", "plan_done", "predicted_actual", "late", "what_if", "outage", "past"):
        assert ReportWords("en", "UTC").catalogue.text(f"review.question.{key}") in page
    assert record.incident.notices[-1].text_en in page


@pytest.mark.slow
def test_the_pdf_holds_the_same_words(tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext on this machine")
    path = tmp_path / "r.pdf"
    record = a_case(HOSTILE)
    path.write_bytes(report_pdf(record))
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True).stdout.decode()
    squeezed = unicodedata.normalize("NFKC", re.sub(r"\s", "", text))  # fonts share glyphs of radicals and words
    for words in (record.incident.incident_id, WORDS("question.plan_done"), "V10", "<imgsrc=x"):
        assert words in squeezed


def test_charts_are_well_formed_whatever_their_names() -> None:
    at_us = np.arange(2_000, dtype=np.int64) * 60_000_000
    value = np.sin(at_us / 1e9)
    value[700] = -9.0
    value[10:20] = np.nan
    figure = line_chart([Line(HOSTILE, at_us, value)], [], WORDS.zone, HOSTILE)
    assert figure is not None
    root = ET.fromstring(figure.svg)
    line = next(element for element in root.iter() if element.tag.endswith("polyline"))
    points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
    assert len(points) <= 500
    assert sum(y > 200 for _, y in points) == 1, "the one dip survives thinning"
    assert line_chart([Line("x", at_us, np.full(2_000, np.nan))], [], WORDS.zone, "") is None
    bars = bar_chart([(HOSTILE, 3.0), ("b", 0.0)], "", 2.0)
    assert bars is not None
    ET.fromstring(bars.svg)
    assert bar_chart([], "") is None


def test_a_page_without_a_map_holds_no_script_at_all() -> None:
    report = case_report(a_case(HOSTILE))
    page = plain_page(report).decode()
    assert "<script" not in page
    assert "script-src" not in page


def _case_json(page: str) -> str:
    found = re.search(r'<script type="application/json" id="qm-case">(.*?)</script>', page, flags=re.S)
    assert found is not None
    return found[1]


def _data_and_text(page: str) -> str:
    """The page without the program's own scripts and styles."""
    return re.sub(r"<script>.*?</script>|<style>.*?</style>", "", page, flags=re.S)


def test_a_band_is_one_area_for_each_stretch_and_lies_within_the_drawing() -> None:
    at_us = np.arange(10, dtype=np.int64) * 60_000_000
    low, high = np.full(10, 4.0), np.full(10, 9.0)
    low[[4, 5]] = high[[4, 5]] = np.nan
    figure = line_chart([Line("S1", at_us, np.full(10, 5.0), Band(at_us, low, high))], (), WORDS.zone, "", 200)
    assert figure is not None
    areas = [ET.fromstring(area) for area in re.findall(r"<polygon[^>]*/>", figure.svg)]
    corners = [[tuple(map(float, corner.split(","))) for corner in area.attrib["points"].split()] for area in areas]
    assert [len(area) for area in corners] == [8, 8]  # four minutes each, above and below
    heights = [y for area in corners for _, y in area]
    line = [float(corner.split(",")[1]) for corner in re.findall(r'points="([^"]*)"', figure.svg)[-1].split()]
    assert 0 <= min(heights) < line[0] < max(heights) <= 200
    # 5 lies a fifth of the way from 4 to 9.
    assert (max(heights) - line[0]) / (max(heights) - min(heights)) == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_expected_values_are_drawn_or_the_page_says_that_they_were_not_kept(language: str) -> None:
    record = a_case()
    unknown = ReportWords(language, "Asia/Shanghai")("page.expected_unknown")
    page = report_html(record, ReportOptions(language)).decode()
    # S2 was still being learned: nothing was expected of it.
    assert page.count('class="band"') == len([item for item in record.incident.evidence if item.station_id != "S2"])
    assert unknown not in page
    bare = report_html(replace(record, expected=ExpectedValues.empty()), ReportOptions(language)).decode()
    assert 'class="band"' not in bare
    assert unknown in bare


def test_the_band_is_three_sigma_of_the_station_and_says_when_that_is_unknown() -> None:
    record = a_case()
    page = report_html(record, ReportOptions("en")).decode()
    assert "band ±3.3 kPa, 3 σ of this station" in page  # the last sigma is 1.1 kPa
    older = report_html(replace(record, expected=replace(record.expected, sigma=None)), ReportOptions("en")).decode()
    assert "3 σ" not in older
    assert "own scatter was not kept" in older


@pytest.mark.parametrize("most", [1, 2, 3, 7, 40])
def test_the_axis_of_counts_shows_whole_numbers_only(most: int) -> None:
    figure = bar_chart([("a", 1.0), ("b", float(most))], "", counts=True)
    assert figure is not None
    axis = re.findall(r'text-anchor="end"[^>]*>([^<]*)<', figure.svg)
    assert len(axis) >= 2
    assert all(float(word).is_integer() for word in axis)


@pytest.mark.parametrize(
    ("seconds", "target_s", "said"),
    [
        (60.0, 60, "1 min 00 s · target 1 min 00 s"),
        (60.04, 60, "1 min 00.1 s · target 1 min 00 s"),
        (60.35, 60, "1 min 00.4 s · target 1 min 00 s"),
        (59.8, 60, "1 min 00 s · target 1 min 00 s"),
        (61.0, 60, "1 min 01 s · target 1 min 00 s"),
        (3620.0, 3600, "1 h 00 min 20.0 s · target 1 h 00 min"),
    ],
)
def test_a_time_over_its_target_never_reads_the_same_as_it(seconds: float, target_s: int, said: str) -> None:
    over = Fact("time_to_notice", timedelta(seconds=seconds), "duration", timedelta(seconds=target_s))
    assert ReportWords("en", "Asia/Shanghai").fact(over) == said
