"""The desk over the real store: a case survives a restart, and undo with it."""

from __future__ import annotations

from dataclasses import replace

from console.domain.incidents import Phase, Unable
from console.domain.intents import DraftNotice, Intent, JudgeBurst, MarkValveClosed, MarkValveUnable, UndoLast
from console.services.state import DeskState
from console.store import SqlStore, open_store
from tests.console.services.town import CREWS, NOW, Chair, a_finding

CASE = "2024-0001"


def test_a_case_goes_on_after_a_restart_as_if_nothing_had_happened(store: SqlStore) -> None:
    chair = Chair()
    state = store.load_desk().with_crews(CREWS)
    found = chair.desk.on_burst(state, a_finding(), NOW)
    state = state.applied(found, store.commit(found, "system", NOW))
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
    topics = {message.topic.split("/")[3] for _, message in again.pending_outgoing()}
    assert topics == {"areas", "orders"}
    again.close()


def _does(chair: Chair, store: SqlStore, state: DeskState, intent: Intent) -> DeskState:
    change_set = chair.desk.carry_out(state, intent, "王", NOW)
    return state.applied(change_set, store.commit(change_set, "王", NOW))
