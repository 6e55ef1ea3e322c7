"""Provisional ids: unique, plain text, replaced wherever they occur and nowhere else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.domain.alarms import ALARM, Alarm, AlarmKind, Priority
from console.domain.changes import canonical_json
from console.domain.incidents import INCIDENT, Incident
from console.domain.notes import Note
from console.domain.record_ids import is_provisional, numbers_for, provisional_id, provisional_ids, renamed, shown_id

NOW = datetime(2024, 1, 3, 15, 0, 5, tzinfo=UTC)
TOKEN, OTHER = provisional_id(INCIDENT, "2024"), provisional_id(ALARM)
IDS = {TOKEN: "2024-0007", OTHER: "A-000009"}
TEXTS = st.text() | st.sampled_from([TOKEN, OTHER, f"{TOKEN}-W1", f"报警 {OTHER}（{TOKEN}）", "new-", "new-incident-2024-"])
VALUES = st.recursive(
    TEXTS | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@dataclass(frozen=True)
class Held:
    """A value inside a dataclass."""

    value: Any
    more: tuple[Any, ...] = ()


def replaced(value: object) -> Any:
    """By plain replacement of text in the JSON form."""
    text = canonical_json(value).decode()
    for token, final in IDS.items():
        text = text.replace(token, final)
    return json.loads(text)


@given(VALUES)
def test_ids_are_replaced_as_in_the_json_text_and_all_else_stays(value: Any) -> None:
    assert renamed(value, IDS) == replaced(value)
    held = renamed(Held(value, (value,)), IDS)
    assert held == Held(replaced(value), (replaced(value),))
    assert json.loads(renamed(canonical_json(value), IDS)) == replaced(value)
    assert provisional_ids(held).isdisjoint(IDS)


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_ids_in_notes_and_in_notes_of_notes_are_replaced(text: str, more: list[str]) -> None:
    note = Note("x.y", text=text, inner=Note("x.z", more=more), written=Note.literal(text))
    assert provisional_ids(note) == provisional_ids([text, more])
    assert renamed(note, IDS).json() == replaced(note.json())
    assert renamed(note, {}) is note


@given(VALUES)
def test_a_value_without_provisional_ids_is_the_same_object(value: Any) -> None:
    held = Held(replaced(value))
    assert renamed(held, IDS) is held


def test_a_provisional_id_without_a_final_one_stays() -> None:
    foreign = provisional_id(INCIDENT, "2024")
    assert renamed((foreign, TOKEN), IDS) == (foreign, "2024-0007")


def test_provisional_ids_are_unique_and_stay_as_they_are_in_json_and_xml() -> None:
    made = {provisional_id(INCIDENT, "2024") for _ in range(1000)}
    assert len(made) == 1000
    assert all(is_provisional(one) and one.isascii() and json.dumps(one) == f'"{one}"' for one in made)
    assert not set("".join(made)) & set("<>&'\"\\/ ")
    assert not is_provisional("2024-0001")
    assert not is_provisional(f"{TOKEN}-W1")


def test_a_provisional_id_is_shown_short_with_what_follows_it() -> None:
    assert shown_id(f"{TOKEN}-W1") == f"new-{TOKEN[-4:]}-W1"
    assert shown_id("2024-0001") == "2024-0001"


def test_new_records_are_numbered_in_their_order_each_series_apart_and_known_ones_not() -> None:
    year = [Incident(provisional_id(INCIDENT, "2025"), "", NOW, NOW, version=1) for _ in range(2)]
    old = Incident(provisional_id(INCIDENT, "2024"), "", NOW, NOW, version=2)
    alarm = Alarm(provisional_id(ALARM), AlarmKind.BURST, Priority.HIGH, "network", NOW, version=1)
    kept = Incident("2024-0003", "", NOW, NOW, version=1)
    numbers = numbers_for([year[0], old, alarm, kept, year[1]], {"incident/2024": 41, "alarm": 99, "change": 7})
    assert numbers.ids == {
        year[0].incident_id: "2025-0001", alarm.alarm_id: "A-000100", year[1].incident_id: "2025-0002",
    }  # fmt: skip
    assert numbers.last == {"incident/2024": 41, "alarm": 100, "change": 7, "incident/2025": 2}
