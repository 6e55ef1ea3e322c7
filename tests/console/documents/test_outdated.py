"""Lines of a notice whose facts have changed since the draft are found by what they say."""

from __future__ import annotations

from datetime import datetime

import pytest

from console.documents.outdated import outdated_lines
from console.documents.wording import draft_text
from console.services.notices.contradictions import Contradiction
from tests.console.documents.cases import some_facts


def lines(*found: Contradiction, language: str = "zh_CN") -> list[str]:
    """The lines found in a draft."""
    facts = some_facts()
    text = draft_text(facts, language)
    return [text.split("\n")[number] for number in sorted(outdated_lines(text, facts, found, language))]


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_number_of_households_marks_its_line_alone(language: str) -> None:
    (line,) = lines(Contradiction("households_no_water", ("1284",), ("1300",)), language=language)
    assert "1,284" in line


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_another_time_marks_the_line_of_the_times(language: str) -> None:
    start = some_facts().starts_at.astimezone(datetime.now().astimezone().tzinfo).isoformat()
    (line,) = lines(Contradiction("starts_at", (start,), ("2024-01-03T23:40:00+08:00",)), language=language)
    assert "23:01" in line


def test_communities_and_streets_mark_the_lines_that_name_them() -> None:
    facts = some_facts()
    dry, road = facts.no_water_communities, facts.roads
    assert all(dry[0] in line for line in lines(Contradiction("no_water_communities", dry, ())))
    (line,) = lines(Contradiction("roads", road, (*road, "经十路")))
    assert line.strip("　").startswith("涉及道路")


def test_what_the_text_does_not_state_marks_nothing() -> None:
    assert lines(Contradiction("valves", ("V1",), ("V2",)), Contradiction("fire_brigade", (), ("yes",))) == []
