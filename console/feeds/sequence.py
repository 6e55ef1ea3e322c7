"""Sequence numbers of publishers (key ``n``): distinguishes lost messages, repeats and restarts."""

from __future__ import annotations

from dataclasses import dataclass, field

_JUMP = 100_000
"""A number further ahead than this is a restart, not a gap."""
_REMEMBERED = 1_000


@dataclass
class _Publisher:
    last: int
    at_us: int
    missing: set[int] = field(default_factory=set)


class SequenceWatch:
    """Follows one counter for each station: its publisher adds one with each message about it.

    A number that does not follow the last is a *gap* when it is higher (what is missing counts as lost until it arrives
    late), a *restart* when it is not higher yet the reading is newer, and a *repeat* when the reading is not newer (a broker
    delivers again what was not acknowledged).
    """

    def __init__(self) -> None:
        self._publishers: dict[int, _Publisher] = {}
        self.lost = self.repeated = self.restarts = 0

    def see(self, station_row: int, number: int, at_us: int) -> str:
        """Process a number and the reading's source time. Returns "" or the problem, for the log."""
        known = self._publishers.get(station_row)
        if known is None:
            self._publishers[station_row] = _Publisher(number, at_us)
            return ""
        ahead = number - known.last
        if ahead == 1:
            known.last, known.at_us = number, at_us
            return ""
        if 1 < ahead <= _JUMP:
            return self._gap(known, number, at_us)
        if number in known.missing:
            known.missing.discard(number)
            self.lost -= 1
            return ""
        if at_us <= known.at_us:
            self.repeated += 1
            return ""
        self.restarts += 1
        self._publishers[station_row] = _Publisher(number, at_us)
        return f"its publisher began anew: number {number} after {known.last}"

    def _gap(self, known: _Publisher, number: int, at_us: int) -> str:
        lost = number - known.last - 1
        self.lost += lost
        first = max(known.last + 1, number - _REMEMBERED)
        known.missing.update(range(first, number))
        if len(known.missing) > _REMEMBERED:
            known.missing = set(sorted(known.missing)[-_REMEMBERED:])
        told = f"{lost} messages lost between numbers {known.last} and {number}"
        known.last, known.at_us = number, max(at_us, known.at_us)
        return told
