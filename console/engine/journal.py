"""Journal: writes change sets to the store, in order, on its own thread.

Events from outside (findings, replies) wait here while the store is away and are written when it is back. Users' intents
are refused then: nothing is shown as done that is not on disk.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from console.domain.actors import Actor
from console.domain.changes import ChangeSet, Committed
from console.domain.clock import moment
from console.domain.lease import Basis
from console.engine.faults import Faults
from console.services.access.sign_in import SignInRefused
from console.services.ports import NotLeading, StaleState, Store, StoreUnavailable
from console.services.state import DeskState

log = logging.getLogger(__name__)

MOST_WAITING = 20_000
"""Change sets kept in memory while the store is away: more than a day of a restless network."""
_NAMED_MOST = 20
_RETRY_S, _CLOSING_RETRY_S = 1.0, 0.1
_SLOW_S, _STUCK_S = 1.0, 6.0
FAULT = "store"


@dataclass(frozen=True, eq=False)
class Entry:
    """A change set with its actor and time (µs UTC). ``is_asked``: a user waits for it; it is not kept for later.

    ``basis``: what it was decided on; None where no other process commits.
    """

    changes: ChangeSet
    actor: Actor
    at_us: int
    is_asked: bool
    basis: Basis | None = None


@dataclass(frozen=True, eq=False)
class Written:
    """On disk."""

    entry: Entry
    committed: Committed


@dataclass(frozen=True, eq=False)
class Away:
    """The store cannot take it now. An event from outside stays in the journal."""

    entry: Entry
    fault: StoreUnavailable


@dataclass(frozen=True, eq=False)
class NotTaken:
    """The store refused it for good: it was logged with its content."""

    entry: Entry
    fault: Exception


@dataclass(frozen=True, eq=False)
class Reloaded:
    """The stored state, after a shown change could not be written."""

    state: DeskState


@dataclass(frozen=True, eq=False)
class Resolved:
    """Whether a user's change set that was answered with ``Away`` is on disk after all: what was committed, None nothing."""

    entry: Entry
    committed: Committed | None


Outcome = Written | Away | NotTaken | Reloaded | Resolved


