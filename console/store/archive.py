"""Read-only queries of the store for reviews and packages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from console.domain.changes import Change
from console.domain.readings import ReadingBatch
from console.services.review.record import Sent, Tracks
from console.store import chain
from console.store.readings import ReadingLog
from console.store.stations import StationRows
from console.store.tables import changes, outgoing, tracks

_AT_ONCE = 500
T = TypeVar("T")


def changes_of(connection: Connection, subjects: Iterable[str]) -> tuple[Change, ...]:
    """The changes of several subjects, by seq."""
    found = [change for some in _some(sorted(set(subjects))) for change in chain.read(connection, changes.c.subject.in_(some))]
    return tuple(sorted(found, key=lambda change: change.seq))


def links(connection: Connection, first_seq: int, last_seq: int) -> tuple[tuple[int, str], ...]:
    """(seq, hash) of the whole chain in [first, last]."""
    of = changes.c
    query = select(of.seq, of.hash).where(of.seq >= first_seq, of.seq <= last_seq).order_by(of.seq)
    return tuple((int(seq), str(digest)) for seq, digest in connection.execute(query))


def sent_with(connection: Connection, seqs: Iterable[int]) -> tuple[Sent, ...]:
    """Messages of these changes that left the house, in their order; none that waits or was withdrawn."""
    of = outgoing.c
    found: list[tuple[int, Sent]] = []
    for some in _some(sorted(set(seqs))):
        query = select(of.outgoing_id, of.change_seq, of.topic, of.content_type, of.payload).where(
            of.change_seq.in_(some), of.sent_us > 0
        )
        found += [(int(r[0]), Sent(int(r[1]), str(r[2]), str(r[3]), bytes(r[4]))) for r in connection.execute(query)]
    return tuple(sent for _, sent in sorted(found, key=lambda item: item[0]))


def tracks_between(connection: Connection, since_us: int, until_us: int) -> Tracks:
    """Every crew's fixes in [since, until], by crew and time."""
    of = tracks.c
    query = select(of.crew_id, of.at_us, of.x, of.y).where(of.at_us >= since_us, of.at_us <= until_us)
    rows = connection.execute(query.order_by(of.crew_id, of.at_us)).all()
    ids = np.empty(len(rows), dtype=object)
    ids[:] = [str(row[0]) for row in rows]
    numbers = np.array([(row[2], row[3]) for row in rows], dtype=np.float64).reshape(-1, 2)
    return Tracks(ids, np.array([row[1] for row in rows], dtype=np.int64), numbers[:, 0], numbers[:, 1])


def readings_between(log: ReadingLog, since_us: int, until_us: int, rows: StationRows) -> ReadingBatch:
    """Every reading of stations of ``rows`` with a source time in [since, until], by time, row and channel.

    Of a repeated one the later copy.
    """
    batch = rows.placed(log.whole(since_us, until_us))
    order = np.lexsort((np.arange(len(batch)), batch.channel, batch.station, batch.at_us))
    batch = batch.where(order)
    last = np.ones(len(batch), dtype=np.bool_)
    if len(batch):
        keys = (batch.at_us, batch.station, batch.channel)
        last[:-1] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return _first_arrivals(batch, last).where(last)


def _first_arrivals(batch: ReadingBatch, last: NDArray[np.bool_]) -> ReadingBatch:
    """Arrival of repeated messages: the first delivery for equal values, its own delivery for a corrected value."""
    if batch.arrived_us is None or last.all():
        return batch
    group = np.concatenate([[0], np.cumsum(last)[:-1]])
    of_last = np.flatnonzero(last)[group]
    same = (batch.value == batch.value[of_last]) & (batch.quality == batch.quality[of_last]) & (batch.arrived_us > 0)
    never = np.iinfo(np.int64).max
    first = np.minimum.reduceat(np.where(same, batch.arrived_us, never), np.flatnonzero(np.diff(group, prepend=-1)))[group]
    return replace(batch, arrived_us=np.where(first == never, 0, first))


def _some(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Items in small batches, because databases limit the parameters of a statement."""
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
