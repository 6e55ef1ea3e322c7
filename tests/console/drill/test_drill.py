"""The drill on the demo city: from the first abnormal reading to the issued notice, and its files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.drill import DrillOptions, run_drill
from console.package import read_package
from console.services.network.isolation_requests import answer_one
from console.store import open_store
from maps.city import CrewTable
from maps.dataset import read_city, write_city
from maps.errors import InputFault
from maps.synthetic import SyntheticOptions, build_city

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The default drill without pictures."""
    out = tmp_path_factory.mktemp("演练")
    return out, run_drill(DrillOptions(out=out, screens=False))


def test_the_true_pipe_is_in_the_90_percent_set(drill: tuple[Path, dict[str, Any]]) -> None:
    location = drill[1]["location"]
    assert drill[1]["burst"]["pipe"] in location["set_90"]
    probabilities = [candidate["probability"] for candidate in location["candidates"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert len(probabilities) >= 20
    assert location["candidates"][location["rank_of_true"] - 1]["pipe"] == drill[1]["burst"]["pipe"]


def test_the_plan_of_the_case_is_the_plan_of_the_command_line(drill: tuple[Path, dict[str, Any]]) -> None:
    out, summary = drill
    answer = answer_one(read_city(out / "demo-city.gpkg"), {"burst": summary["incident"]["judged"]})
    assert {step["asset_id"] for step in answer["valves_to_close"]} == set(summary["plan"]["valves_to_close"])
    assert set(answer["dry_pocket_pipes"]) == set(summary["plan"]["dry_pocket_pipes"])


def test_the_notice_went_out_as_text_pdf_cap_and_json(drill: tuple[Path, dict[str, Any]]) -> None:
    out, summary = drill
    files = summary["notice"]["files"]
    assert {Path(name).suffix for name in files} == {".txt", ".pdf", ".xml", ".json"}
    assert all((out / name).stat().st_size > 0 for name in files)
    assert "演练" in next((out / name).read_text() for name in files if name.endswith("zh_CN.txt"))


def test_all_files_of_a_drill_are_complete(drill: tuple[Path, dict[str, Any]]) -> None:
    out, summary = drill
    assert json.loads((out / "summary.json").read_text()) == summary
    assert "http://" not in (page := (out / "map.html").read_text()).replace("http://www.w3.org/", "")
    assert "合成" in page
    store = open_store(out / "drill.sqlite")
    assert store.verify_chain() is None
    store.close()
    assert not list(out.rglob("*.part"))


def test_a_whole_package_of_the_case_is_left_for_its_review(drill: tuple[Path, dict[str, Any]]) -> None:
    out, summary = drill
    record = read_package(out / summary["package"])
    assert record.incident.burst_pipes == tuple(summary["incident"]["judged"])
    assert record.incident_states[-1].value == record.incident
    assert set(record.files) == {Path(name).name for name in summary["notice"]["files"]}
    assert len(record.readings) > 0
    assert len(record.tracks) > 0


@pytest.fixture(scope="module")
def one_crew(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small city with a single crew."""
    city = build_city(SyntheticOptions(pipes=300, seed=5))
    crews = city.crews
    alone = CrewTable.of(
        [str(crews.asset_id[0])], name=["一队"], base_x=crews.base_x[:1], base_y=crews.base_y[:1], skills=["repair"]
    )
    path = tmp_path_factory.mktemp("one") / "one-crew.gpkg"
    write_city(replace(city, crews=alone), path)
    return path


def test_a_drill_with_one_crew_comes_to_the_notice(one_crew: Path, tmp_path: Path) -> None:
    summary = run_drill(DrillOptions(out=tmp_path, city=one_crew, screens=False))
    assert summary["stage"] == "7-issued"
    assert not [line for line in summary["not_done"] if "No crew" in line]
    assert json.loads((tmp_path / "summary.json").read_text()) == summary


def test_an_aborted_drill_leaves_a_summary_with_its_stages_and_the_reason(one_crew: Path, tmp_path: Path) -> None:
    (tmp_path / "screens").write_text("a file where the pictures should go")
    with pytest.raises(OSError, match="screens"):
        run_drill(DrillOptions(out=tmp_path, city=one_crew))
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["stage"] is None
    assert summary["not_done"][0].startswith("the drill broke off: FileExistsError")


def test_the_summary_is_kept_when_the_map_cannot_be_written(one_crew: Path, tmp_path: Path) -> None:
    (tmp_path / "screens").write_text("a file where the pictures should go, so that the drill is short")
    (tmp_path / "map.html").mkdir()
    with pytest.raises((OSError, InputFault), match=r"map\.html"):
        run_drill(DrillOptions(out=tmp_path, city=one_crew))
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["burst"]["pipe"]
    assert summary["not_done"][0].startswith("the drill broke off: FileExistsError")
