"""A plan's warnings in the reader's language; the plan itself keeps them in English, for JSON and for the log."""

from __future__ import annotations

from console.ui.panels.case.section import CaseView
from maps.isolation.result import IsolationPlan
from maps.isolation.warnings import MOST_ALTERNATIVES
from maps.network import NodeKind

_SHOWN = 8


def warning_words(view: CaseView, plan: IsolationPlan) -> list[str]:
    """One sentence for each warning of the plan, in its order."""
    if not plan.warnings:
        return []
    parts, inside, valves = [], plan.sources_inside, len(plan.valves_to_close)
    if inside:
        parts.append(_text(view, "warn_inside", sources=_named(inside)))
    if inflows := _inflows(view, inside):
        parts.append(_text(view, "warn_inflow", nodes=_named(inflows)))
    if not valves and not inside:
        relied = [f"{entry.asset_id}（{_text(view, f'why_{entry.why}')}）" for entry in plan.relies_on]
        parts.append(_text(view, "warn_no_valve", valves=_named(relied)) if relied else _text(view, "warn_no_source"))
    if valves > MOST_ALTERNATIVES:
        parts.append(_text(view, "warn_many", n=valves))
    return parts


def _inflows(view: CaseView, inside: tuple[str, ...]) -> list[str]:
    """Those of the sources inside that are no source by their kind: a negative demand feeds there."""
    nodes = view.city.network.nodes
    return [name for name in inside if nodes.has(name) and nodes.kind[nodes.row(name)] < NodeKind.SOURCE]


def _named(names: list[str] | tuple[str, ...]) -> str:
    return "、".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")


def _text(view: CaseView, key: str, **params: object) -> str:
    return view.looks.words.catalogue.text(f"tools.plan.{key}", **params)
