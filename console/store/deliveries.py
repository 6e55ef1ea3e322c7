"""Deliveries of outgoing messages: what is recorded of each message's way by each channel."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from console.domain.changes import ChangeSet
from console.domain.delivery import Delivery, DeliveryState, Pending
from console.domain.outgoing import Outgoing
from console.store.tables import deliveries, outgoing

_AT_ONCE = 500
_QOS = 1
"""Of a column that earlier versions read."""


def add(connection: Connection, change_set: ChangeSet, change_seq: int) -> None:
    """Keep the messages of a change set."""
    rows = [
        {"change_seq": change_seq, "topic": one.address, "content_type": one.content_type, "qos": _QOS, "payload": one.payload}
        for one in change_set.outgoing
    ]
    connection.execute(insert(outgoing), rows)


def pending(connection: Connection, after: int) -> tuple[Pending, ...]:
    """The oldest messages behind the number ``after`` that are not with everybody yet; none when there are no more."""
    of = outgoing.c
    query = select(of.outgoing_id, of.topic, of.payload, of.content_type).where(of.sent_us.is_(None), of.outgoing_id > after)
    found = connection.execute(query.order_by(of.outgoing_id).limit(_AT_ONCE)).all()
    recorded = _recorded(connection, [int(row[0]) for row in found])
    return tuple(
        Pending(int(row[0]), Outgoing.at(row[1], bytes(row[2]), row[3]), tuple(recorded.get(int(row[0]), ()))) for row in found
    )


def count(connection: Connection) -> int:
    """Number of messages that are not with everybody yet."""
    return int(connection.execute(select(func.count()).where(outgoing.c.sent_us.is_(None))).scalar_one())


def record(connection: Connection, made: Iterable[tuple[int, Delivery]]) -> None:
    """(message, delivery) as they are now."""
    for outgoing_id, one in made:
        values: dict[str, Any] = {
            "state": one.state.value,
            "attempts": one.attempts,
            "next_us": one.next_us or None,
            "failure": one.failure,
            "at_us": now_us(),
        }
        of = deliveries.c
        same = (of.outgoing_id == outgoing_id) & (of.channel == one.channel)
        if not connection.execute(update(deliveries).where(same).values(**values)).rowcount:
            connection.execute(insert(deliveries).values(outgoing_id=outgoing_id, channel=one.channel, **values))


def settle(connection: Connection, outgoing_ids: Sequence[int], sent_us: int) -> None:
    """The messages need no further care; ``sent_us`` below zero: they never left."""
    if outgoing_ids:
        connection.execute(update(outgoing).where(outgoing.c.outgoing_id.in_(outgoing_ids)).values(sent_us=sent_us))


def now_us() -> int:
    """The machine's clock: a drill's own time would mean nothing to whoever receives."""
    return time.time_ns() // 1_000


def _recorded(connection: Connection, outgoing_ids: Sequence[int]) -> dict[int, list[Delivery]]:
    of, found = deliveries.c, dict[int, list[Delivery]]()
    if not outgoing_ids:
        return found
    query = select(of.outgoing_id, of.channel, of.state, of.attempts, of.next_us, of.failure)
    for row in connection.execute(query.where(of.outgoing_id.in_(outgoing_ids)).order_by(of.outgoing_id, of.channel)):
        one = Delivery(str(row[1]), DeliveryState(row[2]), int(row[3]), int(row[4] or 0), str(row[5]))
        found.setdefault(int(row[0]), []).append(one)
    return found
