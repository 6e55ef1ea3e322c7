"""Texts of notes: the earlier Chinese texts unchanged, complete English sentences, no text in the code."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import pytest

from console.domain.delivery import Obsolete, Reason
from console.domain.incidents import OrderKind, Phase, Unable
from console.domain.notes import Code, Note, Quantity, Value
from console.domain.outgoing import MessageKind
from console.domain.shift import HANDOVER
from console.services.access.records import SeatEvent
from console.services.analysis.retention import HistoryKind
from console.services.note_texts import NoteTexts
from resources.texts import LANGUAGES, Catalogue, placeholders
from tests.console.notes import chinese, english
from tests.console.services.every_note import chairs, later_chairs
from tests.console.services.town import Chair

HERE = Path(__file__).parent
CONSOLE = HERE.parents[2] / "console"
INFLOWS = Note(
    "station.opposite_inflows",
    gains="西区", more=Quantity(2.0, "flow"), loses="东区", less=Quantity(-2.0, "flow"), valves=["V1", "V2"],
)  # fmt: skip
CHINESE_SIGN = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")


@pytest.fixture(scope="module")
def played() -> list[Chair]:
    """Every case of ``every_note``."""
    return [*chairs(INFLOWS), *later_chairs()]


def _details(chair: Chair) -> list[Note]:
    return [Note.of_json((change.after or {}).get("detail", "")) for change in chair.log]


def _all_notes(played: list[Chair]) -> list[Note]:
    items = [item.note for chair in played for one in chair.state.of(HANDOVER).values() for item in one.items]
    return items + [note for chair in played for note in (*(change.note for change in chair.log), *_details(chair)) if note]


def _parts(value: Value) -> Iterator[Note]:
    if isinstance(value, tuple):
        for item in value:
            yield from _parts(item)
    elif isinstance(value, Note):
        yield value
        for item in value.params.values():
            yield from _parts(item)


def test_the_chinese_log_alarms_orders_and_titles_read_as_the_program_wrote_them_before_notes_had_keys(
    played: list[Chair],
) -> None:
    """The file was written by the version before; ``every_note`` was played there, but for what was added at its end since."""
    before = json.loads((HERE / "notes_before_keys.json").read_text("utf-8"))
    for chair, was in zip(played[: len(before)], before, strict=True):
        cases = chair.state.incidents.values()
        told = [[c.kind, chinese(c.note), chinese(d)] for c, d in zip(chair.log, _details(chair), strict=True)]
        told += [["order_text", order.text, ""] for case in cases for order in case.orders]
        assert [*told, *(["title", case.title, ""] for case in cases)] == was


def test_the_english_log_holds_no_chinese_but_names_and_what_people_wrote(played: list[Chair]) -> None:
    for note in _all_notes(played):
        assert not CHINESE_SIGN.search(english(note.with_texts(lambda text: "x"))), note


def test_an_english_line_of_the_log_names_its_objects(played: list[Chair]) -> None:
    said = [english(change.note) for chair in played for change in chair.log]
    for line in (
        "Valve H10a closed (1 of 2)",
        "Valve H10b cannot be turned, plan made anew: still to close H20a, V20a",
        "C1 refused 2024-0001-W1: 车坏了; proposed instead: 二队",
        "Water sample failed: turbidity 3 NTU, chlorine 0.3 mg/L",
        "Notice 2024-0001-N1 issued by 李",
        "Expected restoration changed to 01-04 04:02 by 王",
        "Alarm: E6 low pressure: pressure 0.121 MPa, below 0.14 MPa",
        "Suspected burst, case opened: DN300 ductile iron pipe in 经十路, north side (纬二路 – 纬三路), 1.2 m deep, near 美林苑;"
        " 3 candidate pipes (90 %), area alert prepared",
    ):
        assert line in said


def test_every_note_has_a_text_in_both_languages_with_its_parameters(played: list[Chair]) -> None:
    for language in LANGUAGES:
        catalogue = Catalogue.load(language)
        for note in _all_notes(played):
            for part in _parts(note):
                key = part.key if part.key.startswith("refused.") else f"notes.{part.key}"
                assert catalogue.has(key), key
                assert placeholders(catalogue.entries[key]) <= part.params.keys(), key


_OF_EARLIER_VERSIONS = {"notice.approved_typed"}
"""Notes that are no longer made and stand in stores and packages."""


def test_every_key_in_the_code_has_its_text_and_every_text_its_key() -> None:
    made = _OF_EARLIER_VERSIONS | {f"delivery.{kind}" for kind in ("not_delivered", "delivered", "withdrawn")}
    made |= {f"seat.{event}" for event in SeatEvent} | {f"users.{name}" for name in ("name", "role", "areas", "is_enabled")}
    for file in _sources():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Note", "_note"):
                made |= {_key(node.func.id, text) for text in _first_texts(node)}
    keys = {key for key in Catalogue.load("en").section("notes") if not key.startswith(("list.", "code."))}
    assert {key for key in made if not key.startswith("refused.")} == keys
    assert all(Catalogue.load("en").has(key) for key in made if key.startswith("refused."))


def _first_texts(call: ast.Call) -> Iterator[str]:
    """The first argument, or both of ``one if … else another``."""
    for node in ast.walk(call.args[0]) if call.args else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not node.value.endswith("."):  # not of an f-string
            yield node.value


def _key(function: str, text: str) -> str:
    return f"alarm.{text}" if function == "_note" else text


def test_the_play_reaches_every_text_of_the_log(played: list[Chair]) -> None:
    reached = {part.key for note in _all_notes(played) for part in _parts(note)}
    keys = {key for key in Catalogue.load("en").section("notes") if not key.startswith(("list.", "code."))}
    of_orders = {key for key in keys if key.startswith("order.") and key not in reached}
    assert of_orders <= {"order.undone", "order.countermand_text", "order.text", "order.drill", "order.pipe", "order.chambers",
                         "order.valves", "order.way", "order.eta",
                         "order.water_text", "order.water_eta", "order.point_closed"}  # fmt: skip
    elsewhere = {"place.unknown", "valve.none_to_close", "case.confirmed_on_site", "history.deleted"}
    elsewhere |= {"field_report.photo_text"}  # text of an entry of the shift log
    of_access = {
        key for key in keys if key.startswith(("seat.", "users.", "notice.approved_", "crew_link.", "api_key."))
    }  # tests/console/services/access
    assert keys - reached - of_orders - of_access == elsewhere | {"alarm.acknowledged_on_locked_seat"}


WORDS: dict[str, type[StrEnum]] = {
    "undelivered": Reason, "obsolete": Obsolete, "message_kind": MessageKind, "phase": Phase, "unable": Unable,
    "order_paper": OrderKind, "order_task": OrderKind, "history_kind": HistoryKind,
}  # fmt: skip


@pytest.mark.parametrize("group", WORDS)
def test_every_value_of_an_enumeration_in_a_note_has_its_word(group: str) -> None:
    for language in LANGUAGES:
        for member in WORDS[group]:
            assert any(Catalogue.load(language).has(f"{place}.{group}.{member}") for place in ("notes.code", "domain"))


def _sources() -> list[Path]:
    return [file for room in ("services", "domain", "detection", "engine") for file in sorted((CONSOLE / room).rglob("*.py"))]


def test_the_code_of_the_core_holds_no_chinese_literal() -> None:
    """Docstrings may name a term in both languages."""
    found = []
    for file in _sources():
        tree = ast.parse(file.read_text("utf-8"))
        documentation = {
            id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        found += [
            f"{file.relative_to(CONSOLE)}:{node.lineno}: {node.value}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
            and CHINESE_SIGN.search(node.value)
        ]  # fmt: skip
    assert not found


@pytest.mark.parametrize("text", ["{place}", "{0}", "{x|y}", "%s", "{user.__class__}", "}{"])
def test_a_parameter_is_never_read_as_a_placeholder(text: str) -> None:
    assert english(Note("case.dismissed", reason=text)) == f"Dismissed, not a burst: {text}"
    assert chinese(Note("case.dismissed", reason=text)) == f"排除爆管：{text}"
    assert chinese(Note.literal(text)) == text


@pytest.mark.parametrize(
    "note",
    [
        Note("of.a.newer.version", n=3, at=datetime(2024, 1, 3, tzinfo=UTC), pipes=["H10", "V10"]),
        Note("case.opened"),
        Note("case.opened", what=1, place=2, n=["a"]),
        Note("case.restoration", at="no time", user="王"),
        Note("burst.station", station="S1", channel=Code("x", "y.z"), observed=Quantity(float("nan"), "?"), expected="a",
             deviation=Quantity(1.0, "?")),
        Note("case.restoration", at=datetime.max.replace(tzinfo=UTC), user="王"),
        Note("case.dismissed", **{"key": "text", "reason": "r", "language": "fr"}),
        Note("all", parts=[]),
    ],
)  # fmt: skip
def test_a_note_that_fits_no_text_is_shown_with_its_parameters_and_breaks_nothing(note: Note) -> None:
    for language in LANGUAGES:
        text = NoteTexts(language, "Asia/Shanghai").text(note)
        assert isinstance(text, str)
    if note.key.startswith("of."):
        assert "n=3" in english(note)
        assert "H10, V10" in english(note)


@pytest.mark.parametrize(("n", "told"), [(1, "1 file of notice N1 written"), (2, "2 files of notice N1 written")])
def test_a_number_in_a_note_takes_its_form_of_the_word(n: int, told: str) -> None:
    assert english(Note("notice.files", notice="N1", n=n)) == told


def test_times_are_on_the_city_s_clock_and_quantities_in_the_unit_of_the_screen() -> None:
    at = Note("case.restoration", at=datetime(2024, 1, 3, 20, 2, tzinfo=UTC), user="王")
    assert NoteTexts("en", "Asia/Shanghai").text(at) == "Expected restoration changed to 01-04 04:02 by 王"
    assert NoteTexts("en", "Europe/Paris").text(at) == "Expected restoration changed to 01-03 21:02 by 王"
    beyond = Note(
        "station.below",
        channel=Code("channel", "pressure"),
        observed=Quantity(121.0, "pressure"),
        limit=Quantity(140.0, "pressure"),
    )
    assert english(beyond) == "Pressure 0.121 MPa, below 0.14 MPa"


def test_a_name_at_the_start_keeps_its_small_letter() -> None:
    assert english(Note("notice.withdrawn", notice="n1")) == "Notice n1 withdrawn"
    assert english(
        Note("order.answered", crew="c1", answer=Code("order_answer", "done"), order="W1", found="", reply="", proposal="")
    ) == ("c1 completed W1")
