"""Deliveries of outgoing messages: what is recorded of each message's way by each channel."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from console.domain.changes import ChangeSet
from console.domain.clock import moment
from console.domain.delivery import Delivery, DeliveryState, Pending, PublishedAlert, Reason, SentMessage, undelivered
from console.domain.outgoing import Outgoing
from console.store.tables import changes, deliveries, outgoing

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


def record(connection: Connection, made: Iterable[tuple[int, Delivery]], epoch: int | None = None) -> None:
    """(message, delivery) as they are now, written under a leader's ``epoch``."""
    for outgoing_id, one in made:
        values: dict[str, Any] = {
            "state": one.state.value,
            "attempts": one.attempts,
            "next_us": one.next_us or None,
            "failure": one.failure,
            "at_us": now_us(),
            "epoch": epoch,
        }
        of = deliveries.c
        same = (of.outgoing_id == outgoing_id) & (of.channel == one.channel)
        if not connection.execute(update(deliveries).where(same).values(**values)).rowcount:
            connection.execute(insert(deliveries).values(outgoing_id=outgoing_id, channel=one.channel, **values))


def settle(connection: Connection, outgoing_ids: Sequence[int], sent_us: int) -> None:
    """The messages need no further care; ``sent_us`` below zero: they never left."""
    if outgoing_ids:
        connection.execute(update(outgoing).where(outgoing.c.outgoing_id.in_(outgoing_ids)).values(sent_us=sent_us))


def of_subject(connection: Connection, subject: str) -> tuple[SentMessage, ...]:
    """Every message of one record (``incident/2026-0001``) with its deliveries, the newest first."""
    of, made = outgoing.c, changes.c
    query = select(of.outgoing_id, of.topic, of.payload, of.content_type, of.sent_us, made.at_us)
    query = query.join(changes, made.seq == of.change_seq).where(made.subject == subject)
    rows = connection.execute(query.order_by(of.outgoing_id.desc())).all()
    ways = _recorded_at(connection, [int(row[0]) for row in rows])
    return tuple(_sent_message(tuple(row), ways) for row in rows)


def _sent_message(row: tuple[Any, ...], ways: dict[int, list[tuple[Delivery, int]]]) -> SentMessage:
    outgoing_id, topic, payload, content_type, sent_us, at_us = row
    message = Outgoing.at(topic, bytes(payload), content_type)
    subject = undelivered(int(outgoing_id), message, Reason.DISCONNECTED).subject
    settled = moment(int(sent_us)) if sent_us is not None and sent_us > 0 else None
    found = tuple((one, moment(us)) for one, us in ways.get(int(outgoing_id), ()))
    is_withdrawn = sent_us is not None and sent_us < 0
    return SentMessage(
        int(outgoing_id), message.kind, subject, content_type, moment(int(at_us)), settled, is_withdrawn, found
    )  # fmt: skip


def published(
    connection: Connection, channel: str, content_type: str, most: int, number: int | None = None
) -> tuple[PublishedAlert, ...]:
    """The newest messages of a content type that a channel has delivered, the newest first; only ``number`` where given."""
    of, way = outgoing.c, deliveries.c
    query = select(of.outgoing_id, way.at_us, of.payload).join(deliveries, way.outgoing_id == of.outgoing_id)
    sent = (way.channel == channel) & (way.state == DeliveryState.SENT.value) & (of.content_type == content_type)
    if number is not None:
        sent &= of.outgoing_id == number
    rows = connection.execute(query.where(sent).order_by(of.outgoing_id.desc()).limit(most))
    return tuple(PublishedAlert(int(row[0]), moment(int(row[1])), bytes(row[2])) for row in rows)


def now_us() -> int:
    """The machine's clock: a drill's own time would mean nothing to whoever receives."""
    return time.time_ns() // 1_000


def _recorded(connection: Connection, outgoing_ids: Sequence[int]) -> dict[int, list[Delivery]]:
    return {number: [one for one, _ in ways] for number, ways in _recorded_at(connection, outgoing_ids).items()}


def _recorded_at(connection: Connection, outgoing_ids: Sequence[int]) -> dict[int, list[tuple[Delivery, int]]]:
    """Deliveries of messages, each with the time of its last step (µs)."""
    of, found = deliveries.c, dict[int, list[tuple[Delivery, int]]]()
    query = select(of.outgoing_id, of.channel, of.state, of.attempts, of.next_us, of.failure, of.at_us)
    for first in range(0, len(outgoing_ids), _AT_ONCE):
        some = outgoing_ids[first : first + _AT_ONCE]
        for row in connection.execute(query.where(of.outgoing_id.in_(some)).order_by(of.outgoing_id, of.channel)):
            one = Delivery(str(row[1]), DeliveryState(row[2]), int(row[3]), int(row[4] or 0), str(row[5]))
            found.setdefault(int(row[0]), []).append((one, int(row[6])))
    return found
