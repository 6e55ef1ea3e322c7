"""Limits of pressure and water quality: dated data in the resources, a utility's own file overrides them."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from console.domain.alarms import Priority
from console.domain.limits import LimitRule, Limits
from console.domain.readings import CHANNEL_BY_NAME, Channel
from maps.city import City
from maps.errors import InputFault
from maps.units import kpa_from_mpa

_PLACES = ("any", "plant", "network")


@dataclass(frozen=True, slots=True)
class LimitTable:
    """``version`` and ``source`` of the overriding table, if any; ``rules`` in inside units."""

    version: str
    source: str
    rules: tuple[LimitRule, ...]

    @classmethod
    def load(cls, own: Path | None = None) -> LimitTable:
        """The table in the resources, overridden by a utility's own. Raises InputFault naming every wrong entry."""
        text = resources.files("resources").joinpath("rules", "limits.toml").read_text("utf-8")
        table = cls.read(text, "rules/limits.toml")
        if own is None:
            return table
        try:
            given = cls.read(own.read_text("utf-8"), str(own))
        except (OSError, UnicodeDecodeError) as fault:
            raise InputFault(f"{own}: cannot be read ({fault}); mend the setting limits_file") from fault
        replaced = {(rule.channel, rule.place) for rule in given.rules}
        kept = tuple(rule for rule in table.rules if (rule.channel, rule.place) not in replaced)
        # "any" first, so that a rule for one place overrides it.
        rules = sorted((*kept, *given.rules), key=lambda rule: rule.place != "any")
        return cls(given.version, given.source, tuple(rules))

    @classmethod
    def read(cls, text: str, name: str) -> LimitTable:
        """A table in TOML. Raises InputFault."""
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as fault:
            raise InputFault(f"{name}: {fault}") from fault
        wrong = [f"'{key}' is missing" for key in ("version", "source") if not str(table.get(key, "")).strip()]
        rules = []
        for number, entry in enumerate(table.get("limit", ()), start=1):
            try:
                rules.append(_rule(entry))
            except (ValueError, OverflowError) as fault:
                wrong.append(f"limit {number}: {fault}")
            except (KeyError, TypeError) as fault:
                wrong.append(f"limit {number}: {fault} is missing or no value")
        if wrong:
            raise InputFault(f"{name}: {'; '.join(wrong)}; compare rules/limits.toml of the program")
        return cls(str(table["version"]), str(table["source"]), tuple(rules))

    def of(self, channel: Channel, place: str) -> LimitRule | None:
        """The rule for a channel at a place, else that for any place."""
        found = {rule.place: rule for rule in self.rules if rule.channel is channel}
        return found.get(place) or found.get("any")


def station_limits(city: City, own: Path | None = None) -> Limits:
    """Limits of every station of a city. Raises InputFault for a wrong own file."""
    return Limits.of(city, LimitTable.load(own).rules)


def _rule(entry: Mapping[str, Any]) -> LimitRule:
    name, place, priority = str(entry["channel"]), str(entry.get("place", "any")), str(entry.get("priority", "medium"))
    if name not in CHANNEL_BY_NAME:
        raise ValueError(f"channel '{name}' is none of {', '.join(CHANNEL_BY_NAME)}")
    if place not in _PLACES:
        raise ValueError(f"place '{place}' is none of {', '.join(_PLACES)}")
    if priority.upper() not in Priority.__members__:
        raise ValueError(f"priority '{priority}' is none of {', '.join(p.name.lower() for p in Priority)}")
    channel = CHANNEL_BY_NAME[name]
    least, most = (_value(entry, key, channel) for key in ("least", "most"))
    if least is not None and most is not None and least >= most:
        raise ValueError(f"{name}: least {entry['least']} is not below most {entry['most']}")
    hysteresis = _value(entry, "hysteresis", channel) or 0.0
    return LimitRule(channel, place, least, most, hysteresis, Priority[priority.upper()], str(entry.get("article", "")))


def _value(entry: Mapping[str, Any], key: str, channel: Channel) -> float | None:
    if key not in entry:
        return None
    value = float(entry[key])
    if not math.isfinite(value):
        raise ValueError(f"{channel.name.lower()}: {key} is no number")
    return kpa_from_mpa(value) if channel is Channel.PRESSURE else value
