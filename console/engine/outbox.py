"""Outbox: gives stored messages to the channels until each has delivered them; on its own thread."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import TypeVar

from console.channels.port import DeliveryChannel, Result
from console.domain.clock import Clock
from console.domain.delivery import (
    ARRIVED,
    Delivery,
    DeliveryState,
    Obsolete,
    Pending,
    Reason,
    Undelivered,
    subject_of,
    undelivered,
)
from console.domain.health import ChannelHealth
from console.domain.texts import storable
from console.engine.faults import Faults
from console.engine.lease import Leadership
from console.services.incidents.obsolete_messages import CaseOf, obsolete
from console.services.ports import NotLeading, Store, StoreUnavailable

FAULT = "store/outbox"
_BUSY_S, _IDLE_S = 0.05, 0.5
_LOOK_S = 30.0
"""The store is looked into when something new is due, when a channel changes its state, for a next try, and so often."""
LASTING_S = 30.0
"""A lost connection that comes back within this is no failed delivery."""
_FOLLOWER_LOOK_S = 2.0
_FIRST_RETRY_S, _LONGEST_RETRY_S = 30.0, 300.0
"""Pause after a failed delivery, doubled each time. Not shorter: some brokers end the connection of whom they refuse."""

log = logging.getLogger(__name__)

T = TypeVar("T")
Key = tuple[int, str]
"""(message, channel): one delivery."""


@dataclass(frozen=True, slots=True)
class _Handed:
    """A message handed to a channel. ``is_last``: this delivery is its last one."""

    message: Pending
    claim: Delivery
    is_last: bool


@dataclass
class _Look:
    """Result of one look at the store: ``left``: cannot be sent now; ``due``: can; ``done``: delivered by all channels.

    ``held``: time of the next attempt (µs) by (channel, address) that refused a message; nothing else is sent there before.
    """

    states: dict[str, str]
    held: dict[tuple[str, str], int]
    left: list[Undelivered] = field(default_factory=list)
    due: list[tuple[DeliveryChannel, _Handed]] = field(default_factory=list)
    done: list[Pending] = field(default_factory=list)


class Outbox:
    """Waits only for the store; channels do not block it. ``wake``: a new message is due; any thread.

    ``waiting``: messages that cannot be sent now; ``lasting``: those of them to be logged in their case; ``delivered``:
    messages delivered by every channel that carries them; ``withdrawn``: unsent messages that are out of date; ``left``: subjects
    and times of what was handed over, each put there before ``waiting`` is without it; queues to be taken from there.
    """

    def __init__(
        self,
        store: Store,
        channels: Sequence[DeliveryChannel],
        faults: Faults,
        clock: Clock,
        leadership: Leadership | None = None,
    ) -> None:
        """``leadership``: where other processes use the store too; the one that leads sends."""
        if len({channel.name for channel in channels}) < len(channels):
            raise ValueError("two channels of one name: deliveries are recorded by it")
        self._leadership, self._epoch = leadership, None if leadership is None else leadership.epoch
        self._store, self._channels, self._faults, self._clock = store, tuple(channels), faults, clock
        self._in_flight: set[Key] = set()
        self._handed: dict[Key, _Handed] = {}
        """Handed over and not refused: they may have left, and a channel sends them again by itself."""
        self._results: list[tuple[Key, Result]] = []
        """Kept while the store is away."""
        self._asked: queue.SimpleQueue[Key] = queue.SimpleQueue()
        self._again: set[Key] = set()
        """Failed deliveries that somebody wants tried again at once."""
        self.delivered: queue.SimpleQueue[Undelivered] = queue.SimpleQueue()
        self.withdrawn: queue.SimpleQueue[tuple[Undelivered, Obsolete]] = queue.SimpleQueue()
        self.left: queue.SimpleQueue[tuple[str, datetime]] = queue.SimpleQueue()
        self.waiting: tuple[Undelivered, ...] = ()
        self.lasting: tuple[Undelivered, ...] = ()
        self._since: dict[Key, float] = {}
        self._next_look, self._states = 0.0, dict[str, str]()
        self._woken, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the store at once."""
        self._woken.set()

    def retry(self, outgoing_id: int, channel: str) -> None:
        """Try a failed or refused delivery again at once. Any thread. It is forgotten when this process does not lead."""
        self._asked.put((outgoing_id, channel))
        self.wake()

    def close(self, patience_s: float) -> None:
        """Send what can be sent at once, then end; the rest stays in the store for the next start."""
        self._closing.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def health(self) -> tuple[ChannelHealth, ...]:
        """State of every channel. Any thread."""
        return tuple(self._health(channel) for channel in self._channels)

    def _run(self) -> None:
        last = False
        while not last:
            last = self._closing.is_set()
            try:
                self._send()
                if last:
                    self._send()  # recent hand-overs may have been delivered
                self._faults.end(FAULT)
            except StoreUnavailable as fault:
                self._faults.begin(FAULT, str(fault), "what is due is sent when it is back")
            except Exception as defect:  # noqa: BLE001 - shown and logged; the next message goes out all the same
                self._faults.defect("outbox", defect)
            if not last:
                if self._woken.wait(_BUSY_S if self._in_flight or self._results else _IDLE_S):
                    self._next_look = 0.0
                self._woken.clear()

    def _send(self) -> None:
        """What this process does of it: all where it leads, nothing but showing where it follows."""
        leadership = self._leadership
        if leadership is None or not leadership.is_shared:
            self._turn()
            return
        if self._epoch != leadership.epoch:
            self._epoch = leadership.epoch
            self._forget()
        if leadership.leads:
            with suppress(NotLeading):  # the engine's thread learns it with the next look at the lease
                self._turn()
        elif time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _FOLLOWER_LOOK_S
            self.waiting = tuple(_as_recorded(one) for one in self._pending())

    def _forget(self) -> None:
        """Of an earlier term: what was handed over then, the leader after it has sent again or found recorded."""
        self._in_flight.clear()
        self._handed.clear()
        self._results.clear()
        self._since.clear()
        self._again.clear()
        self._next_look, self.waiting, self.lasting = 0.0, (), ()

    def _turn(self) -> None:
        """Record results, sort what is pending, hand over what is due."""
        has_results = self._record_results()
        states, now = {one.name: one.state for one in self.health()}, time.monotonic()
        self._in_flight = {key for key in self._in_flight if states.get(key[1]) == "up"}
        if not has_results and states == self._states and now < self._next_look:
            return
        # Cases as they are on disk: read after the messages, a case is never older than what was sent about it.
        pending, case_of = self._asked_again(self._pending()), cache(self._store.incident)
        look = _Look(states, _held(pending))
        for one in pending:
            self._sort(one, look, case_of)
        self._finish(look.done)
        self._hand_over(look)
        self._show(look.left, now)
        next_try_s = (min(look.held.values(), default=_now_us()) - _now_us()) / 1e6
        self._states, self._next_look = states, now + (min(next_try_s, _LOOK_S) if look.held else _LOOK_S)

    def _pending(self) -> list[Pending]:
        """All pending messages: those of one channel must not hide those of another."""
        found = list[Pending]()
        while some := self._store.pending_outgoing(found[-1].outgoing_id if found else 0):
            found += some
        return found

    def _asked_again(self, pending: Sequence[Pending]) -> list[Pending]:
        """The messages, those deliveries that somebody wants tried again as if they had not been tried yet."""
        while not self._asked.empty():
            self._again.add(self._asked.get())
        self._again &= {(one.outgoing_id, way.channel) for one in pending for way in one.deliveries}
        return [replace(one, deliveries=tuple(self._fresh(one, way) for way in one.deliveries)) for one in pending]

    def _fresh(self, one: Pending, way: Delivery) -> Delivery:
        if (one.outgoing_id, way.channel) not in self._again or way.state not in (DeliveryState.FAILED, DeliveryState.REFUSED):
            return way
        return replace(way, state=DeliveryState.PENDING, next_us=0)

    # Results.

    def _record_results(self) -> bool:
        """Record results of channels; whether there were any."""
        for channel in self._channels:
            found = self._guarded(channel, channel.results, list[Result]())
            self._results += [((result.outgoing_id, channel.name), result) for result in found]
        if not self._results:
            return False
        made, done = list[tuple[int, Delivery]](), list[Pending]()
        for key, result in self._results:
            handed = self._handed.get(key)
            claim = Delivery(key[1], attempts=1) if handed is None else handed.claim
            made.append((key[0], _ended(claim, result)))
            if handed is not None and handed.is_last and not result.failure:
                done.append(handed.message)
        self._finish(done, made)
        for key, _ in self._results:
            self._in_flight.discard(key)
            self._handed.pop(key, None)
        self._results.clear()
        return True

    def _finish(self, done: Sequence[Pending], made: Sequence[tuple[int, Delivery]] = ()) -> None:
        self._store.record_deliveries(made, [one.outgoing_id for one in done], self._epoch)
        for one in done:
            self.delivered.put(undelivered(one.outgoing_id, one.outgoing, Reason.DISCONNECTED))

    # What is pending.

    def _sort(self, one: Pending, look: _Look, case_of: CaseOf) -> None:
        carriers = [channel for channel in self._channels if channel.carries(one.outgoing)]
        missing = [channel for channel in carriers if one.by(channel.name).state not in ARRIVED]
        if carriers and not missing:
            look.done.append(one)
            return
        if not any((one.outgoing_id, channel.name) in self._handed for channel in self._channels):
            why = obsolete(one.outgoing, case_of)
            if why is not None:
                self._give_up(one, why)
                return
        if not carriers:
            look.left.append(undelivered(one.outgoing_id, one.outgoing, Reason.NO_CHANNEL))
        for channel in missing:
            if (one.outgoing_id, channel.name) not in self._in_flight:
                self._sort_delivery(one, channel, look, is_last=len(missing) == 1)

    @staticmethod
    def _sort_delivery(one: Pending, channel: DeliveryChannel, look: _Look, *, is_last: bool) -> None:
        state, reason = look.states.get(channel.name, "off"), Reason.REFUSED
        if state != "up":
            reason = Reason.NO_CHANNEL if state == "off" else Reason.DISCONNECTED
        elif one.by(channel.name).state is DeliveryState.REFUSED:
            look.left.append(undelivered(one.outgoing_id, one.outgoing, Reason.REFUSED_FOR_GOOD, one.by(channel.name)))
            return
        elif (channel.name, one.outgoing.address) not in look.held:
            look.due.append((channel, _Handed(one, _claimed(one.by(channel.name)), is_last)))
            return
        look.left.append(undelivered(one.outgoing_id, one.outgoing, reason, one.by(channel.name)))

    def _give_up(self, one: Pending, why: Obsolete) -> None:
        """The message is out of date: no further channel gets it. If one has delivered it, it counts as sent."""
        if any(delivery.state in ARRIVED for delivery in one.deliveries):
            self._store.record_deliveries((), [one.outgoing_id], self._epoch)
        else:
            self._store.mark_withdrawn([one.outgoing_id])
        told = undelivered(one.outgoing_id, one.outgoing, Reason.NO_CHANNEL)
        log.warning("withdrawn (%s), not known to have left: %s %s of case %s", why, told.kind, told.subject, told.incident_id)
        self.withdrawn.put((told, why))

    # Handing over.

    def _hand_over(self, look: _Look) -> None:
        """Claim due messages, on disk, then hand them to their channels."""
        claims = [(handed.message.outgoing_id, handed.claim) for _, handed in look.due]
        self._store.record_deliveries(claims, epoch=self._epoch)
        unclaimed = []
        for channel, handed in look.due:
            one, before = handed.message, handed.message.by(channel.name)
            if self._leadership is not None and not self._leadership.is_sure:
                return  # paused since the claim: another process may have taken over and send it
            self.left.put((subject_of(one.outgoing), self._clock.now()))
            is_taken = self._deliver(one, channel)
            if is_taken:
                self._in_flight.add((one.outgoing_id, channel.name))
                self._handed[one.outgoing_id, channel.name] = handed
                self._again.discard((one.outgoing_id, channel.name))
                continue
            if is_taken is None:
                before = _failed(handed.claim, "defect in the channel; see the log, report it")
            unclaimed.append((one.outgoing_id, before))
            look.left.append(undelivered(one.outgoing_id, one.outgoing, Reason.DISCONNECTED, before))
        self._store.record_deliveries(unclaimed, epoch=self._epoch)

    def _deliver(self, one: Pending, channel: DeliveryChannel) -> bool | None:
        """Whether the channel has accepted it; None for a defect in the channel."""
        return self._guarded(channel, lambda: channel.deliver(one.outgoing_id, one.outgoing), None)

    def _guarded(self, channel: DeliveryChannel, ask: Callable[[], T], otherwise: T) -> T:
        """Call a channel; a defect in it must not stop the others."""
        try:
            return ask()
        except Exception as defect:  # noqa: BLE001 - shown and logged
            self._faults.defect(f"channel {channel.name}", defect)
            return otherwise

    @staticmethod
    def _health(channel: DeliveryChannel) -> ChannelHealth:
        try:
            return channel.health()
        except Exception as defect:  # noqa: BLE001 - called for each picture: shown there, not logged ten times a second
            return ChannelHealth(channel.name, "down", f"{type(defect).__name__}: {defect}; report it")

    # What is shown.

    def _show(self, left: Iterable[Undelivered], now: float) -> None:
        self.waiting = tuple(left)
        self._since = {_key(one): self._since.get(_key(one), now) for one in self.waiting}
        lasting = tuple(
            one for one in self.waiting if one.reason is not Reason.DISCONNECTED or now - self._since[_key(one)] >= LASTING_S
        )
        if lasting == self.lasting:
            return
        known = {(_key(one), one.reason, one.attempts) for one in self.lasting}
        for one in lasting:
            if (_key(one), one.reason, one.attempts) not in known:
                log.warning("not delivered (%s): %s %s of case %s", _why(one), one.kind, one.subject, one.incident_id or "none")
        self.lasting = lasting


