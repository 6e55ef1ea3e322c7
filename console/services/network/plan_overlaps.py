"""``quanmai isolate --overlap``: plans with their time windows, judged jointly where they overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from console.services.network.isolation_requests import numbered_lines, plan_of
from maps.city import City
from maps.errors import InputFault, QuanmaiError
from maps.isolation import IsolationPlan, Isolator, Window, overlapping


def answer_overlaps(city: City, path: Path) -> dict[str, Any]:
    """Groups of requests (one JSON object a line: as for ``--batch``, with ``id``, ``starts`` and ``ends``) that overlap.

    Each group's conflict is the part that is dry under all plans but under none alone:
    ``{"plans":[…],"pipes":[…],"customers":[…],…}``. Times without an offset are the city's wall clock. Raises InputFault, which
    names every faulty line.
    """
    isolator, zone = Isolator(city), ZoneInfo(city.info.time_zone)
    plans: dict[str, IsolationPlan] = {}
    windows: list[Window] = []
    faults: list[str] = []
    for number, request in numbered_lines(path):
        try:
            window, plan = _planned(isolator, request(), zone)
            if window.plan_id in plans:
                raise InputFault(f"id {window.plan_id!r} is already used by an earlier line")
        except QuanmaiError as fault:
            faults.append(f"line {number}: {fault}")
            continue
        plans[window.plan_id] = plan
        windows.append(window)
    if faults:
        raise InputFault(f"{path}: {'; '.join(faults[:5])}")
    groups = overlapping(windows)
    found = [{"plans": list(group), **asdict(isolator.conflict([plans[one] for one in group]))} for group in groups]
    return {
        "plans": {name: {"valves": [s.asset_id for s in plan.valves_to_close]} for name, plan in plans.items()},
        "overlapping": [list(group) for group in groups],
        "conflicts": [entry for entry in found if entry["pipes"]],
    }


def _planned(isolator: Isolator, request: Mapping[str, Any], zone: ZoneInfo) -> tuple[Window, IsolationPlan]:
    asked = dict(request)
    name = asked.pop("id", None)
    if not isinstance(name, str) or not name:
        raise InputFault('"id" must be a text that names the plan')
    starts, ends = (_time(asked.pop(key, None), key, zone) for key in ("starts", "ends"))
    if starts >= ends:
        raise InputFault(f"{name}: ends must be later than starts")
    return Window(name, starts, ends), plan_of(isolator, asked)


def _time(value: object, key: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError as fault:
        raise InputFault(f'"{key}" must be a time such as 2024-01-03T23:00+08:00, not {value!r}') from fault
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)
