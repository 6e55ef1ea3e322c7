"""Charts of reports as SVG: lines over time and bars. Colours: CSS classes with a fixed fallback for printing."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from console.documents.report.blocks import Figure

SERIES = ("#c8232c", "#b85c00", "#3f7f62", "#2f6fb0", "#7d3fb0", "#8a6d00")
_W, _H, _LEFT, _RIGHT, _TOP, _BOTTOM = 860, 250, 58, 150, 14, 30
_INK, _GRID = "#5c6670", "#d3d8dd"
_FONT = 'font-family="Noto Sans CJK SC, Microsoft YaHei, sans-serif" font-size="11"'
_FONT_PX, _LINE_PX, _ROW_PX, _GAP_PX = 11, 14, 16, 6.0
_LATIN_TO = 0x2FF
_MOST_POINTS = 500


@dataclass(frozen=True, eq=False)
class Band:
    """Times µs UTC, lowest and highest expected values, each (n,), NaN where no value was expected."""

    at_us: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Line:
    """One series: name, times µs UTC and values, each (n,); ``band``: expected range, drawn behind it."""

    name: str
    at_us: NDArray[np.int64]
    value: NDArray[np.float64]
    band: Band | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment, drawn as a vertical line with a label."""

    at_us: int
    name: str


def line_chart(lines: Sequence[Line], marks: Sequence[Mark], zone: ZoneInfo, caption: str, tall: int = _H) -> Figure | None:
    """Chart of values over time, ``tall`` px high; None without finite values."""
    known = [line for line in (_thinned(line) for line in lines) if len(line.value)]
    if not known:
        return None
    start, end = min(int(line.at_us[0]) for line in known), max(int(line.at_us[-1]) for line in known)
    low, high = _range(*_span(known, start, end))
    top = _TOP + (_LINE_PX if caption else 0)
    width, height = _W - _LEFT - _RIGHT, tall - top - _BOTTOM

    def x(at_us: float) -> float:
        return _LEFT + width * (at_us - start) / max(end - start, 1)

    def y(value: float) -> float:
        return top + height * (high - value) / (high - low)

    parts = [_text(4, _TOP - 2, _fitted(caption, _W - 8), anchor="start")] if caption else []
    for value in _ticks(low, high):
        parts.append(_line(_LEFT, y(value), _LEFT + width, y(value), _GRID, "grid"))
        parts.append(_text(_LEFT - 6, y(value) + 4, f"{value:g}", anchor="end"))
    parts += _apart([(x(at_us), words) for at_us, words in _hours(start, end, zone)], tall - 12)
    for line in known:
        parts += _banded(line.band, start, end, x, y)
    for number, line in enumerate(known):
        colour = SERIES[number % len(SERIES)]
        points = " ".join(f"{x(at):.1f},{y(v):.1f}" for at, v in zip(line.at_us.tolist(), line.value.tolist(), strict=True))
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
        at = top + 12 + _ROW_PX * number
        if at < tall - 4:
            parts.append(_line(_W - _RIGHT + 10, at - 4, _W - _RIGHT + 26, at - 4, colour, "key", width=3))
            parts.append(_text(_W - _RIGHT + 32, at, _fitted(line.name, _RIGHT - 36), anchor="start"))
    parts += _marked([(x(mark.at_us), mark.name) for mark in marks if start <= mark.at_us <= end], top, height)
    return Figure(_svg(parts, _W, tall), _W, tall, caption)


def bar_chart(
    bars: Sequence[tuple[str, float]], caption: str, target: float | None = None, *, counts: bool = False
) -> Figure | None:
    """Chart with one bar per name, empty for a value that is not finite; ``target``: dashed line; ``counts``: whole numbers."""
    finite = [value for _, value in bars if math.isfinite(value)]
    if not finite:
        return None
    _, high = _range(0.0, max([*finite, *([] if target is None else [target])]))
    width, height = _W - _LEFT - 20, _H - _TOP - _BOTTOM
    step = width / len(bars)
    parts = []
    for value in _ticks(0.0, high, 1.0 if counts else 0.0):
        at = _TOP + height * (high - value) / high
        parts += [_line(_LEFT, at, _LEFT + width, at, _GRID, "grid"), _text(_LEFT - 6, at + 4, f"{value:g}", anchor="end")]
    parts += _apart([(_LEFT + step * (number + 0.5), name) for number, (name, _) in enumerate(bars)], _H - 12, step)
    for number, (_, value) in enumerate(bars):
        if not math.isfinite(value):
            continue
        left, tall = _LEFT + step * (number + 0.15), height * value / high
        top = _TOP + height - tall
        parts.append(f'<rect x="{left:.1f}" y="{top:.1f}" width="{step * 0.7:.1f}" height="{tall:.1f}" fill="{SERIES[3]}"/>')
        if _wide(f"{value:g}") <= step:
            parts.append(_text(left + step * 0.35, top - 4, f"{value:g}"))
    if target is not None:
        at = _TOP + height * (high - target) / high
        parts.append(_line(_LEFT, at, _LEFT + width, at, "#c8232c", "mark", dash="5 3"))
    return Figure(_svg(parts, _W, _H), _W, _H, caption)


def _apart(labels: Sequence[tuple[float, str]], y: float, step: float = 0.0) -> list[str]:
    """Labels in a row about their places; every second, third … where all would touch one another.

    ``step``: how far apart bars stand; a single name may be shortened to two of them before others are left out.
    """
    if not labels:
        return []
    most = 2 * step if step else math.inf
    texts = [(x, _fitted(text, most) if step else text) for x, text in labels]
    widest = max(_wide(text) for _, text in texts)
    gap = min((b - a for (a, _), (b, _) in pairwise(texts)), default=math.inf)
    every = max(1, math.ceil((widest + _GAP_PX) / gap)) if gap > 0 and math.isfinite(gap) else 1
    return [_text(min(max(x, _wide(text) / 2), _W - _wide(text) / 2), y, text) for x, text in texts[::every]]


