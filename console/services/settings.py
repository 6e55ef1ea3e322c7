"""Settings of a utility for its desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from console.domain.targets import Targets


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """Settings of the desk.

    ``site``: the topic's site, "" = the city's. Crew speed is door to door, in town. Thresholds of alarm priority: a burst is
    critical from ``critical_diameter_mm`` or ``critical_households`` on, with any critical customer without water, or when no
    valves can isolate it. ``same_case_minutes``: how long a dismissed finding stays dismissed. ``limits_file``: the utility's own
    limits of pressure and water quality (TOML, as rules/limits.toml). ``signs_in``: the store has users, so that people act
    only with a password. ``targets``: of cases, with warnings before them; ``supervisor_address``: messages of missed targets
    go to it, "" for nobody. ``area_minutes``: an area's terminal acknowledges a case within this time, else the centre is
    alarmed; 0: the utility has no such terminals. ``order_resend_minutes``: an order that its crew has not answered is sent again
    after this time, then after twice that, up to a quarter of an hour; 0: never. ``crew_silent_minutes``: a crew without an order
    of which nothing was heard for this time is silent, not free; 0: none is. ``news_minutes``: callers are promised news of a
    running case so often; 0: no time is promised. ``repeat_back_minutes``: a dispatch order that is not
    repeated back within this time is reported; 0: never.
    """

    site: str = ""
    hotline: str = ""
    issuer: str = ""
    crew_speed_kmh: float = 25.0
    critical_diameter_mm: float = 500.0
    critical_households: int = 1000
    same_case_minutes: float = 30.0
    is_drill: bool = False
    alternatives: bool = True
    signs_in: bool = False
    limits_file: Path | None = None
    targets: Targets = field(default_factory=Targets)
    supervisor_address: str = ""
    area_minutes: float = 0.0
    order_resend_minutes: float = 2.0
    crew_silent_minutes: float = 30.0
    news_minutes: float = 60.0
    repeat_back_minutes: float = 0.0
