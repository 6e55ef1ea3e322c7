"""Leadership: whether this process leads, that is detects, stores readings, sends and runs jobs, or follows another one.

The lease is taken and renewed on a thread of its own. The engine's thread acts on it between two turns, and only after the
desk's state holds everything that was committed before the lease was taken.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from console.domain.lease import RENEWED_S, TERM_S, Lease
from console.engine.faults import Faults
from console.services.ports import Store, StoreUnavailable

log = logging.getLogger(__name__)

FAULT = "store/lease"
NO_LEADER = "leader"
_NO_LEADER = (
    "no process leads, and this one may not: readings are not stored, nothing is detected or sent; start an engine or a console"
)
_LEADERLESS_S = 3.0
"""So long nobody has led before a process that may not lead says so: at a take-over the lease is free for a moment."""
_LOOK_S = 1.0
"""A follower looks this often whether the lease is free."""
_RETRY_S = 0.5
CLOCK = "clock"
WRONG_S = 5.0
"""A clock further from the store's spoils detection: readings look late, or dated ahead."""
WRONG_WAITS_S = 30.0
"""So long a process with such a clock leaves a free lease to others; a leader with a wrong clock is better than none."""
_LOOK_AT_CLOCK_S = 10.0
INCUMBENT_S = 3.0
"""After the store was away the lease has expired; its holder, which keeps readings and findings in memory, comes first."""


class Leadership:
    """``is_shared``: others use the store too; else this process leads always, without a lease.

    A leader whose store is away goes on: nobody else can take the lease then, and if somebody can, the fence keeps its
    writes from the store.
    """

    def __init__(
        self,
        store: Store,
        faults: Faults,
        wake: Callable[[], None],
        *,
        is_shared: bool,
        off_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """``off_s``: seconds by which the engine's clock is ahead of the machine's."""
        self._off_s, self._looked_at_clock, self._is_wrong = off_s, -_LOOK_AT_CLOCK_S, False
        self._free_since: float | None = None
        self._leaderless_since: float | None = None
        self._store, self._faults, self._wake = store, faults, wake
        self.is_shared = is_shared
        self.leads = not is_shared
        """As the engine's thread acts; changes between two of its turns."""
        self.epoch: int | None = None
        """Under which this process leads; None while it follows, or is alone."""
        self.lease: Lease | None = None
        """As last seen in the store; None before, or alone."""
        self._renewed = 0.0
        self.alive_at = time.monotonic()
        """When the leader was last known to reach the store, by this process's monotonic clock."""
        self.is_stuck: Callable[[], bool] = lambda: False
        """Whether the engine's thread stands still: then the lease is not renewed, and another process takes over."""
        self._begin: Callable[[], None] = lambda: None
        self._end: Callable[[], None] = lambda: None
        self._catching_up = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def listen(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        """Call ``begin`` when this process begins to lead, ``end`` when it follows again; on the engine's thread."""
        self._begin, self._end = begin, end

    def start(self) -> None:
        """Take the lease if it is free, and go on looking."""
        if self.is_shared:
            self._thread.start()

    def close(self, patience_s: float) -> None:
        """After the last write: let another process lead at once."""
        self._closing.set()
        if not self._thread.is_alive():
            return
        self._thread.join(patience_s)
        try:
            self._store.release_lease()
        except StoreUnavailable as fault:
            log.warning("%s: another process leads after %.0f s", fault, TERM_S)

    def is_leading(self) -> bool:
        """``leads``, for parts that look at it each time."""
        return self.leads

    @property
    def is_sure(self) -> bool:
        """Whether no other process can have taken over yet: checked before something leaves the house."""
        return not self.is_shared or (self.leads and time.monotonic() - self._renewed < TERM_S)

    def turn(self, catch_up: Callable[[], int], followed: int) -> None:
        """On the engine's thread: begin or end to lead. ``catch_up``: ask for all commits; ``followed``: last answer taken in."""
        seen = self.lease
        if seen is None:
            return
        epoch = seen.epoch if seen.is_ours else None
        if epoch != self.epoch:
            self._lose()
            self.epoch, self._catching_up = epoch, catch_up() if epoch is not None else 0
        if self.epoch is not None and not self.leads and followed >= self._catching_up:
            log.info("this process leads, epoch %d", self.epoch)
            self.leads = True
            self._begin()

    def _lose(self) -> None:
        self.epoch = None
        if self.leads:
            self.leads = False
            log.warning("another process leads: this one follows")
            self._end()

    def _held(self, *, may_take_over: bool) -> Lease:
        """The lease renewed, taken or seen. With a wrong clock a free one is left to others for a while."""
        now = time.monotonic()
        if now - self._looked_at_clock >= _LOOK_AT_CLOCK_S:
            self._looked_at_clock = now
            self._look_at_clock()
        waits = self._is_wrong and (self._free_since is None or now - self._free_since < WRONG_WAITS_S)
        lease = self._store.hold_lease(may_take_over=may_take_over, may_take=not waits)
        self._free_since = (self._free_since or now) if not lease.holder else None
        return lease

    def _look_for_leader(self, lease: Lease, now: float) -> None:
        """Where this process may not lead, show that nobody does."""
        if lease.may_be_ours:
            self._leaderless_since = None
            self._faults.end(NO_LEADER)
            return
        since, self._leaderless_since = self._leaderless_since, self._leaderless_since or now
        if since is None or now - since < _LEADERLESS_S:
            return
        if not self._faults.lasts(NO_LEADER):
            log.error(_NO_LEADER)
        self._faults.begin(NO_LEADER, "")

    def _look_at_clock(self) -> None:
        ahead_s = self._store.clock_ahead_s() + self._off_s()
        self._is_wrong = abs(ahead_s) > WRONG_S
        if self._is_wrong:
            where = "ahead of" if ahead_s > 0 else "behind"
            text = f"this machine is {abs(ahead_s):.0f} s {where} the store; set up NTP on both"
            self._faults.begin(CLOCK, text, "this seat leads only where no other can; ages on its screen are wrong")
        else:
            self._faults.end(CLOCK)

    def _run(self) -> None:
        pause_s, since = 0.0, time.monotonic()  # since when the store has answered
        while not self._closing.wait(pause_s):
            asked, pause_s = time.monotonic(), _RETRY_S
            if self.is_stuck():
                continue
            try:
                self.lease = self._held(may_take_over=asked - since >= INCUMBENT_S)
                self._faults.end(FAULT)
                self._look_for_leader(self.lease, asked)
            except StoreUnavailable as fault:
                self._faults.begin(FAULT, str(fault))
                since = time.monotonic()
            except Exception as defect:  # noqa: BLE001 - shown and logged; tried again
                self._faults.defect("lease", defect)
            else:
                self._renewed = asked if self.lease.is_ours else self._renewed
                self.alive_at = asked if asked - since >= INCUMBENT_S else self.alive_at
                self._wake()
                pause_s = RENEWED_S if self.lease.is_ours else _LOOK_S
