"""The desk over the real store: a case and its undo steps are loaded after a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from console.domain.actors import SYSTEM, Actor
from console.domain.incidents import Phase, Unable
from console.domain.intents import Intent
from console.services.crews.valve_reports import MarkValveClosed, MarkValveUnable
from console.services.incidents.judging import DismissIncident, JudgeBurst
from console.services.incidents.undo import UndoLast
from console.services.notices.lifecycle import DraftNotice
from console.services.state import DeskState
from console.store import SqlStore, open_store
from tests.console.services.town import CREWS, NOW, Chair, a_finding

CASE = "2024-0001"


def test_a_case_goes_on_after_a_restart_as_if_nothing_had_happened(store: SqlStore) -> None:
    chair = Chair()
    state = store.load_desk().with_crews(CREWS)
    found = store.commit(chair.desk.on_burst(state, a_finding(), NOW), Actor.named("system"), NOW)
    state = state.applied(found.change_set, found.changes)
    steps: list[Intent] = [
        JudgeBurst(CASE, ("H10",)),
        MarkValveClosed(CASE, "H10a"),
        MarkValveUnable(CASE, "H10b", Unable.SEIZED),
        DraftNotice(CASE),
    ]
    values = []
    for intent in steps:
        values.append(state.incidents[CASE])
        state = _does(chair, store, state, intent)

    again = open_store(store.where)
    state = again.load_desk().with_crews(CREWS)
    assert state.incidents[CASE].valve_marks[1].unable is Unable.SEIZED
    for value in reversed(values[1:]):
        state = _does(chair, again, state, UndoLast(CASE))
        assert replace(state.incidents[CASE], version=0) == replace(value, version=0)
    state = _does(chair, again, state, UndoLast(CASE))
    assert state.incidents[CASE].phase is Phase.SUSPECTED
    assert again.load_desk().incidents == dict(state.incidents)
    assert again.verify_chain() is None
    topics = {one.outgoing.address.split("/")[0] for one in again.pending_outgoing()}
    assert topics == {"areas", "orders"}
    again.close()


def _does(chair: Chair, store: SqlStore, state: DeskState, intent: Intent) -> DeskState:
    change_set = chair.desk.carry_out(state, intent, Actor.named("王"), NOW)
    done = store.commit(change_set, Actor.named("王"), NOW)
    return state.applied(done.change_set, done.changes)


def test_a_dismissal_is_loaded_for_days_after_a_restart_and_not_later(store: SqlStore) -> None:
    chair = Chair()
    store.commit(chair.desk.on_burst(chair.state, a_finding(), chair.now), SYSTEM, chair.now)
    state = store.load_desk()
    dismissed = chair.desk.carry_out(state, DismissIncident(CASE, "消火栓用水"), Actor.named("王"), chair.now)
    store.commit(dismissed, Actor.named("王"), chair.now)
    for days, remembered in ((3, {CASE}), (8, set[str]())):
        later = chair.now + timedelta(days=days)
        other = a_finding((f"V{days % 3}1",), later, stations=(f"S{days}1", f"S{days}2"))
        store.commit(chair.desk.on_burst(store.load_desk(), other, later), Actor.named("system"), later)
        state = store.load_desk()
        assert set(state.dismissals) == remembered
        assert CASE not in state.incidents
