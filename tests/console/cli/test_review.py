"""The commands of a review: a fault is one line and exit 2; files are written where they were asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from console.cli import main
from console.domain.actors import Actor
from console.package import verify_package, with_notes, write_package
from console.services.review.notes import Findings, ReviewNotes
from console.store import open_store
from maps.dataset import write_city
from tests.console.package.cases import CASE, a_case, a_reviewed_town
from tests.console.services.town import Chair, a_finding


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package."""
    path = tmp_path_factory.mktemp("review") / f"{CASE}.incident"
    write_package(a_case(user="王小明"), path)
    return path


def run(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    """The command's exit code."""
    monkeypatch.setattr(sys, "argv", ["quanmai", *map(str, words)])
    with pytest.raises(SystemExit) as done:
        main()
    return int(done.value.code or 0)


def test_an_intact_package_is_reported_as_intact(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], package: Path
) -> None:
    assert run(monkeypatch, "review", package, "--check", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["incident"], found["signed_by"]) == (True, CASE, None)


def test_a_changed_byte_ends_with_2_and_one_line_that_names_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], package: Path, tmp_path: Path
) -> None:
    content = bytearray(package.read_bytes())
    content[content.index(b"records.jsonl", content.index(b"PK\x03\x04", 10)) + 200] ^= 1
    bad = tmp_path / "bad.incident"
    bad.write_bytes(bytes(content))
    for command in (("review", bad, "--check"), ("review", bad), ("export", bad, "--html", tmp_path / "x.html")):
        assert run(monkeypatch, *command) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "records.jsonl was changed" in said
    assert not (tmp_path / "x.html").exists()


@pytest.mark.parametrize("form", ["html", "gpkg", "geojson", "kml", "csv", "parquet", "package"])
def test_each_form_is_written_where_it_was_asked(
    monkeypatch: pytest.MonkeyPatch, package: Path, tmp_path: Path, form: str
) -> None:
    out = tmp_path / f"out.{form}"
    assert run(monkeypatch, "export", package, f"--{form}", out, "--redact") == 0
    files = sorted(out.iterdir()) if out.is_dir() else [out]
    assert all(path.stat().st_size for path in files)
    assert not any("王小明".encode() in path.read_bytes() for path in files)
    if form == "package":
        assert verify_package(out).manifest.redacted


def test_exactly_one_export_format_is_required_and_tables_are_never_public(
    monkeypatch: pytest.MonkeyPatch, package: Path, tmp_path: Path
) -> None:
    assert run(monkeypatch, "export", package, tmp_path / "x") == 2
    assert run(monkeypatch, "export", package, "--html", "--kml", tmp_path / "x") == 2
    assert run(monkeypatch, "export", package, "--csv", "--public", tmp_path / "x") == 2


def test_what_if_prints_the_outcome_beside_what_was(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], package: Path
) -> None:
    assert run(monkeypatch, "review", package, "--what-if-stuck", "V10a", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert "V10a" not in found["valves_to_close"]
    assert run(monkeypatch, "review", package, "--what-if-stuck", "nothing") == 2


def test_a_monthly_review_of_a_missing_store_creates_no_store(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "month", tmp_path / "none.sqlite", "--month", "2024-01") == 2
    assert "no such file" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_month_of_an_empty_store_is_empty(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    open_store(tmp_path / "s.sqlite").close()
    assert run(monkeypatch, "month", tmp_path / "s.sqlite", "--month", "2024-01") == 0
    assert json.loads(capsys.readouterr().out)["incidents"] == []
    assert run(monkeypatch, "month", tmp_path / "s.sqlite", "--month", "2024-01", "--out", tmp_path / "m.html") == 0
    assert "2024-01" in (tmp_path / "m.html").read_text("utf-8")
    assert run(monkeypatch, "month", tmp_path / "s.sqlite", "--month", "January") == 2


def test_findings_of_reviewed_packages_count_in_the_month(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], package: Path, tmp_path: Path
) -> None:
    city, store = a_reviewed_town(), open_store(tmp_path / "s.sqlite")
    chair = Chair(city)
    store.commit(chair.desk.on_burst(chair.state, a_finding(), chair.now), Actor.named("quanmai"), chair.now)
    store.close()
    (tmp_path / "reviewed").mkdir()
    notes = ReviewNotes(findings=Findings(satisfaction_result=4.5))
    with_notes(package, notes, tmp_path / "reviewed" / "copy.incident")
    asked = ("month", tmp_path / "s.sqlite", "--month", "2024-01", "--packages", tmp_path / "reviewed", "--language", "en")
    assert run(monkeypatch, *asked) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["incident"] for one in found["incidents"]] == [CASE]
    assert found["board"]["satisfaction_result"].startswith("4.5")
    assert run(monkeypatch, *asked, "--text", "nowhere") == 0
    assert json.loads(capsys.readouterr().out)["incidents"] == []


def test_a_package_is_written_from_a_store(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    city, store = a_reviewed_town(), open_store(tmp_path / "s.sqlite")
    chair = Chair(city)
    store.commit(chair.desk.on_burst(chair.state, a_finding(), chair.now), Actor.named("quanmai"), chair.now)
    store.close()
    write_city(city, tmp_path / "city.gpkg")
    asked = ("package", tmp_path / "s.sqlite", CASE, "--city", tmp_path / "city.gpkg", "--to", tmp_path / "a.incident")
    assert run(monkeypatch, *asked) == 0
    assert verify_package(tmp_path / "a.incident").files["report.html"]
    assert run(monkeypatch, "package", tmp_path / "s.sqlite", "2031-1", *asked[3:]) == 2
    assert "2031-1" in capsys.readouterr().err
