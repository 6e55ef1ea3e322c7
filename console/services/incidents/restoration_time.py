"""Estimated time of restoration: a dated table over diameter, material and season; can be set by hand."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from maps.errors import InputFault


@dataclass(frozen=True, slots=True)
class RestorationTable:
    """``hours_by_diameter``: (up to mm, hours), rising; ``materials``: (words, factor); ``months``: factor by month.

    ``version`` and ``source`` are shown with every estimate.
    """

    version: str
    source: str
    hours_by_diameter: tuple[tuple[float, float], ...]
    materials: tuple[tuple[tuple[str, ...], float], ...]
    months: Mapping[int, float]
    filling_share: float
    round_minutes: int

    @classmethod
    def load(cls, text: str | None = None) -> RestorationTable:
        """The table in the resources, or in ``text`` (TOML). Raises InputFault that names the fault."""
        if text is None:
            text = resources.files("resources").joinpath("rules", "restoration.toml").read_text("utf-8")
        try:
            table = tomllib.loads(text)
            return cls._of(table)
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
            raise InputFault(f"rules/restoration.toml: {fault!r}; compare it with the one that came with the program") from fault

    @classmethod
    def _of(cls, table: Mapping[str, Any]) -> RestorationTable:
        return cls(
            version=str(table["version"]),
            source=str(table["source"]),
            hours_by_diameter=tuple(sorted((float(row["up_to_mm"]), float(row["hours"])) for row in table["diameter"])),
            materials=tuple((tuple(row["words"]), float(row["factor"])) for row in table.get("material", ())),
            months={month: float(row["factor"]) for row in table.get("season", ()) for month in row["months"]},
            filling_share=float(table["filling"]["share"]),
            round_minutes=int(table["round_minutes"]),
        )

    def hours(self, diameter_mm: float, material: str, month: int) -> float:
        """Hours from the crew's arrival to restoration; an unknown diameter counts as the middle of the table."""
        rows = self.hours_by_diameter
        known = math.isfinite(diameter_mm) and diameter_mm > 0
        repair = next((hours for up_to, hours in rows if diameter_mm <= up_to), rows[-1][1]) if known else rows[len(rows) // 2][1]
        return repair * self._material_factor(material) * self.months.get(month, 1.0) * (1.0 + self.filling_share)

    def expected_end(
        self, diameter_mm: float, material: str, start: datetime, time_zone: str, travel_minutes: float = 0.0
    ) -> datetime:
        """Estimated time of restoration (in ``start``'s zone), rounded up; the season is by the city's calendar."""
        month = start.astimezone(ZoneInfo(time_zone)).month
        end = start + timedelta(minutes=travel_minutes, hours=self.hours(diameter_mm, material, month))
        step = timedelta(minutes=self.round_minutes)
        past = timedelta(minutes=end.minute % self.round_minutes, seconds=end.second, microseconds=end.microsecond)
        return end if not past else end - past + step

    def _material_factor(self, material: str) -> float:
        return next((factor for words, factor in self.materials if any(_names(word, material) for word in words)), 1.0)


def _names(word: str, material: str) -> bool:
    """Chinese words anywhere, Latin codes at the start of a word: ``DI`` names ``DIP``, not ``medium``."""
    word, material = word.casefold(), material.casefold()
    if not word.isascii():
        return word in material
    return any(token.startswith(word) for token in re.split(r"[^a-z0-9]+", material))