class Journal:
    """``put`` and ``outcomes`` are for the engine's thread; outcomes are in the order of the entries."""

    def __init__(self, store: Store, faults: Faults, wake: Callable[[], None]) -> None:
        self._store, self._faults, self._wake = store, faults, wake
        self._changed = threading.Condition()
        self._entries: deque[Entry] = deque()
        self._outcomes: deque[Outcome] = deque()
        self._doubtful: Entry | None = None
        self._ours = (0, -1)
        """(first, last) seq between which this process alone has committed."""
        self._reload = False
        self._since = 0.0
        self._away = False
        self._behind: int | None = None
        self._closing = False
        self._until = float("inf")
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    @property
    def is_away(self) -> bool:
        """Whether the last write failed."""
        return self._away

    @property
    def busy_s(self) -> float:
        """Seconds for which the running call on the store has not returned, 0 without a call."""
        since = self._since
        return time.monotonic() - since if since > 0 else 0.0

    @property
    def is_slow(self) -> bool:
        """Whether the running call has lasted more than a second."""
        return self.busy_s > _SLOW_S

    @property
    def is_stuck(self) -> bool:
        """Whether the running call has lasted too long for a user to wait."""
        return self.busy_s > _STUCK_S

    @property
    def is_full(self) -> bool:
        """Whether the bound of waiting change sets is reached."""
        return len(self._entries) >= MOST_WAITING

    def put(self, entry: Entry) -> None:
        """Write a change set after all before it."""
        with self._changed:
            self._entries.append(entry)
            self._changed.notify_all()

    def reload(self) -> None:
        """Load the stored state once everything waiting is written."""
        with self._changed:
            self._reload = True
            self._changed.notify_all()

    def outcomes(self) -> list[Outcome]:
        """Outcomes of entries since the last call."""
        with self._changed:
            taken = list(self._outcomes)
            self._outcomes.clear()
            return taken

    def close(self, patience_s: float) -> int:
        """Write what waits, for a limited time; returns the number of change sets that could not be written."""
        with self._changed:
            self._closing, self._until = True, time.monotonic() + patience_s
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(patience_s + _RETRY_S)
        return len(self._entries)

    # The journal's thread.

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._entries or self._reload or self._away or self._closing):
                    self._changed.wait()
                entry = self._entries[0] if self._entries else None
                if entry is None and self._closing:
                    return
            if entry is not None:
                if not self._write(entry):
                    return
            elif self._away:
                self._probe()
            else:
                self._give_state()

    def _write(self, entry: Entry) -> bool:
        """Write the oldest entry, with retries; False when the time limit at the end is over."""
        is_told = False
        while True:
            outcome = self._attempt(entry, is_again=is_told)
            if not isinstance(outcome, Away) or entry.is_asked:
                self._settle(entry, outcome)
                return True
            if not is_told:
                is_told = True
                self._tell(outcome)
            if not self._pause():
                return False

    def _attempt(self, entry: Entry, *, is_again: bool) -> Outcome:
        self._since = time.monotonic()
        try:
            self._resolve_doubt()
            done = self._store.written(entry.changes, entry.actor, moment(entry.at_us)) if is_again else None
            committed = done if done is not None else self._commit(entry)
        except StoreUnavailable as fault:
            self._is_gone(fault)
            return Away(entry, fault)
        except (StaleState, NotLeading, SignInRefused) as fault:
            if entry.basis is None and not isinstance(fault, SignInRefused):
                log.error("a change set was refused by the store: %s; it was %s", fault, _named(entry))
            return NotTaken(entry, fault)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it must not keep what follows from the disk
            log.error("a change set was refused by the store: %s; it was %s", _kind_of(fault), _named(entry))
            return NotTaken(entry, fault)
        finally:
            self._since = 0.0
        return Written(entry, committed)

    def _commit(self, entry: Entry) -> Committed:
        """Where only this process has committed since the decision, that was decided with it: it waited here, shown."""
        basis, (first, last) = entry.basis, self._ours
        if basis is not None:
            if first <= basis.seq <= last:
                basis = replace(basis, seq=last)
            else:
                first = basis.seq
        if basis is None:
            return self._store.commit(entry.changes, entry.actor, moment(entry.at_us))
        committed = self._store.commit(entry.changes, entry.actor, moment(entry.at_us), basis)
        self._ours = (first, committed.changes[-1].seq if committed.changes else basis.seq)
        return committed

    def _settle(self, entry: Entry, outcome: Outcome) -> None:
        if isinstance(outcome, Away):
            self._doubtful = entry  # the connection may have been lost after the commit
        with self._changed:
            self._entries.popleft()
            self._outcomes.append(outcome)
        if isinstance(outcome, Written):
            self._caught_up()
        self._wake()

    def _caught_up(self) -> None:
        """The store is back; the fault ends once everything that waited is written."""
        if self._away:
            self._behind = len(self._entries) if self._behind is None else self._behind - 1
            if self._behind <= 0:
                self._is_back()

    def _tell(self, outcome: Outcome) -> None:
        with self._changed:
            self._outcomes.append(outcome)
        self._wake()

    def _resolve_doubt(self) -> None:
        """Reload the stored state when a user's change set is on disk although it was answered as refused."""
        entry = self._doubtful
        if entry is not None:
            found = self._store.written(entry.changes, entry.actor, moment(entry.at_us))
            if found is not None:
                log.error("a change set told as not written is on disk after all: %s", _named(entry))
                self._reload = True
            self._doubtful = None
            self._tell(Resolved(entry, found))

    def _probe(self) -> None:
        """Nothing waits: test whether the store can be written again."""
        if not self._pause():
            return
        try:
            self._store.probe()
            self._resolve_doubt()
        except StoreUnavailable as fault:
            self._is_gone(fault)
        else:
            self._is_back()

    def _give_state(self) -> None:
        try:
            state = self._store.load_desk()
        except StoreUnavailable as fault:
            self._is_gone(fault)
            return
        self._reload = False
        self._tell(Reloaded(state))

    def _is_gone(self, fault: StoreUnavailable) -> None:
        self._away, self._behind = True, None
        self._faults.begin(FAULT, str(fault), self._waiting())

    def _is_back(self) -> None:
        self._away, self._behind = False, None
        self._faults.end(FAULT)

    def _waiting(self) -> str:
        with self._changed:
            waiting = sum(1 for entry in self._entries if not entry.is_asked)
        full = ", and no more are kept" if self.is_full else ""
        return f"{waiting} change sets wait in memory{full}" if waiting else ""

    def _pause(self) -> bool:
        """Wait until the next attempt; False when the time limit at the end is over."""
        with self._changed:
            left = self._until - time.monotonic()
            if left <= 0:
                return False
            if not self._closing:
                self._changed.wait_for(lambda: self._closing, _RETRY_S)
                return True
        time.sleep(min(_CLOSING_RETRY_S, left))
        return True


def _named(entry: Entry) -> str:
    """What was done to which records, for the log: never their content, which may hold names and phones."""
    shown = [f"{draft.kind} of {draft.subject}" for draft in entry.changes.drafts[:_NAMED_MOST]]
    more = len(entry.changes.drafts) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _kind_of(fault: Exception) -> str:
    """The fault without the values of the statement, which a database's message repeats."""
    first = str(fault).split("\n", 1)[0].split("DETAIL", 1)[0]
    return f"{type(fault).__name__}: {first[:300]}"
