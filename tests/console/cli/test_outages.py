"""``quanmai outages``: what a store holds of planned outages; and that documents of earlier versions still read."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from console.cli import main
from console.domain.actors import Actor
from console.domain.changes import ChangeSet
from console.domain.incidents import INCIDENT
from console.domain.notices import Notice
from console.domain.values import from_json, to_json
from console.services.incidents.judging import JudgeBurst
from console.services.notices.lifecycle import DraftNotice
from console.services.outages.planning import ConfirmOutage
from console.store import open_store
from tests.console.services.conftest import CASE
from tests.console.services.outages.test_outages import O1, planned
from tests.console.services.town import Chair, a_finding


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a command."""
    monkeypatch.setattr(sys, "argv", ["quanmai", *words])
    with pytest.raises(SystemExit) as done:
        main()
    told = capsys.readouterr()
    return int(done.value.code or 0), told.out, told.err


def test_outages_of_a_store_are_listed_as_one_json_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, chair = tmp_path / "演练 s.sqlite", Chair()
    store = open_store(path)
    for name in ("H20", "V31"):
        planned(chair, name, confirm=False)
    chair.does(ConfirmOutage(O1))
    records = tuple(chair.state.of(next(iter(chair.state.records["outage"].values())).record_kind).values())
    fresh = tuple(from_json(to_json(one) | {"version": 1}, type(one)) for one in records)
    store.commit(ChangeSet((), fresh), Actor.named("王"), chair.now)
    store.close()
    code, out, _ = run(monkeypatch, capsys, "outages", "--store", str(path), "--days", "3660", "--json")
    assert code == 0
    assert out.count("\n") == 1
    rows = json.loads(out)["outages"]
    assert [(row["outage_id"], row["state"]) for row in rows] == [(O1, "planned"), ("O2024-0002", "draft")]
    code, out, _ = run(monkeypatch, capsys, "outages", "--store", str(path), "--days", "3660")
    assert f"{O1} 2024-01-05T23:00:05+08:00" in out
    code, _, fault = run(monkeypatch, capsys, "outages", "--store", str(path), "--zone", "Nowhere")
    assert (code, "IANA" in fault, fault.count("\n")) == (2, True, 1)


def test_cases_and_notices_of_earlier_versions_still_read() -> None:
    chair = Chair()
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DraftNotice(CASE))
    document = to_json(chair.state.incidents[CASE])
    for name in ("work", "level_by_hand", "dismissed"):
        document.pop(name, None)
    for notice in document["notices"]:
        for name in ("change", "change_reason", "history", "demands_done"):
            notice.pop(name, None)
        notice["facts"].pop("purpose", None)
    old = INCIDENT.read(document)
    assert (old.work, old.level_by_hand, old.dismissed) == (None, None, False)
    assert isinstance(old.notices[0], Notice)
    assert old.notices[0].history == ()
