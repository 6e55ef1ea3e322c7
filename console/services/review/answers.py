"""An answer of the review page: facts with their verdicts, and tables; texts come from the catalogue (``review.*``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

from console.domain.notes import Note

Value: TypeAlias = str | int | float | bool | datetime | date | timedelta | tuple[str, ...] | Note | None
"""None: not recorded."""


class Verdict(StrEnum):
    """Result of a fact against its target; shown as text and shape, never by colour alone."""

    GOOD = "good"
    BAD = "bad"
    PLAIN = "plain"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: ``review.fact.<key>``. ``unit``: code such as ``kpa`` (``review.unit.*``); ``note``: a free text."""

    key: str
    value: Value
    unit: str = ""
    target: Value = None
    verdict: Verdict = Verdict.PLAIN
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: columns ``review.column.<key>``; cells as values, each column with a unit."""

    columns: tuple[str, ...]
    units: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One question of the review page: ``review.question.<key>``."""

    key: str
    facts: tuple[Fact, ...] = ()
    table: Rows | None = None


@cache
def targets() -> Mapping[str, Any]:
    """The table of targets in the resources (``rules/review.toml``)."""
    text = resources.files("resources").joinpath("rules", "review.toml").read_text("utf-8")
    return tomllib.loads(text)


def against(key: str, value: timedelta | None, target_minutes: float | None, note: str = "") -> Fact:
    """A duration against a target in minutes; no target, no verdict."""
    target = timedelta(minutes=target_minutes) if target_minutes else None
    if value is None:
        return Fact(key, None, "duration", target, Verdict.UNKNOWN, note)
    verdict = Verdict.PLAIN if target is None else Verdict.GOOD if value <= target else Verdict.BAD
    return Fact(key, value, "duration", target, verdict, note)


def known(key: str, value: Value, unit: str = "", note: str = "") -> Fact:
    """A fact without a target; None and empty texts are unknown."""
    missing = value is None or value in ("", ())
    return Fact(key, None if missing else value, unit, None, Verdict.UNKNOWN if missing else Verdict.PLAIN, note)
