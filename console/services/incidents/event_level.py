"""Event level I–IV of a case and the clock of its reports, from a dated table; a city may replace it by its own."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

from console.domain.incidents import Incident
from maps.errors import InputFault

_BOUNDS = ("households", "hours", "diameter_mm", "critical_customers")


@dataclass(frozen=True, slots=True)
class EventLevel:
    """Level ``I`` … ``IV``; ``reached``: which bounds were reached (``households`` …, empty for the lowest).

    Reports: ``first_due``, then every ``continued_every`` until the case is closed, then ``final_due`` (None before).
    """

    name: str
    reached: tuple[str, ...]
    first_due: datetime
    continued_every: timedelta
    final_due: datetime | None
    source: str


@dataclass(frozen=True, slots=True)
class LevelTable:
    """The levels, the most severe first. ``version`` and ``source`` are shown with the level."""

    version: str
    source: str
    levels: tuple[Mapping[str, Any], ...]

    @classmethod
    def load(cls, text: str | None = None) -> LevelTable:
        """The table in the resources, or in ``text`` (TOML). Raises InputFault that names the fault."""
        if text is None:
            text = resources.files("resources").joinpath("rules", "event_levels.toml").read_text("utf-8")
        try:
            table = tomllib.loads(text)
            levels = tuple({**row, **{key: float(row[key]) for key in _BOUNDS if key in row}} for row in table["level"])
            if not levels or any(key not in row for row in levels for key in ("name", "first_report_minutes")):
                raise ValueError("each level needs a name and its report times")
            return cls(str(table["version"]), str(table["source"]), levels)
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
            raise InputFault(f"rules/event_levels.toml: {fault!r}; compare it with the one that came with the program") from fault

    def level_of(self, incident: Incident) -> EventLevel:
        """The level of a case by its present plan and estimate."""
        figures = _figures(incident)
        for row in self.levels:
            reached = tuple(key for key in _BOUNDS if key in row and figures[key] >= row[key] > 0)
            if reached or row is self.levels[-1]:
                break
        start = incident.verified_at or incident.opened_at
        final = None if incident.closed_at is None else incident.closed_at + timedelta(hours=float(row["final_report_hours"]))
        return EventLevel(
            name=str(row["name"]),
            reached=reached,
            first_due=start + timedelta(minutes=float(row["first_report_minutes"])),
            continued_every=timedelta(hours=float(row["continued_report_hours"])),
            final_due=final,
            source=f"{self.source} ({self.version})",
        )


def _figures(incident: Incident) -> dict[str, float]:
    plan, place = incident.plan, incident.place
    start = incident.verified_at or incident.opened_at
    diameter = place.diameter_mm if place is not None and math.isfinite(place.diameter_mm) else 0.0
    return {
        "households": float(plan.households_without_water) if plan else 0.0,
        "hours": (incident.restoration_at - start).total_seconds() / 3600.0 if incident.restoration_at else 0.0,
        "diameter_mm": diameter,
        "critical_customers": float(len(plan.critical_customers)) if plan else 0.0,
    }
