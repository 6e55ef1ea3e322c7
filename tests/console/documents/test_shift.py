"""Documents of the shift: the log for a spreadsheet, pages that escape what people wrote, a handover with all of its content."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest

from console.documents.report.html_page import plain_page
from console.documents.shift import handover_report, head_line, log_csv, log_report, write_log
from console.domain.heads import Head
from console.domain.records import Record
from console.domain.shift import LOG_ENTRY, Part, Signature
from console.services.shift.entries import WriteEntry
from console.services.shift.handover import SignHandover, kept_items
from console.services.shift.log import LogLine, shift_log
from tests.console.services.town import Chair, a_finding

ZONE = "Asia/Shanghai"
HEAD = Head(41, "ab" * 32)


def the_log(*texts: str) -> tuple[LogLine, ...]:
    chair = Chair()
    for text in texts:
        chair.does(WriteEntry(text, tags=("a", "b")))
    records: list[Record] = list(chair.state.of(LOG_ENTRY).values())
    return shift_log(records, chair.log)


@pytest.mark.parametrize(("language", "heading"), [("zh_CN", "时间"), ("en", "Time")])
def test_the_log_as_csv_has_a_row_for_each_line_and_no_formula(language: str, heading: str) -> None:
    head, *rows = csv.reader(io.StringIO(log_csv(the_log('=cmd|"x"', "井盖, 松动\n第二行"), language, ZONE)))
    assert head[0] == heading
    assert [row[0] for row in rows] == ["2024-01-03 23:00:05", "2024-01-03 23:00:15"]
    assert [row[3] for row in rows] == ['\'=cmd|"x"', "井盖, 松动\n第二行"]
    assert [row[4] for row in rows] == ["a b", "a b"]


def test_the_pages_escape_what_people_wrote() -> None:
    page = plain_page(log_report(the_log("<script>alert(1)</script>"), "en", ZONE)).decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("ending", "begins"), [(".csv", b"\xef\xbb\xbf"), (".html", b"<!DOCTYPE"), (".pdf", b"%PDF"), (".txt", b"<!")]
)
def test_the_ending_of_a_file_chooses_its_form(tmp_path: Path, ending: str, begins: bytes) -> None:
    written = write_log(the_log("x"), tmp_path / f"log{ending}", "zh_CN", ZONE)
    assert written.read_bytes().lower().startswith(begins.lower())
    assert write_log((), tmp_path / f"empty{ending}", "en", ZONE).exists()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_handover_s_document_has_every_item_the_changes_the_remarks_and_the_head(language: str) -> None:
    chair = Chair()
    before = kept_items(chair.desk.targets, chair.state)
    chair.sees(a_finding())
    items = kept_items(chair.desk.targets, chair.state)
    names = Signature("王", "王"), Signature("u-赵", "赵", is_verified=True)
    intent = SignHandover(*names, before, chair.now - timedelta(minutes=5), items, "钥匙在抽屉 <b>")
    (record,) = (one for one in chair.does(intent).records if one.record_kind.name == "handover")
    report = handover_report(record, HEAD, language, ZONE)  # type: ignore[arg-type]
    page = plain_page(report).decode()
    plain = re.sub(r"<[^>]+>", "", page)
    assert report.language == language
    for text in ("2024-0001", "钥匙在抽屉 &lt;b&gt;", HEAD.hash, "2024-01-03 22:55:15", "2024-01-03 23:00:15"):
        assert text in plain, text
    assert head_line(HEAD).replace('"', "&#34;") in page
    none = {"zh_CN": "无记录", "en": "none recorded"}[language]
    assert plain.count(none) == len(Part) - len({item.part for item in items})
    assert {"zh_CN": "王（姓名手填，未验证）", "en": "王 (name typed, not verified)"}[language] in plain
    assert {"zh_CN": "赵（凭密码签署）", "en": "赵 (signed with the password)"}[language] in plain
