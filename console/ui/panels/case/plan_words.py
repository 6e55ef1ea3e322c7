"""Texts about a plan: why each valve, what it relies on, who closes what, conflicts, restoring."""

from __future__ import annotations

from console.domain.incidents import Phase, ReopenCheck
from console.services.crews.valve_assignment import FROST_MINUTES, dealt, is_frost, without_card
from console.services.network.what_if import WHAT_IF_ID
from console.ui.panels.case.reliance_words import doubt_words, warning_words
from console.ui.panels.case.section import CaseView
from maps.isolation import Schedule, restoring
from maps.isolation.plan.result import IsolationPlan

_REOPENED = 4
_RESTORING = (Phase.REPAIRING, Phase.RESTORING)


def hydraulics_state(view: CaseView) -> str:
    """State of the pressures after closing: pending, done, failed; untried for a what-if, which is not computed."""
    if view.incident.incident_id == WHAT_IF_ID:
        return "untried"
    impact = view.incident.impact
    if impact is None:
        return "pending"
    return "done" if impact.converged else "failed"


def why_words(view: CaseView, plan: IsolationPlan, valve_id: str) -> str:
    """Why a valve is in the plan and what would follow if it could not be closed."""
    words = view.appearance.words
    step = next((s for s in plan.valves_to_close if s.asset_id == valve_id), None)
    if step is None:
        return ""
    parts = [f"{valve_id}: {words.of('valve_reason', step.reason)}"]
    if step.holds_back:
        parts.append(words("plan.holds_back", sources=words.listed(step.holds_back[:4])))
    if step.beyond:
        parts.append(_text(view, "beyond", pipes=words.listed(_pipe(view, pipe) for pipe in step.beyond)))
    if step.assumed:
        parts.append(words("plan.assumed"))
    if step.placing:
        parts.append(_text(view, "placing", reasons=words.placing(step.placing)))
    parts.append(words("plan.checked", date=step.last_checked) if step.last_checked else words("plan.never_checked"))
    other = next((a for a in plan.alternatives if a.cannot_close == valve_id), None)
    if other is not None and other.isolatable:
        parts.append(
            words("plan.instead", valves=words.listed(other.more_valves) or "–", households=f"{other.households_without_water:,}")
        )
    elif other is not None:
        parts.append(words("plan.no_instead"))
    return words.clauses(parts)


def trust_words(view: CaseView, plan: IsolationPlan) -> str:
    """What the plan relies on without closing it, lost hydrants, dry pockets, tanks, warnings."""
    words, parts = view.appearance.words, []
    if plan.dry_pocket_pipes:
        parts.append(words("plan.pockets", n=len(plan.dry_pocket_pipes)))
    parts += doubt_words(view, plan)
    if plan.hydrants_lost:
        parts.append(words("plan.hydrants", n=len(plan.hydrants_lost)))
    if plan.pumps_to_stop:
        parts.append(words("plan.pumps", pumps=words.listed(plan.pumps_to_stop)))
    for tank in plan.limited_by_tank:
        hours = f"{tank.hours:.1f}" if tank.hours is not None else "?"
        parts.append(words("plan.tank", tank=tank.asset_id, hours=hours))
    impact = view.incident.impact
    if impact is not None and not impact.converged:
        parts.append(words("plan.hydraulics_message", message=impact.message))
    return words.clauses([*parts, *warning_words(view, plan)])


def cards_words(view: CaseView) -> str:
    """Which crew was sent which valve cards and when, what was withdrawn, and valves that are on no card."""
    words, incident = view.appearance.words, view.incident
    names = {fix.crew_id: fix.name for fix in view.picture.crews}
    lines = []
    for one in incident.cards:
        left = [valve for valve in one.valves if valve not in one.withdrawn]
        crew, time = names.get(one.crew_id) or one.crew_id, words.stamp(one.at, view.now)
        line = words("plan.cards_at", crew=crew, time=time, valves=words.listed(left) or "–")
        gone = words("plan.cards_withdrawn", valves=words.listed(one.withdrawn)) if one.withdrawn else ""
        lines.append(line + gone)
    missing = without_card(incident)
    if missing:
        lines.append(words("plan.cards_missing", valves=words.listed(missing)))
    return "\n".join(lines)


def around_words(view: CaseView, plan: IsolationPlan, found: Schedule | None = None) -> str:
    """Conflicts with other plans, candidates by segment, other ways, and while it is time for it the way back; a line each."""
    lines = [*_conflicts(view), *_parts(view), *_nobody(view, found), *_throttling(view, plan), *_reopening(view, plan)]
    if view.incident.phase in _RESTORING:
        lines += _way_back(view, plan)
    return "\n".join(lines)


def _text(view: CaseView, key: str, **params: object) -> str:
    return view.appearance.words.catalogue.text(f"tools.plan.{key}", **params)


def _pipe(view: CaseView, pipe_id: str) -> str:
    """A pipe as people find it: its road and size where known."""
    pipes = view.city.network.pipes
    if not pipes.has(pipe_id):
        return pipe_id
    row = pipes.row(pipe_id)
    size = view.appearance.words.pipe(float(pipes.diameter_mm[row]), "", None)
    named = " ".join(part for part in (str(pipes.road_name[row]), size) if part)
    return pipe_id + view.appearance.words("lists.aside", text=named) if named else pipe_id


