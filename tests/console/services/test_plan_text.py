"""The doubts in a plan's text are those of its JSON."""

from __future__ import annotations

from console.services.network.isolation_requests import answer_one
from console.services.network.plan_text import plan_text
from maps.network import PipeStatus, ValveState
from tests.builders import NetworkBuilder, a_network

BOTH = '["B~1", "B~2"]'


def _town() -> NetworkBuilder:
    """S =A= J =B~1= K =B~2= L =D= T, D's valve closed; pocket E at L with Q beyond it, which no source feeds."""
    town = a_network().source("S").source("T").pipe("A", "S", "J").pipe("B~1", "J", "K", source_id="B")
    town.pipe("B~2", "K", "L", source_id="B").pipe("D", "L", "T").pipe("E", "L", "M").pipe("Q", "N", "M")
    town.valve("V1", on="B~1", at="J", placing="near_two_pipes").valve("V2", on="B~2", at="K").valve("VL", on="B~2", at="L")
    town.valve("VD", on="D", at="L", state=ValveState.CLOSED, last_checked="2022-04-01", placing="tolerance_edge")
    town.valve("VQ", on="Q", at="M", flows_to="E").pipe("F", "M", "U", status=PipeStatus.CLOSED).source("U")
    town.valve("VT", on="D", at="T")
    return (
        town.customer("CQ", on="Q", households=7)
        .customer("CB", on="B~1", households=3, pieces=BOTH)
        .hydrant("H", on="B~1", pieces=BOTH)
    )


def test_the_text_names_every_doubt_that_the_json_holds() -> None:
    answer = answer_one(_town().build(), {"burst": ["B~1"]})
    text = plan_text(answer)
    assert answer["without_supply_before"] == ["Q"]
    assert answer["customers_without_supply_before"] == ["CQ"]
    assert "without supply before (by the data, which may be wrong): 1 pipes, 7 households: Q" in text
    assert (answer["customers_piece_unknown"], answer["hydrants_piece_unknown"]) == (["CB"], ["H"])
    assert "piece unknown, counted for every piece of their cut pipe: 2: CB, H" in text
    assert [step["placing"] for step in answer["valves_to_close"]] == ["near_two_pipes"]
    assert "place in doubt: near_two_pipes" in text
    assert "relies on VD (closed; checked 2022-04-01; place in doubt: tolerance_edge; next to close beyond: VT)" in text
    assert "relies on F (closed_pipe; checked never)" in text
    assert "could feed a dry pocket once open: VD, F (pipe)" in text


def test_a_plan_without_doubts_says_nothing_of_them() -> None:
    town = a_network().source("S").pipe("A", "S", "J").pipe("B", "J", "K").valve("V1", on="B", at="J")
    text = plan_text(answer_one(town.build(), {"burst": ["B"]}))
    for word in ("doubt", "unknown", "without supply", "relies", "could feed"):
        assert word not in text
