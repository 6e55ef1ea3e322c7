"""A still map of the case as SVG, for paper: the network around the burst, the plan, valves, stations, tracks."""

from __future__ import annotations

import html
import math

import numpy as np
from numpy.typing import NDArray

from console.documents.report.blocks import Figure
from console.documents.report.words import ReportWords
from console.services.review.record import CaseRecord
from maps.export.web.legend import COLOURS_OF_CASE as COLOURS
from maps.export.web.legend import WIDTH_CLASSES, width_class

_W, _H = 860, 520
_MARGIN_M, _LEAST_M, _MOST_PIPES = 200.0, 500.0, 2_000


def still_map(record: CaseRecord, words: ReportWords) -> Figure | None:
    """The map at the end of the case as SVG; None without any coordinates."""
    view = _View.of(record)
    if view is None:
        return None
    case, pipes = record.incident, record.city.network.pipes
    plan = case.plan
    parts = [f'<rect width="{_W}" height="{_H}" fill="{COLOURS["ground"]}"/>', *_network(record, view)]
    groups: list[tuple[tuple[str, ...], str, float]] = [
        (plan.dry_pocket_pipes if plan else (), COLOURS["dry_pocket"], 5),
        (plan.zone_pipes if plan else (), COLOURS["zone"], 5),
        (case.burst_pipes, COLOURS["burst"], 3),
    ]
    if not case.burst_pipes and case.location is not None:
        groups.append((case.location.set_90, COLOURS["candidates"], 7))
    for ids, colour, width in groups:
        parts += [view.line(pipes.points(pipes.row(pipe)), colour, width) for pipe in ids if pipes.has(pipe)]
    parts += _tracks(record, view) + _stations(record, view) + _valves(record, view) + _scale(view)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_W} {_H}" width="{_W}" height="{_H}">{"".join(parts)}</svg>'
    return Figure(svg, _W, _H, words("page.still"))


class _View:
    """Transforms coordinates of the network's CRS to the picture."""

    def __init__(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        middle, size = (low + high) / 2, np.maximum(high - low, _LEAST_M)
        self.per_m = float(min(_W / size[0], _H / size[1]))
        self.left, self.top = float(middle[0] - _W / 2 / self.per_m), float(middle[1] + _H / 2 / self.per_m)

    @classmethod
    def of(cls, record: CaseRecord) -> _View | None:
        case, pipes = record.incident, record.city.network.pipes
        ids = [
            *case.burst_pipes,
            *(case.plan.zone_pipes if case.plan else ()),
            *(case.plan.dry_pocket_pipes if case.plan else ()),
        ]
        ids += [candidate.pipe_id for candidate in case.location.candidates] if case.location and not ids else []
        points = np.concatenate([np.empty((0, 2)), *(pipes.points(pipes.row(pipe)) for pipe in ids if pipes.has(pipe))])
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points):
            return None
        return cls(points.min(axis=0) - _MARGIN_M, points.max(axis=0) + _MARGIN_M)

    def place(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.left) * self.per_m, (self.top - y) * self.per_m

    def sees(self, x: float, y: float) -> bool:
        if not (math.isfinite(x) and math.isfinite(y)):
            return False
        px, py = self.place(x, y)
        return 0 <= px <= _W and 0 <= py <= _H

    def line(self, points: NDArray[np.float64], colour: str, width: float) -> str:
        known = points[np.isfinite(points).all(axis=1)]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in (self.place(x, y) for x, y in known.tolist()))
        return f'<polyline fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round" points="{path}"/>'


def _network(record: CaseRecord, view: _View) -> list[str]:
    pipes = record.city.network.pipes
    classes = width_class(pipes.diameter_mm)
    right, bottom = view.left + _W / view.per_m, view.top - _H / view.per_m
    x, y = pipes.vertices[:, 0], pipes.vertices[:, 1]
    inside = (x >= view.left) & (x <= right) & (y <= view.top) & (y >= bottom)
    seen = np.add.reduceat(inside, pipes.offsets[:-1]) if len(pipes) else np.empty(0)
    rows = np.flatnonzero(seen)
    rows = rows[np.argsort(classes[rows], kind="stable")][-_MOST_PIPES:]
    return [view.line(pipes.points(row), WIDTH_CLASSES[classes[row]][2], WIDTH_CLASSES[classes[row]][1]) for row in rows.tolist()]


