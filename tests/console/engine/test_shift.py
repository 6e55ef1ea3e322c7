"""The shift on a real store: restarts, the head that a handover prints, targets that escalate once among engines."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from console.documents.shift import handover_report, head_line, head_of
from console.domain.actors import Actor
from console.domain.attachments import Attachment
from console.domain.clock import micros
from console.domain.contacts import CONTACT, ContactKind
from console.domain.heads import Head, head_faults
from console.domain.shift import DUTY, HANDOVER, LOG_ENTRY, Handover, Signature
from console.domain.targets import Goal, Step
from console.engine.area_port import AreaPort
from console.services.areas.sight import AreaSight
from console.services.incidents.opening import OpenIncident
from console.services.shift.contacts import AddContacts, ContactFields
from console.services.shift.entries import WriteEntry
from console.services.shift.handover import SignHandover, picture_items
from console.services.shift.log import AUTOMATIC, KINDS, shift_log
from tests.console.engine.room import START, Room, done
from tests.console.store.older import a_store_of_revision

WANG = Actor.named("王")
PNG = b"\x89PNG\r\n\x1a\n" + b"\7" * 5000
FAR_US = micros(START + timedelta(days=400))


def signed(room: Room) -> Handover:
    items = picture_items(room.engine.targets, room.engine.latest())
    intent = SignHandover(Signature("王", "王"), Signature("赵", "赵"), items, room.clock.now(), items, "钥匙在抽屉")
    handovers: tuple[Handover, ...] = done(room.engine.submit(intent, WANG)).of(HANDOVER)
    return handovers[0]


def test_the_shift_outlives_a_restart_with_its_pictures(tmp_path: Path) -> None:
    room = Room(tmp_path)
    done(room.engine.submit(OpenIncident("P-104040"), WANG))
    done(room.engine.submit(WriteEntry("围挡", incident_id="2024-0001", picture=PNG, picture_name="a.png"), WANG))
    done(room.engine.submit(WriteEntry("同一张图", picture=PNG), WANG))
    done(room.engine.submit(AddContacts((ContactFields("孙", ContactKind.CREW, phones=("119",)),)), WANG))
    room.settles()
    handover = signed(room)
    lines = shift_log(room.engine.records_of(KINDS, 0, FAR_US), room.engine.changes_between(AUTOMATIC, 0, FAR_US))
    room.close()

    again = Room(tmp_path, at=START + timedelta(days=30))
    read = again.engine.records_of(KINDS, 0, FAR_US)
    assert shift_log(read, again.engine.changes_between(AUTOMATIC, 0, FAR_US)) == lines
    assert sorted(line.kind for line in lines) == ["duty", "entry", "entry", "handover", "incident_reported"]
    assert [one for one in read if isinstance(one, Handover)] == [handover]
    entry = next(line.entry for line in lines if line.entry is not None)
    assert entry.picture is not None
    assert again.engine.attachment(entry.picture.sha256) == Attachment.of(PNG)
    assert again.engine.attachment("0" * 64) is None
    assert [one.name for one in again.engine.latest().of(CONTACT)] == ["孙"]
    assert [one.name for one in again.engine.latest().of(DUTY)] == ["赵"]
    assert not again.engine.latest().of(LOG_ENTRY), "entries are read from the store, not kept in the picture"
    assert again.store.verify_chain() is None
    again.close()


def test_a_picture_whose_bytes_were_exchanged_is_not_shown(tmp_path: Path) -> None:
    room = Room(tmp_path)
    (entry,) = done(room.engine.submit(WriteEntry("x", picture=PNG), WANG)).of(LOG_ENTRY)
    room.close()
    with closing(sqlite3.connect(tmp_path / "engine.sqlite")) as connection, connection:
        connection.execute("UPDATE attachments SET content = ?", (PNG + b"!",))
    again = Room(tmp_path)
    assert entry.picture is not None
    assert again.engine.attachment(entry.picture.sha256) is None
    again.close()


@pytest.mark.parametrize("cut", [True, False])
def test_the_head_printed_in_a_handover_finds_a_chain_whose_end_was_cut_off(tmp_path: Path, cut: bool) -> None:
    room = Room(tmp_path)
    done(room.engine.submit(WriteEntry("before"), WANG))
    handover = signed(room)
    head = head_of(room.engine.changes_of(f"handover/{handover.handover_id}"))
    done(room.engine.submit(WriteEntry("after"), WANG))
    room.close()
    assert head_line(head) in repr(handover_report(handover, head, "en", "Asia/Shanghai"))
    path = tmp_path / "engine.sqlite"
    if cut:
        with closing(sqlite3.connect(path)) as connection, connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute("DELETE FROM changes WHERE seq >= ?", (head.seq,))
            connection.execute("UPDATE counters SET last = ? WHERE kind = 'change'", (head.seq - 1,))
    again = Room(tmp_path)
    last, _ = again.store.head()
    assert again.store.verify_chain() is None, "what is left is a whole chain by itself"
    faults = head_faults([Head(head.seq, head.hash, "H-00001")], dict(again.store.links(1, last)), last)
    assert [fault.is_cut_off for fault in faults] == ([True] if cut else [])
    again.close()


def test_a_target_escalates_once_over_restarts_and_a_change_of_the_leader(tmp_path: Path) -> None:
    rooms = [Room(tmp_path, store=str(tmp_path / "s.sqlite"), is_shared=True)]
    done(rooms[0].engine.submit(OpenIncident("P-104040"), WANG))
    rooms[0].ticks(370.0)
    rooms[0].sees(lambda p: any(one.escalations for one in p.incidents))
    at = rooms[0].clock.at
    rooms[0].close()
    rooms = [Room(tmp_path, store=str(tmp_path / "s.sqlite"), is_shared=True, at=at) for _ in range(2)]
    for _ in range(3):
        for room in rooms:
            room.clock.sleep(60.0)
            room.settles()
    rooms[0].sees(lambda p: any(len(one.escalations) >= 3 for one in p.incidents))
    changes = rooms[0].store.changes_of("incident/2024-0001")
    (incident,) = rooms[0].engine.latest().incidents
    said = [(one.goal, one.step) for one in incident.escalations]
    assert len(said) == len(set(said))
    assert (Goal.JUDGE, Step.WARNED) in said
    assert sum(change.kind.startswith("target_") for change in changes) <= len(said)
    for room in rooms:
        room.close()


def test_an_area_s_terminal_sees_the_shift_log_of_its_own_cases_only(tmp_path: Path) -> None:
    room = Room(tmp_path)
    done(room.engine.submit(OpenIncident("P-104040"), WANG))
    (case,) = room.sees(lambda p: bool(p.incidents)).incidents
    done(room.engine.submit(WriteEntry("at the centre"), WANG))
    done(room.engine.submit(WriteEntry("about the case", incident_id=case.incident_id), WANG))
    areas = [str(zone) for zone, kind in zip(room.city.zones.asset_id, room.city.zones.kind, strict=True) if kind == "area"]
    own = sorted(case.area_ids())
    for area in areas or own:
        port = AreaPort(room.engine, AreaSight(room.city, [area]))
        texts = [one.text for one in port.records_of((LOG_ENTRY,), 0, FAR_US) if hasattr(one, "text")]
        assert texts == (["about the case"] if area in own else [])
        assert bool(port.changes_between(AUTOMATIC, 0, FAR_US)) is (area in own)
        assert port.changes_of("handover/H-00001") == ()
    room.close()


def test_a_store_of_the_tenth_revision_opens_and_takes_pictures(tmp_path: Path) -> None:
    a_store_of_revision(tmp_path / "engine.sqlite", "0010")
    room = Room(tmp_path)
    (entry,) = done(room.engine.submit(WriteEntry("x", picture=PNG), WANG)).of(LOG_ENTRY)
    assert entry.picture is not None
    assert room.engine.attachment(entry.picture.sha256) == Attachment.of(PNG)
    room.close()
