"""Refusals: what of the feeds could not be used, counted for the picture and told in the log without flooding it."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from console.domain.picture import FeedHealth
from console.feeds.codec import Decoded
from console.feeds.sequence import SequenceWatch

log = logging.getLogger(__name__)

_SUMMARY_S = 60.0
_TOLD_KEPT = 1_000


class Refusals:
    """The first of a kind on a topic is logged at once, the rest as one line a minute."""

    def __init__(self, sequence: SequenceWatch, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._sequence, self._monotonic = sequence, monotonic
        self._refused: Counter[str] = Counter()
        self._since: Counter[str] = Counter()
        self._told: set[tuple[str, str]] = set()
        self._summed_at = monotonic()
        self._numbers = (0, 0, 0)

    def take(self, decoded: Decoded) -> None:
        """Count a batch."""
        self._refused.update(decoded.refused)
        self._since.update(decoded.refused)
        for sample in decoded.samples:
            self._tell((sample.kind, sample.topic), f"{sample.feed}: {sample.topic}: {sample.reason}")
        for remark in decoded.remarks:
            self._tell(("sequence", remark.split(":")[0]), remark)
        if self._monotonic() - self._summed_at >= _SUMMARY_S:
            self._sum_up()

    def counted(self, health: FeedHealth) -> FeedHealth:
        """A feed's health with what was refused and what the publishers' numbers showed."""
        seen = self._sequence
        return replace(
            health,
            invalid=self._refused.total(),
            refused=tuple(self._refused.most_common()),
            lost=seen.lost,
            repeated=seen.repeated,
            restarts=seen.restarts,
        )

    def _tell(self, key: tuple[str, str], line: str) -> None:
        if key in self._told or len(self._told) >= _TOLD_KEPT:
            return
        self._told.add(key)
        log.warning("%s", line)

    def _sum_up(self) -> None:
        """One line about the last minute, and each first one may be told again."""
        self._summed_at = self._monotonic()
        self._told.clear()
        if self._since:
            kinds = ", ".join(f"{kind} {count:,}" for kind, count in self._since.most_common())
            log.warning("payload parts refused since the last such line: %s", kinds)
            self._since.clear()
        numbers = (self._sequence.lost, self._sequence.repeated, self._sequence.restarts)
        if numbers != self._numbers:
            log.warning("publishers' numbers since the start: %d messages lost, %d repeated, %d restarts", *numbers)
            self._numbers = numbers
