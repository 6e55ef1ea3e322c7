"""A drill leaves a whole package of its incident, from its own store."""

from __future__ import annotations

from pathlib import Path

from console.domain.actors import Actor
from console.drill.leave import leave_package
from console.package import verify_package
from console.store import open_store
from tests.console.package.cases import CASE, a_reviewed_town
from tests.console.services.town import Chair, a_finding


def test_a_drill_leaves_a_package_with_its_report(tmp_path: Path) -> None:
    city = a_reviewed_town()
    chair, store = Chair(city), open_store(tmp_path / "drill.sqlite")
    store.commit(chair.desk.on_burst(chair.state, a_finding(), chair.now), Actor.named("quanmai"), chair.now)
    store.close()
    path = leave_package(tmp_path, tmp_path / "drill.sqlite", city, CASE)
    checked = verify_package(path)
    assert path.name == f"{CASE}.incident"
    assert checked.files["report.html"].startswith(b"<!DOCTYPE html>")
    assert checked.manifest.incident_id == CASE
