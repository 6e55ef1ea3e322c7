"""Effect of an earlier or another decision: isolation and hydraulics rerun on the recorded state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.incidents import PressureImpact
from console.services.review.answers import Answer, Rows, Value, known
from console.services.review.decisions import excavated
from console.services.review.record import CaseRecord
from maps.errors import InputFault
from maps.isolation import Isolator, ValveOverride
from maps.isolation.plan.result import IsolationPlan


@dataclass(frozen=True, slots=True)
class Outcome:
    """The alternative plan; ``impact`` None where the package has no hydraulic model, or EPANET failed."""

    plan: IsolationPlan
    impact: PressureImpact | None


def rerun(
    record: CaseRecord,
    *,
    pipes: Sequence[str] = (),
    closed: Sequence[str] = (),
    unable: Sequence[str] = (),
    at_s: float | None = None,
    hydraulics: bool = True,
) -> Outcome:
    """The plan for ``pipes`` (default: the case's final ones) with these valves assumed closed or not closable.

    Valves closed beyond the plan stay closed, unless other ``pipes`` are given: then no valve is assumed closed.
    Customers cut off by a valve closed for the case count.
    ``at_s``: second of the day for the pressures, default that of the case. Raises UnknownAsset, InputFault.
    """
    targets = tuple(pipes) or record.incident.target_pipes()
    if not targets:
        raise InputFault("the case names no pipe; say which with --pipe")
    record.city.network.valves.rows((*closed, *unable))
    overrides = {valve: ValveOverride(operable=False) for valve in unable}
    shut = dict.fromkeys([*closed, *(() if pipes else _strays(record, unable))])
    plan = Isolator(record.city).plan(targets, valves=overrides, alternatives=False, shut_by_crews=tuple(shut))
    return Outcome(plan, _impact(record, plan, at_s) if hydraulics else None)


def other_decisions(record: CaseRecord, hydraulics: bool = False) -> Answer:
    """Variants: as it was; the broken pipe judged at once; each stuck valve operable; the last valve failed too."""
    case = record.incident
    if case.plan is None:
        return Answer("what_if", (known("what_if", None),))
    asked: list[tuple[str, str, Outcome]] = []
    broken = excavated(record)
    if broken and record.city.network.pipes.has(broken):
        asked.append(("pipe_at_once", broken, rerun(record, pipes=[broken], hydraulics=hydraulics)))
    stuck = [valve for valve in case.unable_valves() if record.city.network.valves.has(valve)]
    for valve in stuck[:6]:
        others = [other for other in stuck if other != valve]
        asked.append(("valve_had_worked", valve, rerun(record, unable=others, hydraulics=hydraulics)))
    for step in case.plan.valves_to_close[:4]:
        if record.city.network.valves.has(step.asset_id):
            outcome = rerun(record, unable=[*stuck, step.asset_id], hydraulics=hydraulics)
            asked.append(("valve_had_failed", step.asset_id, outcome))
    rows: list[tuple[Value, ...]] = [("as_it_was", "", *_figures(case.plan))]
    rows += [(what, subject, *_figures(outcome.plan)) for what, subject, outcome in asked]
    columns = ("decision", "asset", "valves", "households", "people", "minutes", "critical")
    return Answer("what_if", (), Rows(columns, ("decision", "", "", "households", "people", "minutes", ""), tuple(rows)))


def _strays(record: CaseRecord, unable: Sequence[str]) -> list[str]:
    """Valves reported closed that the last plan does not list."""
    case = record.incident
    listed = {step.asset_id for step in case.plan.valves_to_close} if case.plan else set[str]()
    here = record.city.network.valves
    return [valve for valve in case.closed_valves() if valve not in listed and valve not in unable and here.has(valve)]


def _figures(plan: IsolationPlan) -> tuple[Value, ...]:
    minutes = None if plan.minutes is None else round(plan.minutes, 1)
    households, people = plan.households_without_water, plan.people_without_water
    return (len(plan.valves_to_close), households, people, minutes, len(plan.critical_customers))


def _impact(record: CaseRecord, plan: IsolationPlan, at_s: float | None) -> PressureImpact | None:
    city = record.city
    if city.epanet is None:
        return None
    from zoneinfo import ZoneInfo

    from maps.hydraulics.analysis.closing_impact import impact_of_closing
    from maps.hydraulics.session import EpanetSession

    local = record.incident.first_abnormal_at.astimezone(ZoneInfo(city.info.time_zone))
    with EpanetSession(city) as session:
        found = impact_of_closing(session, city, plan, local.hour * 3600 + local.minute * 60 if at_s is None else at_s)
    return PressureImpact(
        found.converged,
        city.customers.ids(found.unserved_customers),
        city.customers.ids(found.low_customers),
        int(city.customers.households[found.low_customers].sum()),
        message=found.message,
    )
