"""Remarks for a supervisor before signing a notice: rules that it does not meet, in words.

Remarks never block a notice; the dispatcher decides.
"""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from console.documents.cap import closed_rings
from console.documents.wording import facts_in_words
from console.domain.notices import NoticeFacts, NoticeKind
from resources.texts import Catalogue


def remarks(facts: NoticeFacts, now: datetime, language: str) -> tuple[str, ...]:
    """Remarks on the facts at ``now`` (aware), the most serious first; empty without any."""
    catalogue, rules = Catalogue.load(language), _rules()
    hours = int(rules["planned"]["notice_hours_ahead"])
    long_hours = int(rules["long_outage"]["hours"])
    short_notice = facts.kind is NoticeKind.PLANNED and facts.starts_at - now < timedelta(hours=hours)
    outage = facts.expected_end - facts.starts_at
    nobody = not (facts.no_water_communities or facts.low_pressure_communities or facts.roads)
    found = (
        ("window", outage <= timedelta(0) or facts.expected_end <= now),
        ("short_notice", short_notice),
        ("supply", outage > timedelta(hours=long_hours)),
        ("nobody", nobody),
        ("hotline", not facts.hotline.strip()),
        ("issuer", not facts.issuer.strip()),
        ("fire_brigade", facts.fire_brigade),
        ("estimated", facts.estimated_customers),
        ("without_supply", facts.households_without_supply_before > 0),
        ("piece_unknown", facts.customers_piece_unknown > 0),
        ("no_outline", not closed_rings(facts.affected_wgs84)),
    )
    figures = {
        "hours": hours,
        "long_hours": long_hours,
        "without_supply": facts.households_without_supply_before,
        "piece_unknown": facts.customers_piece_unknown,
    }
    return tuple(catalogue.text(f"documents.remark.{key}", **figures) for key, holds in found if holds)


def left_out(facts: NoticeFacts, text: str, of_text: str, language: str) -> tuple[str, ...]:
    """Facts that an edited text no longer contains, in the words of ``language``; ``of_text``: language of the text."""
    wanted, said = _rules()["wording"]["must_contain"], facts_in_words(facts, of_text)
    missing = [name for part in wanted for name in said[part] if name and name not in text]
    return (Catalogue.load(language).text("documents.remark.left_out", names="、".join(missing)),) if missing else ()


@cache
def _rules(name: str = "notice_jinan") -> dict[str, Any]:
    """A table of rules merged over the table that it extends."""
    table = tomllib.loads(resources.files("resources").joinpath("rules", f"{name}.toml").read_text("utf-8"))
    return _rules(table["extends"]) | table if "extends" in table else table
