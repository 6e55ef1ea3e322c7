"""Archive: writes readings, positions and expected values to the store, in order, on its own thread.

The way of a reading to the screen never waits for the disk. While the store is away, items wait here, within bounds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.domain.crews import CrewFix
from console.domain.readings import ReadingBatch
from console.engine.faults import Faults
from console.services.ports import Store, StoreUnavailable

log = logging.getLogger(__name__)

MOST_ROWS = 5_000_000
"""Readings kept in memory while the store is away, some 150 MB: four minutes at 20,000/s, weeks of a small network."""
MOST_UNACKNOWLEDGED = 20_000
"""With more readings than this waiting for a store that is away, they are acknowledged to the broker before they are on
disk: else it would send no more, and the picture would stand still."""
STUCK_S = 6.0
"""A store that has not answered for this long counts as away."""
_AT_ONCE = 50_000
_RETRY_S, _CLOSING_RETRY_S = 1.0, 0.1
FAULT = "store/readings"


@dataclass(frozen=True, eq=False)
class _Item:
    """``write``: a call on the store; ``batch``: readings, which may be joined with neighbours. ``kept``: called once on disk."""

    rows: int
    write: Callable[[Store], None] | None = None
    batch: ReadingBatch | None = None
    kept: Callable[[], None] | None = None


class Archive:
    """Also the ``ExpectedStore`` of the log of expected values. Every method may be called from any thread."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store, self._faults = store, faults
        self._changed = threading.Condition()
        self._items: deque[_Item] = deque()
        self._rows = 0
        self._lost = 0
        self._since = 0.0
        self._away = False
        self._behind: int | None = None
        self._closing = False
        self._until = float("inf")
        self._thread = threading.Thread(target=self._run, name="archive", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def append_readings(self, batch: ReadingBatch, kept: Callable[[], None] | None = None) -> None:
        """Store a batch; ``kept`` is called, on any thread, once it is on disk or need not be sent again."""
        if len(batch):
            self._put(_Item(len(batch), batch=batch, kept=kept))
        elif kept is not None:
            kept()

    def append_positions(self, fixes: Sequence[CrewFix], kept: Callable[[], None] | None = None) -> None:
        """Store positions of crews; ``kept`` as for readings."""
        if len(fixes):
            self._put(_Item(len(fixes), write=lambda store: store.append_positions(fixes), kept=kept))
        elif kept is not None:
            kept()

    def append_expected(self, tick_us: int, expected: NDArray[np.float64], sigma_kpa: NDArray[np.float64] | None = None) -> None:
        """Store the expected values of a tick (``Store.append_expected``)."""
        rows = len(expected)  # for the bound: about as large as this many readings
        self._put(_Item(rows, write=lambda store: store.append_expected(tick_us, expected, sigma_kpa)))

    @property
    def busy_s(self) -> float:
        """Seconds for which the running call on the store has not returned, 0 without a call."""
        since = self._since
        return time.monotonic() - since if since > 0 else 0.0

    def close(self, patience_s: float) -> int:
        """Write what waits, for a limited time; returns the number of rows that could not be written."""
        with self._changed:
            self._closing, self._until = True, time.monotonic() + patience_s
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(patience_s + _RETRY_S)
        return self._rows

    def _put(self, item: _Item) -> None:
        released: list[_Item] = []
        with self._changed:
            if self._rows + item.rows > MOST_ROWS:
                if not self._lost:
                    log.error("the store is away and %d readings wait in memory: no more are kept until it is back", self._rows)
                self._lost += item.rows
                released.append(item)
            else:
                self._items.append(item)
                self._rows += item.rows
                self._changed.notify_all()
            if self._rows > MOST_UNACKNOWLEDGED and (self._away or self.busy_s > STUCK_S):
                released = [*self._items, *released]
                self._items = deque(replace(one, kept=None) for one in self._items)
        _let_go(released)

    # The archive's thread.

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._items or self._closing):
                    self._changed.wait()
                if not self._items:
                    return
                items = self._joined()
            if not self._write(items):
                return

    def _joined(self) -> list[_Item]:
        """The oldest item, and the readings directly behind it that fit into one write."""
        taken, rows = [self._items[0]], self._items[0].rows
        for item in list(self._items)[1:1000] if taken[0].batch is not None else ():
            if item.batch is None or rows + item.rows > _AT_ONCE:
                break
            taken.append(item)
            rows += item.rows
        return taken

    def _write(self, items: list[_Item]) -> bool:
        """Write these, with retries; False when the time limit at the end is over."""
        while True:
            try:
                self._attempt(items)
            except StoreUnavailable as fault:
                self._away, self._behind = True, None
                self._faults.begin(FAULT, str(fault), self._waiting())
                if not self._pause():
                    return False
            except Exception as fault:  # noqa: BLE001 - whatever it is, it must not keep what follows from the disk
                if len(items) > 1:
                    items = items[:1]  # find the one that is refused
                    continue
                log.error("the store refused %s: %s: %s", _content(items[0]), type(fault).__name__, fault)
                self._done(items)
                return True
            else:
                self._done(items)
                self._caught_up(len(items))
                return True

    def _attempt(self, items: list[_Item]) -> None:
        first = items[0]
        self._since = time.monotonic()
        try:
            if first.write is not None:
                first.write(self._store)
            else:
                self._store.append_readings(_concatenated([item.batch for item in items if item.batch is not None]))
        finally:
            self._since = 0.0

    def _done(self, items: list[_Item]) -> None:
        with self._changed:
            finished = [self._items.popleft() for _ in items]
            self._rows -= sum(item.rows for item in finished)
        _let_go(finished)

    def _caught_up(self, items: int) -> None:
        """The store is back; the fault ends once everything that waited is written."""
        if not self._away:
            return
        self._behind = len(self._items) if self._behind is None else self._behind - items
        if self._behind > 0:
            return
        self._away, self._behind = False, None
        with self._changed:
            lost, self._lost = self._lost, 0
        if lost:
            log.error("while the store was away %d readings could not be kept: memory for them was full", lost)
        self._faults.end(FAULT)

    def _waiting(self) -> str:
        lost = f", memory is full, {self._lost} were not kept" if self._lost else ""
        return f"{self._rows} readings wait in memory{lost}"

    def _pause(self) -> bool:
        with self._changed:
            left = self._until - time.monotonic()
            if left <= 0:
                return False
            if not self._closing:
                self._changed.wait_for(lambda: self._closing, _RETRY_S)
                return True
        time.sleep(min(_CLOSING_RETRY_S, left))
        return True


def _let_go(items: Sequence[_Item]) -> None:
    for item in items:
        if item.kept is not None:
            item.kept()


def _concatenated(batches: Sequence[ReadingBatch]) -> ReadingBatch:
    if len(batches) == 1:
        return batches[0]
    arrived = [np.zeros(len(one), np.int64) if one.arrived_us is None else one.arrived_us for one in batches]
    return ReadingBatch(
        np.concatenate([one.station for one in batches]),
        np.concatenate([one.channel for one in batches]),
        np.concatenate([one.at_us for one in batches]),
        np.concatenate([one.value for one in batches]),
        np.concatenate([one.quality for one in batches]),
        np.concatenate(arrived),
    )


def _content(item: _Item) -> str:
    batch = item.batch
    if batch is None:
        return f"{item.rows} rows"
    some = slice(0, 20)
    rows = list(zip(batch.station[some], batch.channel[some], batch.at_us[some], batch.value[some], strict=True))
    return f"{len(batch)} readings (station row, channel, source time µs, value), the first: {rows}"
