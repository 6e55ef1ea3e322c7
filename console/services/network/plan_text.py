"""Plans in plain text for a terminal, and the crews' schedule as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from maps.city import City
from maps.isolation import CrewPlace, IsolationPlan, schedule

_TEXT_ROWS = 20
_NAMED = 8


def schedule_json(city: City, plan: IsolationPlan, speed_kmh: float) -> dict[str, Any]:
    """Who closes which valve when, from the crews' bases; minutes count from now, "" is the desk."""
    crews = city.crews
    placed = np.flatnonzero(np.isfinite(crews.base_x) & np.isfinite(crews.base_y))
    places = [CrewPlace(str(crews.asset_id[n]), float(crews.base_x[n]), float(crews.base_y[n])) for n in placed]
    found = schedule(plan, places, speed_kmh=speed_kmh)
    steps = [
        {
            "crew": step.crew_id,
            "order": step.order,
            "asset_id": step.valve_id,
            "travel_minutes": step.travel_minutes,
            "begins": step.begins,
            "ends": step.ends,
        }
        for step in found.steps
    ]
    return {"minutes": found.minutes, "speed_kmh": found.speed_kmh, "travel": found.travel, "steps": steps}


def plan_text(answer: dict[str, Any]) -> str:
    """A plan's JSON as text lines."""
    lines = [f"burst {', '.join(answer['burst'])}: {_verdict(answer)}"]
    for step in answer["valves_to_close"]:
        size = f" DN{step['diameter_mm']:.0f}" if isinstance(step["diameter_mm"], float) else ""
        behind = f", holds back {', '.join(step['holds_back'])}" if step["holds_back"] else ""
        checked = step["last_checked"] or "never"
        work = f"{step['turns']:.0f} turns, {step['minutes']:.0f} min"
        doubt = f"; place in doubt: {step['placing']}" if step["placing"] else ""
        lines.append(f"  {step['order']}. {step['asset_id']}{size} ({step['reason']}{behind}; {work}; checked {checked}{doubt})")
    lines.append(
        f"  without water: {answer['households_without_water']} households, {len(answer['customers_without_water'])} customers "
        f"({len(answer['critical_customers'])} critical), {len(answer['zone_pipes'])} pipes, "
        f"{len(answer['dry_pocket_pipes'])} more in dry pockets; hydrants lost: {len(answer['hydrants_lost'])}"
    )
    lines += _uncertain(answer)
    for other in answer["alternatives"]:
        instead = ", ".join(other["more_valves"]) or "no other valve"
        verdict = f"{instead}; {other['households_without_water']} households" if other["isolatable"] else "cannot be isolated"
        lines.append(f"  if {other['cannot_close']} cannot be closed: {verdict}")
    lines += [f"  relies on {_relied(entry)}" for entry in answer["relies_on"]]
    if answer["reopen_candidates"]:
        pipes = set(answer["reopen_pipes"])
        named = ", ".join(f"{name} (pipe)" if name in pipes else name for name in answer["reopen_candidates"])
        lines.append(f"  could feed a dry pocket once open: {named}")
    if answer["reopen_feeds_burst"]:
        named = ", ".join(answer["reopen_feeds_burst"])
        lines.append(f"  before opening, shut the pocket off from the burst, or water runs there too: {named}")
    lines += [f"  {step['crew'] or 'desk'} #{step['order']}: {step['asset_id']}, {step['begins']:.0f}–{step['ends']:.0f} min"
              for step in answer.get("schedule", {}).get("steps", ())]  # fmt: skip
    lines += [f"  back {step['order']}: {step['action']} {step['asset_id']}".rstrip() for step in answer.get("restoring", ())]
    if "pressures" in answer:
        lines.append(_pressures(answer["pressures"]))
    return "\n".join([*lines, *(f"  warning: {text}" for text in answer["warnings"])])


def _uncertain(answer: dict[str, Any]) -> list[str]:
    """Entries listed because the data are uncertain."""
    lines = []
    if answer["without_supply_before"]:
        lines.append(
            f"  without supply before (by the data, which may be wrong): {len(answer['without_supply_before'])} pipes, "
            f"{answer['households_without_supply_before']} households: {', '.join(answer['without_supply_before'][:_NAMED])}"
        )
    unknown = [*answer["customers_piece_unknown"], *answer["hydrants_piece_unknown"]]
    if unknown:
        lines.append(f"  piece unknown, counted for every piece of their cut pipe: {len(unknown)}: {', '.join(unknown[:_NAMED])}")
    return lines


def _relied(entry: dict[str, Any]) -> str:
    marks = [entry["why"], f"checked {entry['last_checked'] or 'never'}"]
    marks += ["in series with another"] if entry["in_series"] else []
    marks += ["assumed"] if entry["assumed"] and entry["why"] != "assumed" else []
    marks += [f"place in doubt: {entry['placing']}"] if entry["placing"] else []
    beyond = f"; next to close beyond: {', '.join(entry['beyond'])}" if entry["beyond"] else ""
    return f"{entry['asset_id']} ({'; '.join(marks)}{beyond})"


def _pressures(found: dict[str, Any]) -> str:
    if not found["converged"]:
        return f"  pressures: no answer ({found['message']})"
    counts = [f"{len(found[name])} {name.replace('_', ' ')}" for name in ("without_water", "low_pressure")]
    tried = [f"{one['asset_id']} {'suffices' if one['suffices'] else 'is not enough'}" for one in found["reopening"]]
    reopened = f"; reopening {', '.join(tried)}" if tried else ""
    return f"  pressures at {found['at']}: customers {', '.join(counts)}, {found['unaffected']} unaffected{reopened}"


def _verdict(answer: dict[str, Any]) -> str:
    if not answer["isolatable"]:
        return f"cannot be isolated by valves, source inside: {', '.join(answer['sources_inside'])}"
    count = len(answer["valves_to_close"])
    return f"close {count} valve{'s' if count != 1 else ''}" if count else "no valve to close"


def segments_text(answer: dict[str, Any]) -> str:
    """The first rows of the city-wide list as text lines."""
    bare = len(answer["without_closable_boundary"])
    lines = [f"{answer['segments']} segments; {answer['not_isolatable']} not isolatable, {bare} without any closable boundary"]
    lines += [
        f"  {row['rank']}. {row['pipe']}: {row['households']} households, {row['valves']} valves, {row['pipes']} pipes"
        f"{'' if row['isolatable'] else ' (not isolatable)'}"
        for row in answer["plans"][:_TEXT_ROWS]
    ]
    for row in answer["critical_valves"][:_TEXT_ROWS]:
        lines.append(f"  {row['asset_id']}: in {row['plans']} plans, {row['households']} households")
    return "\n".join(lines)
