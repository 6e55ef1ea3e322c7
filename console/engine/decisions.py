"""The desk's state and its changes, one after the other, each on disk before it is shown.

While the store is away, events from outside are shown from memory and written later (``journal.py``); intents are refused.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from console.domain.actors import SYSTEM, Actor
from console.domain.changes import Change, ChangeSet, Committed
from console.domain.clock import Clock, micros
from console.domain.lease import Basis
from console.engine.faults import Faults
from console.engine.follow import Follow
from console.engine.journal import Away, Entry, Journal, NotTaken, Outcome, Reloaded, Resolved, Written
from console.engine.lease import Leadership
from console.services.conflicts import ChangedElsewhere, met
from console.services.ports import NotLeading, OutcomeUnknown, StaleState, StoreUnavailable
from console.services.state import DeskState, crews_by_orders
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)

Decide = Callable[[DeskState], ChangeSet]
_MOST_TRIES = 20
"""Of a decision that others' commits overtake each time."""
_LONGEST_REFRESH_S = 5.0
_UNKNOWN = "the store does not answer; whether this was written shows when it does"
_AWAY = "the store cannot be written now; nothing was changed, try again when the message above has gone"


@dataclass(eq=False)
class _Step:
    """``done``: called once it is settled, ``refused`` instead where nothing was written and it is given.

    ``entry``: once decided; ``is_shown``: applied before it is on disk.

    ``is_given_up``: its user got the answer that the store does not respond. ``is_again``: decided again after a reload.
    ``epoch``: of the leader that decides it; ``is_leaders``: only a leader may.
    ``about``: subjects of a user's intent; ``tries``, ``answer_no``: decided on an older state so often, again after that answer
    of the change cursor; ``seq``: of the state it was decided on; ``theirs``: what people changed in its records since.
    """

    decide: Decide
    actor: Actor
    answer: Future[ChangeSet] | None = None
    done: Callable[[], None] | None = None
    refused: Callable[[Exception], None] | None = None
    entry: Entry | None = None
    is_shown: bool = False
    is_given_up: bool = False
    is_again: bool = False
    is_leaders: bool = False
    epoch: int | None = None
    about: Callable[[DeskState], frozenset[str]] | None = None
    named: frozenset[str] = frozenset()
    tries: int = 0
    answer_no: int = 0
    seq: int = 0
    theirs: tuple[Change, ...] = ()

    @property
    def holds_up(self) -> bool:
        """Whether later steps must wait for the disk."""
        return not (self.is_shown or self.is_given_up)


