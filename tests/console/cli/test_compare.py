"""quanmai compare: counts, the table of differences, and the accepted dataset."""

from __future__ import annotations

import csv
from pathlib import Path

from maps.dataset import read_city, write_city
from maps.network import ValveState
from tests.builders import a_network
from tests.console.cli.conftest import Quanmai


def test_differences_are_listed_and_the_newer_dataset_keeps_later_checks(tmp_path: Path, quanmai: Quanmai) -> None:
    before = a_network().source("S").pipe("P1", "S", "A").pipe("P2", "A", "B")
    after = a_network().source("S").pipe("P1", "S", "A", diameter_mm=300.0).pipe("P3", "A", "B")
    before.valve("V1", on="P1", at="S", state=ValveState.CLOSED, last_checked="2024-05-01")
    write_city(before.build(), tmp_path / "old.gpkg")
    write_city(after.valve("V1", on="P1", at="S").build(), tmp_path / "new.gpkg")
    code, told = quanmai("compare", "old.gpkg", "new.gpkg", "--csv", "d.csv", "--accept-to", "made.gpkg", "--json")
    assert code == 0, told
    with (tmp_path / "d.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {(row["layer"], row["asset_id"], row["difference"], row["column"]): row["after"] for row in csv.DictReader(file)}
    assert rows["pipes", "P3", "added", ""] == ""
    assert ("pipes", "P2", "removed", "") in rows
    assert rows["pipes", "P1", "changed", "diameter_mm"] == "300"
    assert read_city(tmp_path / "made.gpkg").network.valves.state.tolist() == [ValveState.CLOSED]
    assert read_city(tmp_path / "made.gpkg").network.pipes.has("P3")


def test_the_accepted_dataset_never_replaces_one_that_is_read(tmp_path: Path, quanmai: Quanmai) -> None:
    write_city(a_network().source("S").pipe("P1", "S", "A").build(), tmp_path / "old.gpkg")
    content = (tmp_path / "old.gpkg").read_bytes()
    code, told = quanmai("compare", "old.gpkg", "old.gpkg", "--accept-to", "old.gpkg")
    assert code == 2
    assert "would be overwritten" in told
    assert (tmp_path / "old.gpkg").read_bytes() == content
