"""A plan's warnings are worded in the window's language, one sentence for each of the plan's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.ui.panels.case.section import CaseView
from console.ui.panels.case.warning_words import warning_words
from console.ui.style import Looks
from console.ui.theme import Theme
from console.ui.words import Words
from maps.isolation.result import IsolationPlan, Reliance
from maps.isolation.warnings import warnings_of
from tests.console.ui.scripted import ScriptedPort


def view_in(language: str) -> tuple[CaseView, IsolationPlan]:
    """A case with its plan, read in a language."""
    port = ScriptedPort()
    port.burst()
    looks = Looks(Theme.load("dark"), Words(language, port.city.info.time_zone))
    assert port.case.plan is not None
    return CaseView(port.city, port.case, port.latest(), looks), port.case.plan


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_warning_of_a_plan_has_its_sentence(language: str) -> None:
    view, plan = view_in(language)
    network = view.city.network
    relied = (Reliance("V-5400", "closed"),)
    plans = (
        (plan, (), ()),
        (replace(plan, sources_inside=("J000",)), (0,), ()),
        (replace(plan, sources_inside=("J000", "J007")), (0, 7), ()),
        (replace(plan, valves_to_close=(), relies_on=relied), (), relied),
        (replace(plan, valves_to_close=(), relies_on=()), (), ()),
        (replace(plan, valves_to_close=plan.valves_to_close * 20), (), ()),
    )
    counts = []
    for made, inside, relies in plans:
        own = warnings_of(network, inside, len(made.valves_to_close), relies)
        said = warning_words(view, replace(made, warnings=own))
        assert len(said) == len(own)
        counts.append(len(own))
        if language == "en":
            assert [one.lower()[:20] for one in said] == [one.lower()[:20] for one in own]
        else:
            assert all("\u4e00" <= sentence[-1] <= "\u9fff" or "V-" in sentence for sentence in said)
    assert counts == [0, 1, 2, 1, 1, 1]