class Decisions:
    """Owns the desk's state; used on the engine's thread alone. ``follow``: where other processes commit to the store too."""

    def __init__(
        self,
        journal: Journal,
        faults: Faults,
        clock: Clock,
        state: DeskState,
        leadership: Leadership | None = None,
        follow: Follow | None = None,
    ) -> None:
        self.state = state
        self._leadership, self._follow = leadership, follow
        self.followed = 0
        """Number of the last answer of the change cursor that the state holds."""
        self._stale: list[_Step] = []
        self._stale_since = 0.0
        self._journal, self._faults, self._clock = journal, faults, clock
        self._observers: list[Callable[[ChangeSet], None]] = []
        self._steps: deque[_Step] = deque()
        self._unwritten: deque[_Step] = deque()
        self._again: list[_Step] = []
        self._unknown: dict[Entry, OutcomeUnknown] = {}
        """Users' change sets that may be on disk, with the answer that was given."""

    def observe(self, observer: Callable[[ChangeSet], None]) -> None:
        """Call ``observer`` with each change set after it was applied to the state."""
        self._observers.append(observer)

    def decide(
        self,
        decide: Decide,
        actor: Actor = SYSTEM,
        done: Callable[[], None] | None = None,
        *,
        refused: Callable[[Exception], None] | None = None,
        by_any: bool = False,
    ) -> None:
        """Change the state by the result of ``decide``, in order; ``done`` is called once it is on disk, or empty.

        ``refused``: called instead with the fault when it cannot be written. A process that follows decides only what any
        process may (``by_any``); the rest is refused, or, where that makes no difference to who asks, left out and done.
        """
        step = _Step(decide, actor, done=done, refused=refused, is_leaders=not by_any, epoch=self._epoch)
        if not step.is_leaders or self._leads:
            self._steps.append(step)
        elif step.refused is not None:
            step.refused(NotLeading("another process leads: it decides this"))
        else:
            self._finish(step)

    def ask(
        self,
        decide: Decide,
        actor: Actor,
        answer: Future[ChangeSet],
        about: Callable[[DeskState], frozenset[str]] | None = None,
    ) -> None:
        """The same for a user's intent: ``answer`` gets the change set once it is on disk, or the fault.

        ``about``: subjects of the records that the intent names. What people changed in them meanwhile
        is shown to the user first.
        """
        self._steps.append(_Step(decide, actor, answer, about=about, epoch=self._epoch, is_leaders=actor is SYSTEM))

    @property
    def _leads(self) -> bool:
        return self._leadership is None or self._leadership.leads

    @property
    def _epoch(self) -> int | None:
        return None if self._leadership is None else self._leadership.epoch

    @property
    def is_busy(self) -> bool:
        """Whether a step is undecided, or a user waits for the disk."""
        return bool(self._steps or self._stale) or any(step.holds_up for step in self._unwritten)

    def turn(self) -> None:
        """Settle written steps and decide the next ones; never blocks."""
        for outcome in self._journal.outcomes():
            self._settle(outcome)
        while True:
            if self._journal.is_away or self._journal.is_slow:
                self._show_unwritten()
            if self._journal.is_stuck:
                self._give_up_asked()
            if any(step.holds_up for step in self._unwritten):
                return
            self._take_followed()
            if self._stale or not self._steps:
                return
            self._begin(self._steps.popleft())

    def _begin(self, step: _Step) -> None:
        if step.is_leaders and step.epoch != self._epoch:
            self._refuse(step, NotLeading("another process leads now: it decides this"))
            return
        if step.answer is not None and (self._journal.is_away or self._journal.is_stuck):
            self._refuse(step, StoreUnavailable(_AWAY))
            return
        if self._journal.is_full:
            self._refuse(step, StoreUnavailable("the store is away and too many change sets wait for it: one is given up"))
            return
        step.seq = self.state.seq
        if step.about is not None:
            step.named = step.about(self.state)
        try:
            changes = step.decide(self.state)
        except Exception as fault:  # noqa: BLE001 - one decision that fails must not take the next ones with it
            self._refuse(step, fault)
            return
        if changes.is_empty:
            self._finish(step, changes)
            return
        basis = None if self._follow is None else Basis(self.state.seq, step.epoch if step.is_leaders else None)
        step.entry = Entry(changes, step.actor, micros(self._clock.now()), step.answer is not None, basis)
        self._unwritten.append(step)
        self._journal.put(step.entry)

    def _take_followed(self) -> None:
        """Take in what others have committed, once nothing of ours waits for the disk; decide again what had missed it."""
        if self._follow is None or self._unwritten:
            return
        while (batch := self._follow.taken()) is not None:
            self.state, changes = self.state.followed(batch.followed)
            self.followed = batch.answers
            for step in self._stale:
                step.theirs += met(batch.followed.changes, step.named, step.seq)
            if not changes.is_empty:
                self._tell(changes)
        if not self._stale:
            return
        is_late = time.monotonic() - self._stale_since > _LONGEST_REFRESH_S  # then the next attempt shows what is wrong
        if self._stale[0].answer_no <= self.followed or self._journal.is_away or is_late:
            stale, self._stale = self._stale, []
            self._steps.extendleft(reversed([step for step in stale if not self._is_theirs(step)]))

    def _is_theirs(self, step: _Step) -> bool:
        if step.theirs and step.answer is not None:
            self._refuse(step, ChangedElsewhere(step.theirs))
            return True
        return False

    def _show_unwritten(self) -> None:
        """The store is away or slow: events from outside are shown all the same. Users' intents wait."""
        for step in self._unwritten:
            if not step.is_shown and step.answer is None and step.entry is not None:
                step.is_shown = True
                self._apply(step.entry.changes)

    def _give_up_asked(self) -> None:
        """Answer users whose store does not respond; events from outside must not wait behind them."""
        for step in self._unwritten:
            if step.answer is not None and not step.is_given_up:
                step.is_given_up, fault = True, OutcomeUnknown(_UNKNOWN)
                if step.entry is not None:
                    self._unknown[step.entry] = fault
                step.answer.set_exception(fault)

    def _settle(self, outcome: Outcome) -> None:
        match outcome:
            case Written(entry, committed):
                step = self._taken(entry)
                if step.is_given_up:
                    self._known(entry, committed)
                    self._journal.reload()
                    return
                if step.is_shown:
                    self._numbered(committed)
                else:
                    self.state = self.state.applied(committed.change_set, committed.changes)
                    self._tell(committed.change_set)
                self._finish(step, committed.change_set)
            case Away(entry, fault) if entry.is_asked:
                if isinstance(fault, OutcomeUnknown):
                    self._unknown.setdefault(entry, fault)
                self._refuse(self._taken(entry), fault)
            case Away():
                self._show_unwritten()
            case NotTaken(entry, fault):
                self._known(entry, None)
                self._not_taken(self._taken(entry), fault)
            case Resolved(entry, found):
                self._known(entry, found)
            case Reloaded(state):
                self._reloaded(state)

    def _known(self, entry: Entry, committed: Committed | None) -> None:
        """Complete the answer of a user whose change set may be on disk: with its change, else with its record's last one."""
        fault = self._unknown.pop(entry, None)
        if fault is not None and committed is not None:
            fault.settle(committed.changes[:1], written=True)  # alarms of the case and the like follow
        elif fault is not None:
            last = [self.state.history[one.subject][-1] for one in entry.changes.drafts if self.state.history.get(one.subject)]
            fault.settle(tuple(last[-1:]), written=False)

    def _numbered(self, committed: Committed) -> None:
        """On disk, what was shown has final ids; what follows from a case is looked after under these."""
        self.state = self.state.with_ids(committed.ids).with_history(committed.changes)
        if committed.ids:
            self._tell(committed.change_set)

    def _not_taken(self, step: _Step, fault: Exception) -> None:
        if step.is_shown:
            self._journal.reload()
        elif isinstance(fault, StaleState) and self._follow is not None and step.tries < _MOST_TRIES and not step.is_given_up:
            step.tries, step.answer_no, step.entry = step.tries + 1, self._follow.ask(), None
            self._stale.append(step)
            self._stale_since = time.monotonic()
            return
        if step.is_shown and isinstance(fault, StaleState) and not step.is_again:
            # Decided on a state that the store did not have: decide again on the stored state, so that no finding is lost.
            again = _Step(step.decide, step.actor, done=step.done, refused=step.refused, is_again=self._follow is None)
            self._again.append(replace(again, is_leaders=step.is_leaders, epoch=step.epoch))
            return
        self._refuse(step, fault)

    def _reloaded(self, state: DeskState) -> None:
        if self._unwritten:
            self._journal.reload()  # something was decided meanwhile: once more, after it
            return
        log.warning("cases and alarms are shown again as the store holds them")
        crews = crews_by_orders(self.state.crews, state.incidents.values(), state.duties())
        self.state = replace(state, crews=crews, given=self.state.given)
        self._steps.extendleft(reversed(self._again))
        self._again.clear()
        self._tell(ChangeSet(()))

    def _taken(self, entry: Entry) -> _Step:
        step = self._unwritten.popleft()
        if step.entry is not entry:
            raise RuntimeError("the journal answers in another order than it was asked")
        return step

    def _apply(self, changes: ChangeSet) -> None:
        self.state = self.state.applied(changes, ())
        self._tell(changes)

    def _tell(self, changes: ChangeSet) -> None:
        for observer in self._observers:
            observer(changes)

    def _refuse(self, step: _Step, fault: Exception) -> None:
        if step.answer is not None and not step.is_given_up:
            step.answer.set_exception(fault)
        if not isinstance(fault, QuanmaiError):
            self._faults.defect("desk", fault)
        elif isinstance(fault, NotLeading):
            log.warning("%s", fault)
        elif step.answer is None:
            log.error("%s", fault)
        if step.refused is not None:
            step.refused(fault)
        elif step.done is not None:
            step.done()

    @staticmethod
    def _finish(step: _Step, changes: ChangeSet | None = None) -> None:
        if step.answer is not None and changes is not None:
            step.answer.set_result(changes)
        if step.done is not None:
            step.done()
