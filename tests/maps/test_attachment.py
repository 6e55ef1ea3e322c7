"""What is on a pipe, and what is on some piece of a cut pipe."""

from __future__ import annotations

import numpy as np
import pytest

from maps.attachment import marked, on_pipes, piece_ids, pieces_text
from maps.city import CustomerTable
from maps.export.city_clip import clip_city
from maps.hydraulics.model_building.gis_estimates import customer_demand
from maps.isolation import Isolator
from maps.network import NodeKind
from maps.trace import connected, islands, supply_path
from maps.trace.summary import summary
from tests.builders import NetworkBuilder, a_network

BOTH = '["B~1", "B~2"]'


def _town() -> NetworkBuilder:
    town = a_network().source("S").pipe("A", "S", "J").pipe("B~1", "J", "K", source_id="B").pipe("B~2", "K", "L", source_id="B")
    return town.customer("C1", on="B~1", households=9, demand_m3h=8.0, pieces=BOTH).customer("C2", on="A", households=1)


def test_a_row_counts_for_every_piece_and_once_on_several() -> None:
    city = _town().build()
    on, pipes = city.customers_on, city.network.pipes
    for ids, found in ((("B~1",), [0]), (("B~2",), [0]), (("B~1", "B~2"), [0]), (("A", "B~2"), [0, 1]), ((), [])):
        assert on.rows_on(marked(len(pipes), pipes.rows(ids))).tolist() == found, ids


def test_shares_of_a_row_add_up_to_one() -> None:
    on = _town().build().customers_on
    assert np.bincount(on.row, weights=on.share).tolist() == [1.0, 1.0]


def test_pieces_that_are_not_there_are_left_out() -> None:
    network = _town().network()
    table = CustomerTable.of(["C"], pipe=[-1], pieces=['["B~2", "gone"]'])
    assert network.pipes.ids(on_pipes(table, network.pipes).pipe) == ("B~2",)


@pytest.mark.parametrize("text", ["B~1", "{}", "[1]", '[""]', "[["])
def test_a_cell_that_is_no_list_of_ids_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        piece_ids(text)


def test_a_cell_reads_as_it_was_written() -> None:
    assert piece_ids(pieces_text(["管-1", "B,2"])) == ("管-1", "B,2")
    assert piece_ids("") == ()


def test_a_trace_counts_households_of_an_unknown_piece_once() -> None:
    city = _town().build()
    found = summary(city, connected(city.network, city.network.nodes.row("J")))
    assert found.households == 10


def test_a_clip_contains_customers_that_may_be_on_one_of_its_pieces() -> None:
    town = a_network().source("S", 0, 0)
    for number, (start, end) in enumerate([("S", "J"), ("J", "K"), ("K", "L"), ("L", "M")], start=1):
        town.node(end, 1000 * number, 0).pipe(f"B~{number}", start, end, source_id="B")
    part = clip_city(town.customer("C1", on="B~1", pieces='["B~1", "B~4"]').build(), (3900.0, -10.0, 4100.0, 10.0))
    assert "B~1" not in part.network.pipes.asset_id
    assert part.customers.asset_id.tolist() == ["C1"]
    assert Isolator(part).plan(["B~4"]).customers_without_water == ("C1",)


def test_the_demand_of_an_unknown_piece_is_parted_among_the_pieces() -> None:
    city = _town().build()
    at = dict(zip(city.network.nodes.asset_id.tolist(), customer_demand(city).tolist(), strict=True))
    assert (at["K"], at["L"]) == (4.0, 2.0)


def test_an_inflow_feeds_its_island_and_is_where_a_supply_path_begins() -> None:
    town = a_network().node("W", demand_m3h=-40.0).pipe("P1", "W", "A").pipe("P2", "A", "B").pipe("P3", "W", "C")
    network = town.network()
    _, label, fed = islands(network)
    assert fed[label[network.nodes.row("B")]]
    path = supply_path(network, network.pipes.row("P2"))
    assert network.nodes.ids(path.sources) == ("W",)
    assert network.nodes.kind[network.nodes.row("W")] == NodeKind.JUNCTION
    # Its junction leads on, as a source's does not.
    reached = connected(network, network.nodes.row("C"))
    assert set(network.nodes.ids(reached.nodes)) == {"W", "A", "B", "C"}
