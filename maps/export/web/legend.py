"""Colours, words, title strip and legend of the web map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from maps.columns import Floats
from maps.export.web.escaping import safe

COLOURS: Mapping[str, str] = {
    "ground": "#f2f1ee",
    "water": "#d5e0e8",
    "road": "#d9d7d2",
    "zone": "#c62828",
    "dry_pocket": "#d9790b",
    "candidates": "#c2187e",
    "stations": "#5a6b7a",
    "abnormal": "#d32f2f",
    "critical": "#6a1b9a",
    "valves": "#ffffff",
    "no_water": "#c62828",
    "low_pressure": "#a07800",
    "halo": "#ffffff",
}
COLOURS_OF_CASE: Mapping[str, str] = {**COLOURS, "crew": "#1565d8", "customers": "#8a3b3b", "burst": "#101418"}

WIDTH_CLASSES: tuple[tuple[float, float, str], ...] = (
    (0.0, 1.0, "#a3b1bc"),
    (150.0, 1.6, "#8699a8"),
    (300.0, 2.6, "#66808f"),
    (800.0, 4.5, "#456172"),
)
"""(from mm, weight in px, colour) of each width class; thin pipes are pale."""

_ENGLISH: Mapping[str, str] = {
    "water": "Water",
    "roads": "Roads",
    "pipes_0": "Pipes < DN150",
    "pipes_1": "Pipes DN150–DN300",
    "pipes_2": "Pipes DN300–DN800",
    "pipes_3": "Pipes ≥ DN800",
    "zone": "Shut off by the plan",
    "dry_pocket": "Dry pocket",
    "candidates": "Burst may be here (darker: more likely)",
    "stations": "Stations",
    "abnormal": "Abnormal stations",
    "critical": "Critical customers without water",
    "valves": "Valves to close, in order",
    "no_water": "No water",
    "low_pressure": "Low pressure",
    "drill": "DRILL",
    "synthetic": "SYNTHETIC DATA",
    "assumed": "assumed",
    "not_georeferenced": "not georeferenced",
    "legend": "Legend",
}


@dataclass(frozen=True, slots=True)
class MapWords:
    """Words of the map in one language; English where ``texts`` has none. ``critical``: kinds of critical customers."""

    texts: Mapping[str, str] = field(default_factory=dict)
    critical: Mapping[str, str] = field(default_factory=dict)

    def of(self, key: str) -> str:
        """Text of a layer or label, by its key."""
        return self.texts.get(key) or _ENGLISH.get(key, key)

    def critical_of(self, code: str) -> str:
        """Text of a kind of critical customer; its code without one."""
        return self.critical.get(code, code)


def width_class(diameter_mm: Floats) -> NDArray[np.int64]:
    """Width class of each pipe, (n,); the thinnest for an unknown diameter."""
    bounds = [least for least, _, _ in WIDTH_CLASSES[1:]]
    return np.asarray(np.searchsorted(bounds, np.nan_to_num(diameter_mm, nan=0.0), side="right"), dtype=np.int64)


def strip(title: str, badges: Sequence[str]) -> str:
    """The strip at the top, as HTML: title and warning labels, with the page's style."""
    marks = "".join(f'<span class="qm-badge">{safe(badge)}</span>' for badge in badges)
    return f'{_STYLE}<div class="qm-strip"><b>{safe(title)}</b>{marks}</div>'


def legend(used: Sequence[str], words: MapWords, attribution: str = "") -> str:
    """The legend of the given layers, as HTML."""
    rows = "".join(f"<li>{_swatch(name)}{safe(words.of(name))}</li>" for name in used if name not in ("water", "roads"))
    source = f'<div class="qm-source">{safe(attribution)}</div>' if attribution else ""
    return f'<div class="qm-legend"><b>{safe(words.of("legend"))}</b><ul>{rows}</ul>{source}</div>'


def _swatch(name: str) -> str:
    if name.startswith("pipes_"):
        _, weight, colour = WIDTH_CLASSES[int(name.removeprefix("pipes_"))]
        return f'<i style="height:{weight}px;background:{colour}"></i>'
    if name == "valves":
        return '<i class="qm-dot qm-ring"></i>'
    shape = ' class="qm-dot"' if name in ("stations", "abnormal", "critical") else ""
    height = "" if shape else "height:8px;"
    return f'<i{shape} style="{height}background:{COLOURS[name]}"></i>'


_STYLE = """<style>
.qm-strip{position:fixed;z-index:1000;top:10px;left:54px;right:64px;font:16px/1.5 "Noto Sans CJK SC","Microsoft YaHei",sans-serif;
 pointer-events:none;color:#1b1e22}
.qm-strip b{background:#fffd;padding:4px 10px;border-radius:3px}
.qm-badge{background:#b3261e;color:#fff;font-weight:700;padding:4px 10px;border-radius:3px;margin-left:8px}
.qm-legend{position:fixed;z-index:1000;left:10px;bottom:70px;background:#fffe;padding:8px 12px;border-radius:3px;color:#1b1e22;
 font:13px/1.5 "Noto Sans CJK SC","Microsoft YaHei",sans-serif;box-shadow:0 1px 3px #0003}
.qm-legend ul{list-style:none;margin:4px 0 0;padding:0}
.qm-legend li{display:flex;align-items:center}
.qm-legend i{display:inline-block;width:22px;margin-right:8px}
.qm-legend i.qm-dot{width:12px;height:12px;border-radius:50%;margin:0 13px 0 5px}
.qm-legend i.qm-ring,.qm-valve{background:#fff;border:2px solid #1b1e22;box-sizing:border-box}
.qm-valve{width:24px;height:24px;border-radius:50%;font:700 13px/20px sans-serif;text-align:center;color:#1b1e22}
.qm-doubt{background:#f2d94a}
.qm-source{color:#666;font-size:11px;margin-top:4px}
</style>"""
