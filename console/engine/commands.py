"""Commands: intents of users and calls of other threads, carried out on the engine's thread in order."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial

from console.domain.actors import Actor
from console.domain.changes import ChangeSet
from console.domain.clock import Clock
from console.domain.intents import Intent
from console.domain.record_ids import renamed
from console.domain.texts import longest_text, storable, with_storable_texts
from console.engine.decisions import Decisions
from console.feeds.inbox import Inbox
from console.services.desk import Desk, Refused
from console.services.state import DeskState

MOST_CHARACTERS = 20_000
"""Of one text that a person gives: a notice has some hundred."""
_NAME_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class _Ask:
    intent: Intent
    actor: Actor
    answer: Future[ChangeSet]


class Commands:
    """Waits for users. ``submit`` and ``call`` may come from any thread."""

    def __init__(self, inbox: Inbox, clock: Clock, desk: Desk, decisions: Decisions) -> None:
        self._inbox, self._clock, self._desk, self._decisions = inbox, clock, desk, decisions
        self._asks: queue.SimpleQueue[_Ask | Callable[[], None]] = queue.SimpleQueue()

    def submit(self, intent: Intent, actor: Actor) -> Future[ChangeSet]:
        """Submit an intent; the future gets the committed change set or the QuanmaiError that refused it.

        Characters that a store cannot hold are replaced: pasted ones, and those of an account's name that is no UTF-8.
        """
        answer: Future[ChangeSet] = Future()
        if longest_text(intent) > MOST_CHARACTERS:
            answer.set_exception(Refused("text_too_long", most=str(MOST_CHARACTERS)))
            return answer
        named = replace(actor, name=storable(actor.name[:_NAME_CHARACTERS]), actor_id=storable(actor.actor_id[:_NAME_CHARACTERS]))
        self._asks.put(_Ask(with_storable_texts(intent), named, answer))
        self._inbox.wake()
        return answer

    def call(self, work: Callable[[], None]) -> None:
        """Do ``work`` on the engine's thread."""
        self._asks.put(work)
        self._inbox.wake()

    @property
    def waiting(self) -> bool:
        """Whether anything submitted has not been taken up yet."""
        return not self._asks.empty()

    def turn(self) -> None:
        """Take up everything submitted."""
        while not self._asks.empty():
            ask = self._asks.get()
            if isinstance(ask, _Ask):
                self._decisions.ask(partial(self._carry_out, ask), ask.actor, ask.answer)
            else:
                ask()

    def _carry_out(self, ask: _Ask, state: DeskState) -> ChangeSet:
        intent = renamed(ask.intent, state.given)  # asked about a case that has got its final id meanwhile
        return self._desk.carry_out(state, intent, ask.actor, self._clock.now())
