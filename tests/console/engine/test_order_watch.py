"""The engine sends an unanswered order again, and not while the first one has not left the house."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.domain.actors import Actor
from console.domain.outgoing import MessageKind
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from tests.console.engine.room import Room, done


@pytest.mark.parametrize("is_up", [True, False])
def test_an_unanswered_order_leaves_again_after_its_time_if_the_first_one_left(tmp_path: Path, is_up: bool) -> None:
    room, wang = Room(tmp_path), Actor.named("王")
    try:
        if not is_up:
            room.channel.listen()  # nobody carries it
        incident_id = done(room.engine.submit(OpenIncident("P-104040"), wang)).incidents[0].incident_id
        done(room.engine.submit(JudgeBurst(incident_id, ("P-104040",), "calls"), wang))
        (order,) = (
            room.engine.latest().incidents[0].orders or room.sees(lambda p: bool(p.incidents[0].orders)).incidents[0].orders
        )

        def sent() -> int:
            orders = [json.loads(one.payload) for one in room.left if one.kind is MessageKind.ORDER]
            return sum(1 for one in orders if one["order_id"] == order.order_id)

        if is_up:
            room.waits(lambda: sent() == 1)
            room.clock.sleep(121)
            room.waits(lambda: sent() == 2)
            room.sees(lambda p: p.incidents[0].orders[0].sends == 2)
        else:
            room.sees(lambda p: any(one.subject == order.order_id for one in p.undelivered))
            room.clock.sleep(121)
            room.settles()
            assert room.store.incident(incident_id).orders[0].sends == 1  # type: ignore[union-attr]
            assert sent() == 0
    finally:
        room.close()
