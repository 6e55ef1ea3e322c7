"""Texts on what a plan relies on: barriers with their last check, doubtful places, parts without supply, unknown pieces."""

from __future__ import annotations

from console.ui.panels.case.section import CaseView
from maps.isolation.plan.result import IsolationPlan, Reliance
from maps.isolation.plan.warnings import warnings_of

_SHOWN = 4


def doubt_words(view: CaseView, plan: IsolationPlan) -> list[str]:
    """Uncertain parts of the plan's data, a sentence each."""
    parts = []
    if plan.relies_on:
        shown = [_relied(view, entry) for entry in plan.relies_on[:_SHOWN]]
        more = " …" if len(plan.relies_on) > _SHOWN else ""
        parts.append(
            view.appearance.words("plan.relies", n=len(plan.relies_on), valves=view.appearance.words.listed(shown) + more)
        )
    doubtful = [step for step in plan.valves_to_close if step.placing]
    if doubtful:
        named = view.appearance.words.listed(
            f"{step.asset_id}{view.appearance.words('lists.aside', text=view.appearance.words.placing(step.placing))}"
            for step in doubtful[:_SHOWN]
        )
        parts.append(_text(view, "doubtful", n=len(doubtful), valves=named))
    if plan.without_supply_before:
        pipes, households = len(plan.without_supply_before), f"{plan.households_without_supply_before:,}"
        parts.append(_text(view, "without_supply", pipes=pipes, households=households))
    if plan.customers_piece_unknown or plan.hydrants_piece_unknown:
        counts = {"customers": len(plan.customers_piece_unknown), "hydrants": len(plan.hydrants_piece_unknown)}
        parts.append(_text(view, "piece_unknown", **counts))
    return parts


def warning_words(view: CaseView, plan: IsolationPlan) -> list[str]:
    """Warnings of a plan, a sentence each, in the reader's language."""
    said = []
    for warning in warnings_of(plan, view.city.network):
        relied = (_text(view, "warning_relied", name=one.asset_id, why=_text(view, f"why_{one.why}")) for one in warning.relied)
        said.append(
            _text(view, f"warning_{warning.key}", names=view.appearance.words.listed(warning.names or relied), n=warning.n)
        )
    return said


def tight_list(view: CaseView, plan: IsolationPlan) -> str:
    """Everything the plan relies on, a line each: why, last check, the next closable valves beyond."""
    lines = []
    for entry in plan.relies_on:
        beyond = (
            _text(view, "next_beyond", valves=view.appearance.words.listed(entry.beyond))
            if entry.beyond
            else _text(view, "none_beyond")
        )
        lines.append(f"{_relied(view, entry)} → {beyond}")
    return "\n".join(lines)


def _relied(view: CaseView, entry: Reliance) -> str:
    words = view.appearance.words
    checked = words("plan.checked", date=entry.last_checked) if entry.last_checked else words("plan.never_checked")
    why = [_text(view, f"why_{entry.why}")]
    why += [_text(view, "in_series")] if entry.in_series else []
    why += [_text(view, "why_assumed")] if entry.assumed and entry.why != "assumed" else []
    why += [_text(view, "doubtful_short")] if entry.placing else []
    return _text(view, "relies_why", valve=entry.asset_id, why=view.appearance.words.listed(why), checked=checked)


def _text(view: CaseView, key: str, **params: object) -> str:
    return view.appearance.words.catalogue.text(f"tools.plan.{key}", **params)
