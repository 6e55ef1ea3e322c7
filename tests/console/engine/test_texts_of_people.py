"""Pasted texts and account names with any content: the intent is carried out or refused in one line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from console.domain.actors import Actor
from console.domain.intents import Intent
from console.domain.outreach import Need
from console.domain.tickets import TicketKind
from console.services.crews.valve_reports import RecordSample
from console.services.desk import Refused
from console.services.incidents.judging import DismissIncident, JudgeBurst, SetRestoration
from console.services.incidents.opening import OpenIncident
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, EditNotice, SubmitNotice
from console.services.public.care import AddNeeds, NeedFields
from console.services.tickets.hearing import CallFields
from console.services.tickets.taking import TakeCall
from tests.console.engine.room import Room, done
from tests.console.notes import chinese

PIPE = "P-104040"
ODD = ("a\x00b", "a\ud800b", "\udcff\x1b[31m", "一\r\n二")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    opened = Room(tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize("odd", ODD)
def test_characters_that_stores_cannot_hold_are_replaced_in_intents_and_names(room: Room, odd: str) -> None:
    done(room.engine.submit(OpenIncident(PIPE), Actor.named(odd)))
    case = room.sees(lambda p: len(p.incidents) == 1).incidents[0].incident_id
    notice = f"{case}-N1"
    asked: tuple[Intent, ...] = (
        JudgeBurst(case, (PIPE,), "calls"),
        SetRestoration(case, room.clock.at + timedelta(hours=5)),
        RecordSample(case, None, None, odd, odd),
        DraftNotice(case),
        EditNotice(case, notice, odd, odd),
        SubmitNotice(case, notice),
        ApproveNotice(case, notice, odd),
        DismissIncident(case, odd),
    )
    for intent in asked:
        done(room.engine.submit(intent, Actor.named(odd)))
    kept = room.store.changes()
    assert {change.kind for change in kept} >= {"sample_waived", "notice_edited", "notice_override", "incident_dismissed"}
    texts = "".join(f"{change.user}{chinese(change.note)}{change.after}" for change in kept)
    assert not set("\x00\ud800\udcff\x1b\r") & set(texts)
    assert room.store.verify_chain() is None
    assert all(feed.state == "up" for feed in room.engine.latest().feeds)


@pytest.mark.parametrize("odd", ODD)
def test_texts_within_the_fields_of_an_intent_are_replaced_too(room: Room, odd: str) -> None:
    who, customer = Actor.named("王"), str(room.city.customers.asset_id[0])
    done(room.engine.submit(TakeCall(CallFields(TicketKind.OTHER, "13800000000", odd, odd, odd)), who))
    done(room.engine.submit(AddNeeds((NeedFields(customer, Need.DIALYSIS, odd, ("13800000000",), remark=odd),)), who))
    kept = "".join(f"{change.after}" for change in room.store.changes())
    assert len(room.store.changes()) == 2
    assert not set("\x00\ud800\udcff\x1b\r") & set(kept)
    far = CallFields(TicketKind.OTHER, text="长" * 20_001)
    with pytest.raises(Refused, match="20000 characters at most"):
        done(room.engine.submit(TakeCall(far), who))


def test_a_far_too_long_text_is_refused_in_one_line_without_delay(room: Room) -> None:
    done(room.engine.submit(OpenIncident(PIPE), Actor.named("王")))
    case = room.sees(lambda p: len(p.incidents) == 1).incidents[0].incident_id
    with pytest.raises(Refused, match="20000 characters at most"):
        done(room.engine.submit(DismissIncident(case, "长" * 1_000_000), Actor.named("王")))
    done(room.engine.submit(DismissIncident(case, "长" * 20_000), Actor.named("王" * 1_000_000)))
