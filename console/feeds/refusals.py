"""Refusals: what of a feed could not be used, counted for its health and told in the log without flooding it."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from console.domain.health import FeedHealth
from console.feeds.codec import Decoder
from console.feeds.port import Decoded
from console.feeds.sequence import SequenceWatch
from console.mqtt.message import Message
from maps.city import City

log = logging.getLogger(__name__)

_SUMMARY_S = 60.0
_TOLD_KEPT = 1_000


class CountingDecoder:
    """The contract's decoder of one feed, with its refusals."""

    def __init__(self, feed: str, city: City) -> None:
        self._decoder = Decoder(city)
        self._refusals = Refusals(feed, self._decoder.sequence)

    def decode(self, messages: Sequence[Message], now_us: int) -> Decoded:
        """Everything usable; the rest is counted."""
        decoded = self._decoder.decode(messages, now_us)
        self._refusals.take(decoded)
        return decoded

    def counted(self, health: FeedHealth) -> FeedHealth:
        """The feed's health with what was refused and lost. Any thread."""
        return self._refusals.counted(health)


class Refusals:
    """The first of a kind on a topic is logged at once, the rest as one line a minute. ``feed``: its name in the log."""

    def __init__(self, feed: str, sequence: SequenceWatch, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._feed, self._sequence, self._monotonic = feed, sequence, monotonic
        self._lock = threading.Lock()
        self._refused: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        self._since: Counter[str] = Counter()
        self._told: set[tuple[str, str]] = set()
        self._summed_at = monotonic()
        self._numbers = (0, 0, 0)

    def take(self, decoded: Decoded) -> None:
        """Count a batch."""
        with self._lock:
            self._refused.update(decoded.refused)
            self._others.update(decoded.others)
        self._since.update(decoded.refused)
        for sample in decoded.samples:
            self._tell((sample.kind, sample.topic), f"{sample.topic}: {sample.reason}")
        for remark in decoded.remarks:
            self._tell(("sequence", remark.split(":")[0]), remark)
        if self._monotonic() - self._summed_at >= _SUMMARY_S:
            self._sum_up()

    def counted(self, health: FeedHealth) -> FeedHealth:
        """A feed's health with what was refused, what moves nobody and what the publishers' numbers showed."""
        seen = self._sequence
        with self._lock:
            refused = tuple(self._refused.most_common())
            others = tuple(self._others.most_common())
        return replace(
            health,
            invalid=sum(count for _, count in refused),
            refused=refused,
            others=others,
            lost=seen.lost,
            repeated=seen.repeated,
            restarts=seen.restarts,
        )

    def _tell(self, key: tuple[str, str], line: str) -> None:
        if key in self._told or len(self._told) >= _TOLD_KEPT:
            return
        self._told.add(key)
        log.warning("%s: %s", self._feed, line)

    def _sum_up(self) -> None:
        """One line about the last minute, and each first one may be told again."""
        self._summed_at = self._monotonic()
        self._told.clear()
        if self._since:
            kinds = ", ".join(f"{kind} {count:,}" for kind, count in self._since.most_common())
            log.warning("%s: payload parts refused since the last such line: %s", self._feed, kinds)
            self._since.clear()
        numbers = (self._sequence.lost, self._sequence.repeated, self._sequence.restarts)
        if numbers != self._numbers:
            log.warning(
                "%s: publishers' numbers since the start: %d messages lost, %d repeated, %d restarts", self._feed, *numbers
            )
            self._numbers = numbers
