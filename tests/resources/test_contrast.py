"""Contrast of the theme's colours: texts at least 4.5:1 on every ground they stand on, marks and focus at least 3:1."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from itertools import combinations
from typing import Any

import pytest

from tests.contrast import DEFICIENCIES, as_seen, contrast, difference, rgb

TEXT, MARK = 4.5, 3.0
GROUNDS = ("surface.window", "surface.panel", "surface.card", "surface.raised", "surface.selected", "surface.alert")
TEXTS = {
    **dict.fromkeys(("text.strong", "text.normal", "text.muted"), GROUNDS),
    **dict.fromkeys(
        ("state.critical", "state.high", "state.medium", "state.low", "state.ok", "state.stale", "state.missing", "state.fault"),
        ("surface.panel", "surface.card", "surface.alert", "map.background"),
    ),
    "state.learning": ("surface.panel", "surface.card", "map.background"),
    "text.on_accent": ("accent.normal", "accent.hover", "surface.loud"),
    "accent.focus": ("surface.panel", "surface.card"),
    "map.crew": ("map.background",),
    "map.station": ("map.background",),
    "case.on_place": ("case.candidate", "state.critical"),
    "what_if.main": ("surface.panel",),
    "what_if.on_main": ("what_if.main",),
}
"""Texts by the grounds they are written on."""
MARKS = {
    **dict.fromkeys(
        (
            "map.pipe_0", "map.pipe_1", "map.pipe_2", "map.pipe_3", "map.pipe_closed", "map.valve", "map.valve_closed",
            "map.hydrant", "map.plant", "map.station", "map.crew", "map.flow", "map.selection", "map.place",
            "case.zone", "case.pocket", "case.low_pressure", "case.candidate", "case.route", "what_if.main", "what_if.pocket",
        ),
        ("map.background",),
    ),
    "surface.edge": ("surface.window", "surface.panel", "surface.card"),
    "accent.focus": (*GROUNDS, "map.background"),
    "accent.focus_on_accent": ("accent.normal", "accent.hover"),
    "accent.normal": ("surface.panel", "map.background"),
    "chart.band": ("surface.card",),
    "chart.event": ("surface.card",),
}  # fmt: skip
"""Lines, symbols, edges of controls and the focus by the grounds they lie on."""


def colours(theme: str) -> dict[str, Any]:
    """Role and colour of a theme."""
    table = tomllib.loads(files("resources").joinpath("theme", f"{theme}.toml").read_text("utf-8"))
    return {
        f"{group}.{role}": value for group, roles in table.items() if isinstance(roles, dict) for role, value in roles.items()
    }


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_texts_and_marks_have_the_contrast_that_they_need(theme: str) -> None:
    told, roles = [], colours(theme)
    for least, pairs in ((TEXT, TEXTS), (MARK, MARKS)):
        for role, grounds in pairs.items():
            for ground in grounds:
                found = contrast(rgb(roles[role]), rgb(roles[ground]))
                if found < least:
                    told.append(f"{role} on {ground}: {found:.2f} < {least}")
    for number, colour in enumerate(roles["chart.series"]):
        found = contrast(rgb(colour), rgb(roles["surface.card"]))
        if found < MARK:
            told.append(f"chart.series {number}: {found:.2f}")
    assert not told


def test_black_on_white_is_21_to_1_and_known_pairs_are_as_published() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert contrast(rgb("#767676"), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)  # WebAIM's example of a grey that passes


SHAPE_OF = {
    "state.critical": "diamond", "state.high": "triangle", "state.medium": "square", "state.low": "circle",
    "state.fault": "crossed square", "state.stale": "dashed square", "state.missing": "struck ring",
    "state.learning": "dotted ring",
    "map.station": "ring", "case.candidate": "ring with a dot",
}  # fmt: skip
"""Shape of each state (``symbols.paint_station``, ``priority_path``). States of one shape must differ by colour."""
COLOUR_ALONE = (
    ("case.valve_open", "case.valve_done"), ("case.valve_open", "case.valve_unable"), ("case.valve_open", "case.valve_doubt"),
    ("case.zone", "map.background"), ("case.pocket", "map.background"), ("case.candidate", "map.halo"),
    ("case.candidate", "case.route"), ("case.zone", "case.low_pressure"), ("map.crew", "map.pipe_3"),
    ("what_if.main", "case.zone"),
)  # fmt: skip
"""Pairs that lie beside one another as lines, areas or discs, where the colour tells them apart.

Candidates lie on pipes: they are wider and have a casing (``marks.py``), which must be told from them.
"""
CLEAR = 12.0
"""ΔE*ab from which two areas are told apart at a glance; 2.3 is just noticeable side by side."""


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("deficiency", list(DEFICIENCIES))
def test_what_colour_alone_tells_apart_stays_apart_for_colour_blind_people(theme: str, deficiency: str) -> None:
    roles = colours(theme)
    pairs = [*COLOUR_ALONE, *((a, b) for a, b in combinations(SHAPE_OF, 2) if SHAPE_OF[a] == SHAPE_OF[b])]
    seen = {one: as_seen(rgb(roles[one]), deficiency) for pair in pairs for one in pair}
    told = {pair: difference(seen[pair[0]], seen[pair[1]]) for pair in pairs}
    assert not {pair: round(apart, 1) for pair, apart in told.items() if apart < CLEAR}


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("deficiency", list(DEFICIENCIES))
def test_lines_of_a_chart_are_told_apart_by_colour_blind_people(theme: str, deficiency: str) -> None:
    seen = [as_seen(rgb(one), deficiency) for one in colours(theme)["chart.series"]]
    assert min(difference(one, other) for one, other in combinations(seen, 2)) >= CLEAR


@pytest.mark.parametrize("deficiency", list(DEFICIENCIES))
def test_the_simulation_keeps_greys_and_merges_the_colours_it_should(deficiency: str) -> None:
    for grey in (0, 60, 128, 200, 255):
        assert max(abs(one - grey) for one in as_seen((grey, grey, grey), deficiency)) <= 1
    confused = {
        "protanopia": ("#a05000", "#5f6000"),
        "deuteranopia": ("#a05000", "#5f6000"),
        "tritanopia": ("#008080", "#0080a0"),
    }
    one, other = (rgb(text) for text in confused[deficiency])
    assert difference(as_seen(one, deficiency), as_seen(other, deficiency)) < 0.6 * difference(one, other)