def _tracks(record: CaseRecord, view: _View) -> list[str]:
    """Each fix as a point: what lies between two of them is not known, so no line joins them."""
    tracks, names = record.tracks, record.city.crews
    parts = []
    for crew in dict.fromkeys(str(name) for name in tracks.crew_id):
        own = np.flatnonzero(tracks.crew_id == crew)
        seen = [row for row in own.tolist() if view.sees(float(tracks.x[row]), float(tracks.y[row]))]
        places = list(dict.fromkeys(_rounded(view.place(float(tracks.x[row]), float(tracks.y[row]))) for row in seen))
        parts += [f'<circle class="fix" cx="{x}" cy="{y}" r="2.5" fill="{COLOURS["crew"]}"/>' for x, y in places]
        if places:
            x, y = places[-1]
            name = str(names.name[names.row(crew)]) if names.has(crew) else crew
            parts.append(f'<circle cx="{x}" cy="{y}" r="5" fill="{COLOURS["crew"]}" stroke="#fff" stroke-width="1.5"/>')
            parts.append(_words(float(x) + 8, float(y) - 6, name or crew))
    return parts


def _rounded(place: tuple[float, float]) -> tuple[str, str]:
    return f"{place[0]:.0f}", f"{place[1]:.0f}"


def _stations(record: CaseRecord, view: _View) -> list[str]:
    table, moved = record.city.stations, {item.station_id for item in record.incident.evidence}
    parts = []
    for row in range(len(table)):
        x, y = float(table.x[row]), float(table.y[row])
        if view.sees(x, y):
            px, py = view.place(x, y)
            abnormal = str(table.asset_id[row]) in moved
            colour, radius = (COLOURS["abnormal"], 6) if abnormal else (COLOURS["stations"], 3.5)
            parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{radius}" fill="{colour}" stroke="#fff"/>')
            parts.append(_words(px + 8, py + 4, str(table.asset_id[row])) if abnormal else "")
    return parts


def _valves(record: CaseRecord, view: _View) -> list[str]:
    case, valves = record.incident, record.city.network.valves
    closed, unable = set(case.closed_valves()), set(case.unable_valves())
    parts = []
    for step in case.plan.valves_to_close if case.plan else ():
        row = valves.row(step.asset_id) if valves.has(step.asset_id) else -1
        x, y = (float(valves.x[row]), float(valves.y[row])) if row >= 0 else (step.x, step.y)
        if view.sees(x, y):
            px, py = view.place(x, y)
            fill = "#1f8a57" if step.asset_id in closed else "#c8232c" if step.asset_id in unable else "#ffffff"
            parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="10" fill="{fill}" stroke="#1b1e22" stroke-width="2"/>')
            parts.append(_words(px, py + 4, str(step.order), anchor="middle", bold=True))
            parts.append(_words(px + 13, py - 6, step.asset_id))
    return parts


def _scale(view: _View) -> list[str]:
    longest = 180 / view.per_m
    step = 10 ** math.floor(math.log10(longest))
    metres = max(factor * step for factor in (1, 2, 5) if factor * step <= longest)
    length, y = metres * view.per_m, _H - 14
    bar = f'<line x1="14" y1="{y}" x2="{14 + length:.1f}" y2="{y}" stroke="#1b1e22" stroke-width="3"/>'
    return [bar, _words(14, y - 7, f"{metres:g} m")]


def _words(x: float, y: float, text: str, *, anchor: str = "start", bold: bool = False) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)[:40]
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="12"{weight} fill="#1b1e22" '
        f'font-family="Noto Sans CJK SC, Microsoft YaHei, sans-serif">{html.escape(plain)}</text>'
    )
