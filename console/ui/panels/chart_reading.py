"""What a chart's lines read at the pointer: a thin line at the moment and the values in a corner, which does not follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.clock import moment
from console.domain.readings import Channel
from console.ui.words import Words

_NEAR_SHARE = 0.02
"""Of the time shown: a reading farther from the pointer is not named."""


@dataclass(frozen=True, eq=False)
class ReadLine:
    """A line of a chart: name, times in s since 1970, values in the inside unit less ``base``, expected ones likewise."""

    name: str
    channel: Channel
    at_s: NDArray[np.float64]
    value: NDArray[np.float64]
    expected: NDArray[np.float64]
    changes: bool = False
    """Values are changes against an earlier one and have a sign."""


def reading_at(lines: Sequence[ReadLine], at_s: float, span_s: float) -> tuple[float, list[tuple[int, float, float]]]:
    """(moment of the nearest reading, (line, value, expected) of every line that has one near it); NaN without any."""
    found, best = [], float("nan")
    for number, line in enumerate(lines):
        known = np.flatnonzero(np.isfinite(line.value))
        if not len(known):
            continue
        right = int(np.searchsorted(line.at_s[known], at_s))
        near = [known[one] for one in (right - 1, right) if 0 <= one < len(known)]
        at = min(near, key=lambda row: abs(line.at_s[row] - at_s))
        if abs(line.at_s[at] - at_s) > span_s * _NEAR_SHARE:
            continue
        found.append((number, float(line.value[at]), float(line.expected[at])))
        if not np.isfinite(best) or abs(line.at_s[at] - at_s) < abs(best - at_s):
            best = float(line.at_s[at])
    return best, found


def reading_words(lines: Sequence[ReadLine], at_s: float, found: Sequence[tuple[int, float, float]], words: Words) -> list[str]:
    """The moment, then a line each: name, value and what was expected."""
    told = [words.time(moment(int(at_s * 1e6)))]
    for number, value, expected in found:
        line = lines[number]
        text = words.deviation(line.channel, value) if line.changes else words.value(line.channel, value)
        known = not line.changes and np.isfinite(expected)
        wanted = words("station.expected", value=words.value(line.channel, expected)) if known else ""
        told.append("  ".join(part for part in (line.name, text, wanted) if part))
    return told
