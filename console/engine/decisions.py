"""The desk's state and its changes, one after the other, each on disk before it is shown.

While the store is away, events from outside are shown from memory and written later (``journal.py``); intents are refused.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from console.domain.actors import SYSTEM, Actor
from console.domain.changes import ChangeSet, Committed
from console.domain.clock import Clock, micros
from console.engine.faults import Faults
from console.engine.journal import Away, Entry, Journal, NotTaken, Outcome, Reloaded, Written
from console.services.ports import StaleState, StoreUnavailable
from console.services.state import DeskState, crews_by_orders
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)

Decide = Callable[[DeskState], ChangeSet]
_UNKNOWN = "the store does not answer; whether this was written shows when it does"
_AWAY = "the store cannot be written now; nothing was changed, try again when the message above has gone"


@dataclass(eq=False)
class _Step:
    """``done``: called once it is settled. ``entry``: once decided; ``is_shown``: applied before it is on disk.

    ``is_given_up``: its user got the answer that the store does not respond. ``is_again``: decided again after a reload.
    """

    decide: Decide
    actor: Actor
    answer: Future[ChangeSet] | None = None
    done: Callable[[], None] | None = None
    entry: Entry | None = None
    is_shown: bool = False
    is_given_up: bool = False
    is_again: bool = False

    @property
    def holds_up(self) -> bool:
        """Whether later steps must wait for the disk."""
        return not (self.is_shown or self.is_given_up)


class Decisions:
    """Owns the desk's state; used on the engine's thread alone."""

    def __init__(self, journal: Journal, faults: Faults, clock: Clock, state: DeskState) -> None:
        self.state = state
        self._journal, self._faults, self._clock = journal, faults, clock
        self._observers: list[Callable[[ChangeSet], None]] = []
        self._steps: deque[_Step] = deque()
        self._unwritten: deque[_Step] = deque()
        self._again: list[_Step] = []

    def observe(self, observer: Callable[[ChangeSet], None]) -> None:
        """Call ``observer`` with each change set after it was applied to the state."""
        self._observers.append(observer)

    def decide(self, decide: Decide, actor: Actor = SYSTEM, done: Callable[[], None] | None = None) -> None:
        """Change the state by the result of ``decide``, in order; ``done`` is called once it is on disk, or empty."""
        self._steps.append(_Step(decide, actor, done=done))

    def ask(self, decide: Decide, actor: Actor, answer: Future[ChangeSet]) -> None:
        """The same for a user's intent: ``answer`` gets the change set once it is on disk, or the fault."""
        self._steps.append(_Step(decide, actor, answer))

    @property
    def is_busy(self) -> bool:
        """Whether a step is undecided, or a user waits for the disk."""
        return bool(self._steps) or any(step.holds_up for step in self._unwritten)

    def turn(self) -> None:
        """Settle written steps and decide the next ones; never blocks."""
        for outcome in self._journal.outcomes():
            self._settle(outcome)
        while True:
            if self._journal.is_away or self._journal.is_slow:
                self._show_unwritten()
            if self._journal.is_stuck:
                self._give_up_asked()
            if not self._steps or any(step.holds_up for step in self._unwritten):
                return
            self._begin(self._steps.popleft())

    def _begin(self, step: _Step) -> None:
        if step.answer is not None and (self._journal.is_away or self._journal.is_stuck):
            self._refuse(step, StoreUnavailable(_AWAY))
            return
        if self._journal.is_full:
            self._refuse(step, StoreUnavailable("the store is away and too many change sets wait for it: one is given up"))
            return
        try:
            changes = step.decide(self.state)
        except Exception as fault:  # noqa: BLE001 - one decision that fails must not take the next ones with it
            self._refuse(step, fault)
            return
        if changes.is_empty:
            self._finish(step, changes)
            return
        step.entry = Entry(changes, step.actor, micros(self._clock.now()), step.answer is not None)
        self._unwritten.append(step)
        self._journal.put(step.entry)

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
                step.is_given_up = True
                step.answer.set_exception(StoreUnavailable(_UNKNOWN))

    def _settle(self, outcome: Outcome) -> None:
        match outcome:
            case Written(entry, committed):
                step = self._taken(entry)
                if step.is_given_up:
                    self._journal.reload()
                    return
                if step.is_shown:
                    self._numbered(committed)
                else:
                    self.state = self.state.applied(committed.change_set, committed.changes)
                    self._tell(committed.change_set)
                self._finish(step, committed.change_set)
            case Away(entry, fault) if entry.is_asked:
                self._refuse(self._taken(entry), fault)
            case Away():
                self._show_unwritten()
            case NotTaken(entry, fault):
                self._not_taken(self._taken(entry), fault)
            case Reloaded(state):
                self._reloaded(state)

    def _numbered(self, committed: Committed) -> None:
        """On disk, what was shown has final ids; what follows from a case is looked after under these."""
        self.state = self.state.with_ids(committed.ids).with_history(committed.changes)
        if committed.ids:
            self._tell(committed.change_set)

    def _not_taken(self, step: _Step, fault: Exception) -> None:
        if step.is_shown:
            self._journal.reload()
        if step.is_shown and isinstance(fault, StaleState) and not step.is_again:
            # Decided on a state that the store did not have: decide again on the stored state, so that no finding is lost.
            self._again.append(_Step(step.decide, step.actor, done=step.done, is_again=True))
            return
        self._refuse(step, fault)

    def _reloaded(self, state: DeskState) -> None:
        if self._unwritten:
            self._journal.reload()  # something was decided meanwhile: once more, after it
            return
        log.warning("cases and alarms are shown again as the store holds them")
        crews = crews_by_orders(self.state.crews, state.incidents.values())
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
        elif step.answer is None:
            log.error("%s", fault)
        if step.done is not None:
            step.done()

    @staticmethod
    def _finish(step: _Step, changes: ChangeSet | None = None) -> None:
        if step.answer is not None and changes is not None:
            step.answer.set_result(changes)
        if step.done is not None:
            step.done()