def _marked(marks: Sequence[tuple[float, str]], top: float, height: float) -> list[str]:
    """Moments as dashed lines with their names on a ground, each in the first row where it touches no other."""
    parts = [_line(x, top, x, top + height, "#c8232c", "mark", dash="4 3") for x, _ in marks]
    ends: list[float] = []
    for x, name in sorted(marks):
        text = _fitted(name, _W - _RIGHT - _LEFT)
        left = min(x + 3, _W - _RIGHT - _wide(text))
        row = next((at for at, end in enumerate(ends) if end + _GAP_PX < left), len(ends))
        ends[row : row + 1] = [left + _wide(text)]
        at = top + 11 + _ROW_PX * row
        box = f'x="{left - 2:.1f}" y="{at - 11:.1f}" width="{_wide(text) + 4:.1f}" height="{_ROW_PX - 1}"'
        parts.append(f'<rect class="ground" {box} fill="#ffffff" fill-opacity="0.88"/>')
        parts.append(_text(left, at, text, anchor="start"))
    return parts


def _wide(text: str) -> float:
    """Pixels that a text takes at most: a Chinese character is as wide as it is high."""
    return sum(_FONT_PX if ord(char) > _LATIN_TO else _FONT_PX * 0.62 for char in text)


def _fitted(text: str, most_px: float) -> str:
    """The text, cut at its end where it has no room."""
    if _wide(text) <= most_px:
        return text
    kept = text
    while kept and _wide(kept) + _FONT_PX > most_px:
        kept = kept[:-1]
    return f"{kept}…"


def _thinned(line: Line) -> Line:
    """Finite values; of many, the lowest and highest per interval, so that no dip is lost."""
    kept = np.isfinite(line.value)
    at_us, value = line.at_us[kept], line.value[kept]
    if len(value) <= _MOST_POINTS:
        return replace(line, at_us=at_us, value=value)
    part = np.linspace(0, len(value), _MOST_POINTS // 2 + 1).astype(np.int64)
    rows = []
    for start, end in pairwise(part.tolist()):
        rows += sorted({int(start + np.argmin(value[start:end])), int(start + np.argmax(value[start:end]))})
    return replace(line, at_us=at_us[rows], value=value[rows])


def _span(lines: Sequence[Line], start: int, end: int) -> tuple[float, float]:
    """Lowest and highest of all values drawn between two times."""
    drawn = [line.value for line in lines]
    for band in (line.band for line in lines if line.band is not None):
        seen = np.isfinite(band.low) & (band.at_us >= start) & (band.at_us <= end)
        drawn += [band.low[seen], band.high[seen]]
    every = np.concatenate(drawn)
    return float(every.min()), float(every.max())


def _banded(band: Band | None, start: int, end: int, x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    """The band as one area per interval without a gap."""
    if band is None:
        return []
    known = np.flatnonzero(np.isfinite(band.low) & (band.at_us >= start) & (band.at_us <= end))
    parts = []
    for stretch in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        if not len(stretch):
            continue
        some = np.unique(np.linspace(0, len(stretch) - 1, _MOST_POINTS // 2).astype(np.int64))
        corners = _corners(band, stretch[some])
        edge = [(at, high) for at, _, high in corners] + [(at, low) for at, low, _ in reversed(corners)]
        middle = [(at, (low + high) / 2) for at, low, high in corners]
        area, line = (" ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in points) for points in (edge, middle))
        parts.append(f'<polygon class="band" fill="#7d8894" fill-opacity="0.28" points="{area}"/>')
        parts.append(f'<polyline fill="none" stroke="{_INK}" stroke-dasharray="5 3" points="{line}"/>')
    return parts


def _corners(band: Band, rows: NDArray[np.int64]) -> list[tuple[int, float, float]]:
    return list(zip(band.at_us[rows].tolist(), band.low[rows].tolist(), band.high[rows].tolist(), strict=True))


def _range(low: float, high: float) -> tuple[float, float]:
    room = max((high - low) * 0.08, 1e-3)
    return (low - room if low else 0.0), high + room


def _ticks(low: float, high: float, least_step: float = 0.0) -> list[float]:
    step = 10 ** math.floor(math.log10((high - low) / 4))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 6)
    step = max(step, least_step)
    first = math.ceil(low / step)
    return [round(number * step, 10) for number in range(first, math.floor(high / step) + 1)]


def _hours(start: int, end: int, zone: ZoneInfo) -> list[tuple[int, str]]:
    span = (end - start) / 1e6
    step = next((s for s in (60, 300, 600, 1800, 3600, 7200, 14400, 43200) if span / s <= 9), 86400)
    first = -(-start // (step * 1_000_000)) * step * 1_000_000
    words = "%H:%M" if span < 172_800 else "%m-%d"
    epoch = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
    times = range(first, end + 1, step * 1_000_000)
    return [(at, (epoch + timedelta(microseconds=at)).astimezone(zone).strftime(words)) for at in times]


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, name: str, *, dash: str = "", width: float = 1) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line class="{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width:g}"{dashed}/>'
    )


def _text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    plain = "".join(char if char.isprintable() else " " for char in words)[:100]
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{_INK}" {_FONT}>{html.escape(plain)}</text>'


def _svg(parts: Sequence[str], width: int, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"{''.join(parts)}</svg>"
    )
