"""Ids of new records are given inside the transaction that writes them, on both databases."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.actors import SYSTEM, Actor
from console.domain.alarms import AlarmState
from console.domain.changes import ChangeSet, Draft
from console.domain.incidents import Phase
from console.domain.notes import Note
from console.domain.outgoing import MessageKind, Outgoing
from console.services.ports import StaleState
from console.store import SqlStore, open_store
from tests.console.store.values import NOW, opening, unnumbered

ACTOR = Actor.named("王")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    if request.param == "sqlite":
        return str(tmp_path / "numbers.sqlite")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    return str(request.getfixturevalue("database"))


@pytest.fixture
def kept(where: str) -> Iterator[SqlStore]:
    opened = open_store(where)
    yield opened
    opened.close()


def judged(opened: ChangeSet) -> ChangeSet:
    """The next step of a case whose opening is not on disk yet: it refers to the case by provisional ids."""
    (incident,), (alarm,) = opened.incidents, opened.alarms
    order = f"{incident.incident_id}-W1"
    case, mine = f"incident/{incident.incident_id}", f"alarm/{alarm.alarm_id}"
    payload = json.dumps({"order_id": order, "text": "到场核实"}, ensure_ascii=False).encode()
    return ChangeSet(
        (
            Draft("burst_judged", case, {"close_reason": ""}, {"close_reason": order}, Note("order.sent", order=order)),
            Draft("alarm_acknowledged", mine, {}, {"state": "acknowledged"}, Note.literal(f"报警 {alarm.alarm_id} 已确认")),
        ),
        (
            replace(incident, version=2, phase=Phase.VERIFIED, close_reason=order),
            replace(alarm, version=2, state=AlarmState.ACKNOWLEDGED),
        ),
        (Outgoing(MessageKind.ORDER, "C1", payload),),
    )


def test_a_new_record_is_numbered_and_its_provisional_id_is_replaced_in_every_text(kept: SqlStore) -> None:
    done = kept.commit(unnumbered(), ACTOR, NOW)
    assert sorted(done.ids.values()) == ["2024-0001", "A-000001"]
    (incident,), (alarm,) = done.change_set.incidents, done.change_set.alarms
    assert (incident.incident_id, incident.alarm_ids, alarm.incident_id) == ("2024-0001", ("A-000001",), "2024-0001")
    assert [(change.subject, change.after, change.note) for change in done.changes] == [
        ("incident/2024-0001", {"alarm_ids": ["A-000001"]}, Note("x.opened", alarms=["A-000001"])),
        ("alarm/A-000001", {"state": "active"}, Note.literal("报警 A-000001（爆管）")),
    ]
    (pending,) = kept.pending_outgoing()
    assert (pending.outgoing.address, pending.outgoing.payload) == ("cases/2024-0001", b'{"order_id":"2024-0001-W1"}')
    assert kept.changes() == done.changes
    assert kept.load_desk().incidents == {"2024-0001": incident}
    assert kept.verify_chain() is None


def test_a_step_decided_before_the_opening_was_on_disk_is_written_under_the_final_id(kept: SqlStore) -> None:
    opened = unnumbered()
    waiting = judged(opened)
    kept.commit(unnumbered(), ACTOR, NOW)  # another case takes the first number meanwhile
    kept.commit(opened, SYSTEM, NOW)
    done = kept.commit(waiting, ACTOR, NOW)
    assert [change.subject for change in done.changes] == ["incident/2024-0002", "alarm/A-000002"]
    assert [change.note for change in done.changes] == [
        Note("order.sent", order="2024-0002-W1"),
        Note.literal("报警 A-000002 已确认"),
    ]
    assert kept.load_desk().incidents["2024-0002"].close_reason == "2024-0002-W1"
    assert json.loads(kept.pending_outgoing()[-1].outgoing.payload)["order_id"] == "2024-0002-W1"
    assert kept.verify_chain() is None


def test_a_step_of_a_case_that_was_never_written_is_refused_and_nothing_of_it_is_written(kept: SqlStore) -> None:
    with pytest.raises(StaleState, match="not in the store"):
        kept.commit(judged(unnumbered()), ACTOR, NOW)
    assert (kept.changes(), kept.pending_outgoing()) == ((), ())


def test_a_commit_whose_answer_was_lost_is_found_again_with_its_final_ids(kept: SqlStore) -> None:
    opened = unnumbered()
    waiting = judged(opened)
    assert kept.written(opened, SYSTEM, NOW) is None
    first, second = kept.commit(opened, SYSTEM, NOW), kept.commit(waiting, SYSTEM, NOW)
    assert kept.written(opened, SYSTEM, NOW) == first
    found = kept.written(waiting, SYSTEM, NOW)
    assert found is not None
    assert (found.change_set, found.changes) == (second.change_set, second.changes)
    assert kept.written(unnumbered(), SYSTEM, NOW) is None


def test_a_number_is_not_given_by_a_commit_that_failed(kept: SqlStore) -> None:
    whole = unnumbered()
    with pytest.raises(Exception, match=r"(?i)not.null"):
        kept.commit(replace(whole, outgoing=(Outgoing(MessageKind.OTHER, "t", b"", None),)), ACTOR, NOW)  # type: ignore[arg-type]
    assert set(kept.commit(whole, ACTOR, NOW).ids.values()) == {"2024-0001", "A-000001"}


def test_a_text_that_only_looks_like_a_provisional_id_stays_as_it_was_written(kept: SqlStore) -> None:
    odd = f"new-incident-2024-{'0' * 32} 是什么？"
    change_set = opening(1)
    change_set = replace(change_set, drafts=tuple(replace(draft, note=Note.literal(odd)) for draft in change_set.drafts))
    assert {change.note for change in kept.commit(change_set, ACTOR, NOW).changes} == {Note.literal(odd)}


def test_connections_that_commit_at_once_give_each_number_once_and_leave_none_out(where: str) -> None:
    consoles, each = [open_store(where) for _ in range(2)], 15
    begin = threading.Barrier(len(consoles))
    given: list[str] = []

    def work(console: SqlStore) -> None:
        begin.wait()
        for _ in range(each):
            opened = unnumbered()
            given.extend(console.commit(opened, ACTOR, NOW).ids.values())
            console.commit(judged(opened), ACTOR, NOW)

    threads = [threading.Thread(target=work, args=(console,)) for console in consoles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = range(1, len(consoles) * each + 1)
    assert sorted(given) == sorted([*(f"2024-{n:04d}" for n in numbers), *(f"A-{n:06d}" for n in numbers)])
    assert [change.seq for change in consoles[0].changes()] == list(range(1, 4 * len(numbers) + 1))
    assert consoles[0].verify_chain() is None
    assert {one.version for one in consoles[1].load_desk().incidents.values()} == {2}
    for console in consoles:
        console.close()
