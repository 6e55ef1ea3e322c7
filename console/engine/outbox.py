"""Outbox: what the store holds for others -> the channels, until each has delivered it; on a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TypeVar

from console.channels.port import DeliveryChannel, Result
from console.domain.delivery import Delivery, DeliveryState, Obsolete, Pending, Reason, Undelivered, undelivered
from console.domain.health import ChannelHealth
from console.engine.faults import Faults
from console.services.incidents.obsolete_messages import CaseOf, obsolete
from console.services.ports import Store, StoreUnavailable

FAULT = "store/outbox"
_BUSY_S, _IDLE_S = 0.05, 0.5
_LOOK_S = 30.0
"""While nothing can be sent, the store is looked into when something new is due, and so often."""
LASTING_S = 30.0
"""A lost connection that comes back within this is no failed delivery."""
_FIRST_RETRY_S, _LONGEST_RETRY_S = 30.0, 300.0
"""Pause after a failed delivery, doubled each time. Not shorter: some brokers end the connection of whom they refuse."""

log = logging.getLogger(__name__)

T = TypeVar("T")
Key = tuple[int, str]
"""(message, channel): one delivery."""


@dataclass
class _Look:
    """What one look at the store found: ``left``: cannot go out now; ``due``: can; ``done``: with everybody.

    ``held``: (channel, address) that refused something a short while ago: nothing else goes there until that is tried again.
    """

    states: dict[str, str]
    held: frozenset[tuple[str, str]]
    left: list[Undelivered] = field(default_factory=list)
    due: list[tuple[Pending, DeliveryChannel]] = field(default_factory=list)
    done: list[Pending] = field(default_factory=list)


class Outbox:
    """Waits for the store; no channel makes it wait. ``wake``: something new is due; any thread.

    ``waiting``: what cannot go out now; ``lasting``: of these what is worth an entry in the log of actions; ``delivered``:
    messages that every channel that carries them has delivered, ``withdrawn``: what never left and is over meanwhile; both to
    be taken from there.
    """

    def __init__(self, store: Store, channels: Sequence[DeliveryChannel], faults: Faults) -> None:
        self._store, self._channels, self._faults = store, tuple(channels), faults
        self._in_flight: set[Key] = set()
        self._handed: dict[Key, Delivery] = {}
        """Handed over and not refused: they may have left, and a channel sends them again by itself."""
        self._results: list[tuple[str, Result]] = []
        self.delivered: queue.SimpleQueue[Undelivered] = queue.SimpleQueue()
        self.withdrawn: queue.SimpleQueue[tuple[Undelivered, Obsolete]] = queue.SimpleQueue()
        self.waiting: tuple[Undelivered, ...] = ()
        self.lasting: tuple[Undelivered, ...] = ()
        self._since: dict[Key, float] = {}
        self._looked_at, self._states = -_LOOK_S, dict[str, str]()
        self._woken, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    def close(self, patience_s: float) -> None:
        """Send what can be sent at once, end; what is left is in the store, for the next start."""
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
                self._turn()
                if last:
                    self._turn()  # what was handed over a moment ago may have arrived
                self._faults.end(FAULT)
            except StoreUnavailable as fault:
                self._faults.begin(FAULT, str(fault), "what is due is sent when it is back")
            except Exception as defect:  # noqa: BLE001 - shown and logged; the next message goes out all the same
                self._faults.defect("outbox", defect)
            if not last:
                is_woken = self._woken.wait(_BUSY_S if self._in_flight or self._results else _IDLE_S)
                self._woken.clear()
                if is_woken:
                    self._looked_at = -_LOOK_S

    def _turn(self) -> None:
        """Record results, sort what is pending, hand over what is due."""
        self._record_results()
        states, now = {one.name: one.state for one in self.health()}, time.monotonic()
        self._in_flight = {key for key in self._in_flight if states.get(key[1]) == "up"}
        can_send = "up" in states.values()
        if not can_send and states == self._states and now - self._looked_at < _LOOK_S:
            return
        self._states, self._looked_at = states, now
        # Cases as they are on disk: read after the messages, a case is never older than what was sent about it.
        pending, case_of = self._store.pending_outgoing(), cache(self._store.incident)
        look = _Look(states, _held(pending))
        for one in pending:
            self._sort(one, look, case_of)
        self._finish(look.done)
        self._hand_over(look)
        self._show(look.left, now)

    # Results.

    def _record_results(self) -> None:
        for channel in self._channels:
            found = self._guarded(channel, channel.results, [])
            self._results += [(channel.name, result) for result in found]
        made = [(result.outgoing_id, self._outcome(channel, result)) for channel, result in self._results]
        self._store.record_deliveries(made)
        for channel_name, result in self._results:
            self._in_flight.discard((result.outgoing_id, channel_name))
            self._handed.pop((result.outgoing_id, channel_name), None)
        self._results.clear()

    def _outcome(self, channel: str, result: Result) -> Delivery:
        delivery = self._handed.get((result.outgoing_id, channel), Delivery(channel, attempts=1))
        if not result.failure:
            return replace(delivery, state=DeliveryState.SENT, failure="")
        return _failed(delivery, result.failure)

    # What is pending.

    def _sort(self, one: Pending, look: _Look, case_of: CaseOf) -> None:
        carriers = [channel for channel in self._channels if channel.carries(one.outgoing)]
        missing = [channel for channel in carriers if one.by(channel.name).state is not DeliveryState.SENT]
        if carriers and not missing:
            look.done.append(one)
            return
        if not any((one.outgoing_id, channel.name) in self._handed for channel in self._channels):
            why = obsolete(one.outgoing, case_of)
            if why is not None:
                self._give_up(one, why, look)
                return
        if not carriers:
            look.left.append(undelivered(one.outgoing_id, one.outgoing, Reason.NO_CHANNEL))
        for channel in missing:
            if (one.outgoing_id, channel.name) not in self._in_flight:
                self._sort_delivery(one, channel, look)

    @staticmethod
    def _sort_delivery(one: Pending, channel: DeliveryChannel, look: _Look) -> None:
        state, reason = look.states.get(channel.name, "off"), Reason.REFUSED
        if state != "up":
            reason = Reason.NO_CHANNEL if state == "off" else Reason.DISCONNECTED
        elif (channel.name, one.outgoing.address) not in look.held:
            look.due.append((one, channel))
            return
        look.left.append(undelivered(one.outgoing_id, one.outgoing, reason, one.by(channel.name)))

    def _give_up(self, one: Pending, why: Obsolete, look: _Look) -> None:
        """It is over: where one channel has delivered it already, the others are left out; else it never left."""
        if any(delivery.state is DeliveryState.SENT for delivery in one.deliveries):
            look.done.append(one)
            return
        self._store.mark_withdrawn([one.outgoing_id])
        told = undelivered(one.outgoing_id, one.outgoing, Reason.NO_CHANNEL)
        log.warning("withdrawn (%s), not known to have left: %s %s of case %s", why, told.kind, told.subject, told.incident_id)
        self.withdrawn.put((told, why))

    def _finish(self, done: Sequence[Pending]) -> None:
        self._store.record_deliveries((), [one.outgoing_id for one in done])
        for one in done:
            self.delivered.put(undelivered(one.outgoing_id, one.outgoing, Reason.DISCONNECTED))

    # Handing over.

    def _hand_over(self, look: _Look) -> None:
        """Claim what is due, on disk, then hand it to its channels."""
        claims = [(one, channel, _claimed(one.by(channel.name))) for one, channel in look.due]
        self._store.record_deliveries([(one.outgoing_id, claim) for one, _, claim in claims])
        unclaimed = []
        for one, channel, claim in claims:
            key = (one.outgoing_id, channel.name)
            is_taken = self._deliver(one, channel)
            if is_taken:
                self._in_flight.add(key)
                self._handed[key] = claim
            elif is_taken is None:
                unclaimed.append((one.outgoing_id, _failed(claim, "defect in the channel; see the log, report it")))
            else:
                unclaimed.append((one.outgoing_id, one.by(channel.name)))
                look.left.append(undelivered(one.outgoing_id, one.outgoing, Reason.DISCONNECTED, one.by(channel.name)))
        self._store.record_deliveries(unclaimed)

    def _deliver(self, one: Pending, channel: DeliveryChannel) -> bool | None:
        """Whether the channel has taken it; None for a defect in it."""
        return self._guarded(channel, lambda: channel.deliver(one.outgoing_id, one.outgoing), None)

    def _guarded(self, channel: DeliveryChannel, ask: Callable[[], T], otherwise: T) -> T:
        """A defect in one channel must not silence the others."""
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


def _key(one: Undelivered) -> Key:
    return one.outgoing_id, one.channel


def _why(one: Undelivered) -> str:
    if one.next_try is None:
        return f"{one.reason} {one.channel}".strip()
    at = one.next_try.isoformat(timespec="seconds")
    return f"{one.reason} {one.channel}: {one.failure}; attempt {one.attempts} failed, the next is at {at}"


def _held(pending: Iterable[Pending]) -> frozenset[tuple[str, str]]:
    now_us = _now_us()
    latest_us = now_us + round(_LONGEST_RETRY_S * 1e6)  # a later time comes from a clock that was set back since
    return frozenset(
        (delivery.channel, one.outgoing.address)
        for one in pending
        for delivery in one.deliveries
        if delivery.state is DeliveryState.FAILED and now_us < delivery.next_us <= latest_us
    )


def _claimed(delivery: Delivery) -> Delivery:
    return replace(delivery, state=DeliveryState.CLAIMED, attempts=delivery.attempts + 1, next_us=0)


def _failed(delivery: Delivery, failure: str) -> Delivery:
    pause_s = min(_FIRST_RETRY_S * 2 ** (max(delivery.attempts, 1) - 1), _LONGEST_RETRY_S)
    return replace(delivery, state=DeliveryState.FAILED, next_us=_now_us() + round(pause_s * 1e6), failure=failure)


def _now_us() -> int:
    return time.time_ns() // 1_000