def _conflicts(view: CaseView) -> list[str]:
    return [
        "! "
        + _text(
            view,
            "conflict",
            cases=view.appearance.words.listed(conflict.with_incidents),
            households=f"{conflict.households:,}",
            critical=len(conflict.critical),
        )
        for conflict in view.incident.conflicts
    ] + _outages(view)


def _outages(view: CaseView) -> list[str]:
    """Planned outages that, while this plan is in force, leave more people without water than both alone."""
    words, case = view.appearance.words, view.incident.incident_id
    return [
        "! "
        + _text(
            view,
            "outage",
            outage=one.outage_id,
            start=words.hour(one.starts_at, view.now),
            end=words.hour(one.ends_at, view.now),
            households=f"{sum(found.households for found in one.conflicts if case in found.with_incidents):,}",
            critical=len({each for found in one.conflicts if case in found.with_incidents for each in found.critical}),
        )
        for one in view.outages
    ]


def _parts(view: CaseView) -> list[str]:
    parts = view.incident.parts
    if parts is None:
        return []
    pipes = sum(len(segment) for segment, _ in parts.segments)
    lines = [_text(view, "parts", pipes=pipes, segments=len(parts.segments), covered=f"{parts.covered:.0%}")]
    return (
        [*lines, _text(view, "common", valves=view.appearance.words.listed(parts.common_valves))]
        if parts.common_valves
        else lines
    )


def _reopening(view: CaseView, plan: IsolationPlan) -> list[str]:
    """Closed valves that could feed the dry pockets, in one line, each with the hydraulic result once there is one."""
    impact = view.incident.impact
    checks = {check.valve_id: check for check in impact.reopening} if impact is not None else {}
    if not plan.reopen_candidates or view.incident.incident_id == WHAT_IF_ID:
        return []
    ordered = [*checks, *(valve for valve in plan.reopen_candidates if valve not in checks and valve not in plan.reopen_pipes)]
    ordered += [_text(view, "reopen_pipe", pipe=pipe) for pipe in plan.reopen_pipes]
    named = view.appearance.words.listed(_reopened(view, valve, checks.get(valve)) for valve in ordered[:_REOPENED])
    more = " …" if len(ordered) > _REOPENED else ""
    lines = [_text(view, "reopen_head" if checks else "reopen_unchecked", valves=named + more)]
    if plan.reopen_feeds_burst:
        lines.append(_text(view, "reopen_feeds_burst", valves=view.appearance.words.listed(plan.reopen_feeds_burst[:_REOPENED])))
    return lines


def _reopened(view: CaseView, valve: str, check: ReopenCheck | None) -> str:
    if check is None or check.suffices is None:
        return valve
    key = "reopen_suffices" if check.suffices else "reopen_short"
    return _text(view, key, valve=valve, served=check.served, low=check.low, dry=check.dry)


def crews_for(view: CaseView, plan: IsolationPlan) -> Schedule | None:
    """Who closes what is left; None when there is nothing left to close, or it is time for the way back."""
    if view.incident.phase in _RESTORING or not plan.valves_to_close:
        return None
    found = dealt(view.incident, plan, view.picture.crews, view.city.info.time_zone)
    return found if found.steps or found.minutes is None else None


def crew_names(view: CaseView, found: Schedule | None) -> dict[str, str]:
    """Per valve who closes it and as which of theirs: "crew 2 ①" in words."""
    names = {fix.crew_id: fix.name or fix.crew_id for fix in view.picture.crews}
    steps = found.steps if found is not None else ()
    return {step.valve_id: f"{names.get(step.crew_id, '') or _text(view, 'desk')} #{step.order}" for step in steps}


def crews_words(view: CaseView, found: Schedule) -> str:
    """The schedule in full, with what it assumes."""
    names = {fix.crew_id: fix.name or fix.crew_id for fix in view.picture.crews}
    by_crew: dict[str, list[str]] = {}
    for step in sorted(found.steps, key=lambda one: one.order):
        times = {"begins": f"{step.begins:.0f}", "ends": f"{step.ends:.0f}"}
        text = _text(view, "crew_step", order=step.order, valve=step.valve_id, **times)
        by_crew.setdefault(names.get(step.crew_id, "") or _text(view, "desk"), []).append(text)
    shares = [_text(view, "crew_line", crew=crew, steps=" → ".join(steps)) for crew, steps in by_crew.items()]
    frost = is_frost(view.incident, view.city.info.time_zone)
    said = _text(view, "frost", minutes=f"{FROST_MINUTES:g}") if frost else ""
    minutes = view.appearance.words.minutes(found.minutes)
    return _text(view, "crews", speed=f"{found.speed_kmh:g}", minutes=minutes, shares="\n".join(shares), frost=said)


def _nobody(view: CaseView, found: Schedule | None) -> list[str]:
    return [_text(view, "nobody")] if found is not None and found.minutes is None else []


def _throttling(view: CaseView, plan: IsolationPlan) -> list[str]:
    """Repair under pressure beside full closing, where closing costs critical customers or cannot isolate."""
    sized = [step for step in plan.valves_to_close if step.diameter_mm is not None]
    if view.incident.phase in _RESTORING or not sized or (plan.isolatable and not plan.critical_customers):
        return []
    largest = max(sized, key=lambda step: step.diameter_mm or 0.0)
    return [_text(view, "throttling", valve=largest.asset_id)]


def _way_back(view: CaseView, plan: IsolationPlan) -> list[str]:
    steps = restoring(view.city, plan)
    return [_text(view, "restoring"), *(f"{step.order}. {_text(view, step.action, asset=step.asset_id)}" for step in steps)]
