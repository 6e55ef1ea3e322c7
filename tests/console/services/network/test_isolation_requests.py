"""Requests of ``quanmai isolate --batch``: one answer a line, faults located, the dataset untouched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from console.services.network.isolation_requests import answer_batch, answer_one
from maps.city import City
from maps.errors import InputFault, UnknownAsset
from tests.builders import a_network

KEYS = {
    "zone_pipes", "dry_pocket_pipes", "valves_to_close", "valves_bounding", "customers_without_water", "critical_customers",
    "hydrants_lost", "relies_on", "limited_by_tank", "isolatable", "sources_inside", "reopen_candidates", "alternatives",
    "compute_ms",
}  # fmt: skip


def _city() -> City:
    town = a_network().source("S").source("T").customer("C1", on="P2")
    for number, (start, end) in enumerate([("S", "A"), ("A", "B"), ("B", "C"), ("C", "T")], start=1):
        town.pipe(f"P{number}", start, end)
        town.valve(f"V{number}", on=f"P{number}", at=start, last_checked="2024-05-01")
    return town.valve("V5", on="P4", at="T", flows_to="P4").build()


def _ask(request: dict[str, Any]) -> dict[str, Any]:
    return answer_one(_city(), request)


def _closing(answer: dict[str, Any]) -> set[str]:
    return {step["asset_id"] for step in answer["valves_to_close"]}


def test_an_answer_has_every_key_of_the_contract_and_is_plain_json() -> None:
    answer = _ask({"burst": ["P2"]})
    assert set(answer) >= KEYS
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    for step in answer["valves_to_close"]:
        assert {"reason", "turns", "minutes", "last_checked", "order"} <= set(step)
        assert step["last_checked"] == "2024-05-01"


def test_a_missing_key_leaves_the_datasets_value_and_null_clears_it() -> None:
    assert _closing(_ask({"burst": ["P4"]})) == {"V4"}
    one_way = _ask({"burst": ["P4"], "valves": {"V5": {"operable": True}}})
    assert one_way["sources_inside"] == ["T"]
    cleared = _ask({"burst": ["P4"], "valves": {"V5": {"flows_to": None}}})
    assert (_closing(cleared), cleared["isolatable"]) == ({"V4", "V5"}, True)


def test_states_operability_and_direction_are_corrected_per_request() -> None:
    assert _closing(_ask({"burst": ["P2"], "valves": {"V3": {"operable": False}}})) == {"V2", "V4"}
    assert _closing(_ask({"burst": ["P2"], "valves": {"V3": {"state": "closed"}}})) == {"V2"}
    assert _closing(_ask({"burst": ["P2"], "valves": {"V3": {"flows_to": "P3"}}})) == {"V2"}
    assert _closing(_ask({"burst": ["P2"], "valves": {"V3": {"flows_to": "P3"}}, "ignore_one_way": True})) == {"V2", "V4"}


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "burst"),
        ({"burst": []}, "burst"),
        ({"burst": "P1"}, "burst"),
        ({"burst": ["P1"], "valve": {}}, "unknown key 'valve'"),
        ({"burst": ["P1"], "valves": {"V1": {"state": "shut"}}}, "open, partial, closed, unknown"),
        ({"burst": ["P1"], "valves": {"V1": {"operable": "no"}}}, "operable"),
        ({"burst": ["P1"], "valves": {"V1": {"opreable": True}}}, "V1"),
        ({"burst": ["P1"], "valves": {"V1": 3}}, "V1"),
        ({"burst": ["P1"], "ignore_one_way": "yes"}, "ignore_one_way"),
    ],
)
def test_a_contradictory_request_is_refused_with_its_reason(request_: dict[str, Any], said: str) -> None:
    with pytest.raises(InputFault, match=said):
        _ask(request_)


def test_an_unknown_pipe_or_valve_is_named() -> None:
    with pytest.raises(UnknownAsset, match="P9"):
        _ask({"burst": ["P9"]})
    with pytest.raises(UnknownAsset, match="V9"):
        _ask({"burst": ["P1"], "valves": {"V9": {"operable": False}}})


def test_a_batch_answers_line_by_line_and_a_wrong_line_does_not_stop_the_others(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_text('{"burst":["P2"]}\n\nnonsense\n{"burst":["P9"]}\n{"burst":["P3"]}\n', encoding="utf-8")
    answers: list[dict[str, Any]] = []
    with pytest.raises(InputFault, match=r"line 3: not JSON.*line 4: .*P9"):
        _keep(path, answers)
    assert [answer.get("burst") for answer in answers] == [["P2"], None, None, ["P3"]]
    assert [answer["line"] for answer in answers if "error" in answer] == [3, 4]


def _keep(path: Path, answers: list[dict[str, Any]]) -> None:
    """Collect each answer as it comes: the fault arrives last."""
    for answer in answer_batch(_city(), path):
        answers.append(answer)


def test_one_request_leaves_no_trace_in_the_next(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_text('{"burst":["P2"],"valves":{"V3":{"operable":false}}}\n{"burst":["P2"]}\n', encoding="utf-8")
    first, second = answer_batch(_city(), path)
    assert _closing(first) == {"V2", "V4"}
    assert _closing(second) == {"V2", "V3"}


def test_an_unreadable_file_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="cannot be read"):
        list(answer_batch(_city(), tmp_path / "none.jsonl"))


def test_a_valve_shut_by_crews_keeps_the_customers_behind_it_in_the_answer() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").pipe("P2", "A", "B").pipe("P3", "A", "C").customer("C3", on="P3")
    town.valve("V1", on="P1", at="A").valve("V2", on="P2", at="A").valve("V3", on="P3", at="A")
    city = town.build()
    closed_before = answer_one(city, {"burst": ["P2"], "valves": {"V3": {"state": "closed"}}})
    shut_now = answer_one(city, {"burst": ["P2"], "shut_by_crews": ["V3"]})
    assert closed_before["customers_without_water"] == []
    assert shut_now["customers_without_water"] == ["C3"]
    assert shut_now["shut_by_crews"] == ["V3"]
