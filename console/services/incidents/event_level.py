"""Event level I–IV of a case and the clock of its reports, from a dated table; a city may replace it by its own."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

from console.domain.incidents import Incident
from maps.errors import InputFault

_BOUNDS = ("households", "hours", "diameter_mm", "critical_customers")


@dataclass(frozen=True, slots=True)
class EventLevel:
    """Level ``I`` … ``IV``; ``reached``: bounds of the proposed level that were reached (``households`` …, none for the lowest).

    ``proposed``: what the rules give; ``name`` differs where somebody set another one (``by``, ``ground``). ``figures``: what the
    bounds are compared with, by bound. ``tell``: codes of the bodies that are told.
    Reports: ``first_due``, then every ``continued_every`` until the case is closed, then ``final_due`` (None before).
    """

    name: str
    reached: tuple[str, ...]
    first_due: datetime
    continued_every: timedelta
    final_due: datetime | None
    source: str
    proposed: str = ""
    by: str = ""
    ground: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    tell: tuple[str, ...] = ()
    final_after: timedelta = timedelta()

    @property
    def is_by_hand(self) -> bool:
        """Whether a person set it."""
        return bool(self.by)


@dataclass(frozen=True, slots=True)
class LevelTable:
    """The levels, the most severe first. ``version`` and ``source`` are shown with the level.

    ``recipients``: (Chinese, English) names of the bodies by code.
    """

    version: str
    source: str
    levels: tuple[Mapping[str, Any], ...]
    recipients: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the levels, the most severe first."""
        return tuple(str(row["name"]) for row in self.levels)

    def recipient(self, code: str, language: str) -> str:
        """A body's name in ``language``; a code that the table does not have is its own name."""
        zh, en = self.recipients.get(code, (code, code))
        return zh if language == "zh_CN" else en

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
            recipients = {str(row["code"]): (str(row["zh"]), str(row["en"])) for row in table.get("recipient", ())}
            unknown = sorted({code for row in levels for code in row.get("tell", ()) if code not in recipients})
            if unknown:
                raise ValueError(f"no recipient {', '.join(unknown)}")
            return cls(str(table["version"]), str(table["source"]), levels, recipients)
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
            raise InputFault(f"rules/event_levels.toml: {fault!r}; compare it with the one that came with the program") from fault

    def told_at(self, name: str) -> tuple[str, ...]:
        """Codes of the bodies that a level's reports go to."""
        return next((tuple(row.get("tell", ())) for row in self.levels if row["name"] == name), ())

    def level_of(self, incident: Incident) -> EventLevel:
        """The level of a case by its present plan and estimate."""
        figures = _figures(incident)
        for row in self.levels:
            reached = tuple(key for key in _BOUNDS if key in row and figures[key] >= row[key] > 0)
            if reached or row is self.levels[-1]:
                break
        proposed, by_hand = str(row["name"]), incident.level_by_hand
        set_row = next((one for one in self.levels if by_hand is not None and one["name"] == by_hand.name), None)
        held = row if set_row is None else set_row
        start = incident.verified_at or incident.opened_at
        final_after = timedelta(hours=float(held["final_report_hours"]))
        return EventLevel(
            name=str(held["name"]),
            reached=reached,
            first_due=start + timedelta(minutes=float(held["first_report_minutes"])),
            continued_every=timedelta(hours=float(held["continued_report_hours"])),
            final_due=None if incident.closed_at is None else incident.closed_at + final_after,
            source=f"{self.source} ({self.version})",
            proposed=proposed,
            by=by_hand.by if by_hand is not None and set_row is not None else "",
            ground=by_hand.ground if by_hand is not None and set_row is not None else "",
            figures=figures,
            tell=tuple(held.get("tell", ())),
            final_after=final_after,
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