def _as_recorded(one: Pending) -> Undelivered:
    """What a process that follows can say of a message: what the leader has recorded."""
    failed = next((way for way in one.deliveries if way.state in (DeliveryState.FAILED, DeliveryState.REFUSED)), None)
    reason = Reason.DISCONNECTED if failed is None else Reason.REFUSED
    if failed is not None and failed.state is DeliveryState.REFUSED:
        reason = Reason.REFUSED_FOR_GOOD
    return undelivered(one.outgoing_id, one.outgoing, reason, failed)


def _key(one: Undelivered) -> Key:
    return one.outgoing_id, one.channel


def _why(one: Undelivered) -> str:
    if one.next_try is None:
        return f"{one.reason} {one.channel}{f': {one.failure}' if one.failure else ''}".strip()
    at = one.next_try.isoformat(timespec="seconds")
    return f"{one.reason} {one.channel}: {one.failure}; attempt {one.attempts} failed, the next is at {at}"


def _held(pending: Iterable[Pending]) -> dict[tuple[str, str], int]:
    now_us = _now_us()
    latest_us = now_us + round(_LONGEST_RETRY_S * 1e6)  # a later time comes from a clock that was set back since
    return {
        (delivery.channel, one.outgoing.address): delivery.next_us
        for one in pending
        for delivery in one.deliveries
        if delivery.state is DeliveryState.FAILED and now_us < delivery.next_us <= latest_us
    }


def _claimed(delivery: Delivery) -> Delivery:
    return replace(delivery, state=DeliveryState.CLAIMED, attempts=delivery.attempts + 1, next_us=0)


def _ended(delivery: Delivery, result: Result) -> Delivery:
    if result.failure and result.is_final:
        return replace(delivery, state=DeliveryState.REFUSED, next_us=0, failure=storable(result.failure))
    if result.failure:
        return _failed(delivery, result.failure)
    state = DeliveryState.ACKNOWLEDGED if result.is_acknowledged else DeliveryState.SENT
    return replace(delivery, state=state, failure="")


def _failed(delivery: Delivery, failure: str) -> Delivery:
    pause_s = min(_FIRST_RETRY_S * 2 ** (max(delivery.attempts, 1) - 1), _LONGEST_RETRY_S)
    next_us = _now_us() + round(pause_s * 1e6)
    # storable: a failure may hold what a server said, or a path that is no UTF-8; the store must keep it.
    return replace(delivery, state=DeliveryState.FAILED, next_us=next_us, failure=storable(failure))


def _now_us() -> int:
    return time.time_ns() // 1_000
