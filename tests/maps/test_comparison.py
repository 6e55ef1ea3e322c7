"""Differences between two versions of a city: hand-made edits come out, and nothing else."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from maps.comparison import Change, LayerDifference, compare, with_field_states
from maps.errors import InputFault
from maps.network import ValveState
from tests.builders import NetworkBuilder, a_network


def _town() -> NetworkBuilder:
    return (
        a_network().source("S").pipe("P1", "S", "A", material="DI").pipe("P2", "A", "B").pipe("P3", "B", "C")
        .valve("V1", on="P1", at="S").valve("V2", on="P2", at="A").customer("C1", on="P2", households=4)
    )  # fmt: skip


def _of(layer: str, found: tuple[LayerDifference, ...]) -> LayerDifference:
    return next(one for one in found if one.layer == layer)


def test_a_city_does_not_differ_from_itself_nor_from_one_with_other_row_numbers() -> None:
    town = _town().build()
    assert all(one.is_empty for one in compare(town, town))
    other = (
        a_network().source("S").node("C", 500_300, 4_058_000).node("A", 500_100, 4_058_000).node("B", 500_200, 4_058_000)
        .pipe("P3", "B", "C").pipe("P2", "A", "B").pipe("P1", "S", "A", material="DI")
        .valve("V2", on="P2", at="A").valve("V1", on="P1", at="S").customer("C1", on="P2", households=4)
    )  # fmt: skip
    assert [one for one in compare(town, other.build()) if not one.is_empty] == []


def test_added_removed_moved_and_changed_assets_come_out_with_their_values() -> None:
    before = _town().build()
    after = (
        a_network().source("S").node("A").node("B", 500_200, 4_058_003)
        .pipe("P1", "S", "A", material="PE").pipe("P2", "A", "B").pipe("P4", "A", "D")
        .valve("V1", on="P1", at="S", state=ValveState.CLOSED, normal_state=ValveState.OPEN)
        .valve("V2", on="P2", at="B").customer("C1", on="P2", households=9)
    )  # fmt: skip
    found = compare(before, after.build())
    pipes, valves = _of("pipes", found), _of("valves", found)
    assert (pipes.added, pipes.removed) == (("P4",), ("P3",))
    assert Change("P1", "material", "DI", "PE") in pipes.changed
    assert {name for name, _ in pipes.moved} == {"P2"}
    assert set(valves.changed) == {Change("V1", "state", "open", "closed"), Change("V2", "node", "A", "B")}
    assert dict(_of("nodes", found).moved) == pytest.approx({"B": 3.0})
    assert _of("customers", found).changed == (Change("C1", "households", "4", "9"),)


def test_a_pipe_cut_in_other_pieces_is_neither_added_nor_removed() -> None:
    before = a_network().source("S", 500_000, 4_058_000).pipe("P", "S", "B", length_m=100.0).node("B", 500_100, 4_058_000)
    after = (
        a_network().source("S", 500_000, 4_058_000).node("M", 500_040, 4_058_000).node("B", 500_100, 4_058_000)
        .pipe("P~1", "S", "M", source_id="P").pipe("P~2", "M", "B", source_id="P")
    )  # fmt: skip
    pipes = _of("pipes", compare(before.build(), after.build()))
    assert pipes.recut == (("P", 1, 2),)
    assert (pipes.added, pipes.removed, pipes.moved) == ((), (), ())
    assert not any(change.column in ("length_m", "to_node") for change in pipes.changed)


def test_random_edits_of_one_column_are_found_exactly() -> None:
    chance = random.Random(5)
    town = a_network().source("S")
    for number in range(200):
        town.pipe(f"P{number}", "S" if number == 0 else f"J{number - 1}", f"J{number}")
    before = town.build()
    rows = sorted(chance.sample(range(200), 17))
    diameters = before.network.pipes.diameter_mm.copy()
    diameters[rows] = 315.0
    pipes = before.network.pipes.replaced(diameter_mm=diameters)
    after = replace(before, network=replace(before.network, pipes=pipes))
    assert [change.asset_id for change in _of("pipes", compare(before, after)).changed] == [f"P{row}" for row in rows]


def test_an_unknown_number_equals_an_unknown_number() -> None:
    town = a_network().source("S").pipe("P", "S", "A", diameter_mm=float("nan")).build()
    assert all(one.is_empty for one in compare(town, town))


def test_a_later_check_on_site_outlives_a_new_export() -> None:
    before = (
        a_network().source("S").pipe("P1", "S", "A").pipe("P2", "A", "B")
        .valve("V1", on="P1", at="S", state=ValveState.CLOSED, last_checked="2024-05-01", operable=False)
        .valve("V2", on="P2", at="A", state=ValveState.CLOSED, last_checked="2020-01-01")
        .valve("V3", on="P2", at="B", state=ValveState.CLOSED)
    )  # fmt: skip
    after = (
        a_network().source("S").pipe("P1", "S", "A").pipe("P2", "A", "B")
        .valve("V1", on="P1", at="S", last_checked="2023-01-01").valve("V2", on="P2", at="A", last_checked="2023-01-01")
        .valve("V3", on="P2", at="B")
    )  # fmt: skip
    made, kept = with_field_states(after.build(), before.build())
    assert kept == ("V1",)
    assert made.network.valves.state.tolist() == [ValveState.CLOSED, ValveState.OPEN, ValveState.OPEN]
    assert made.network.valves.operable.tolist() == [False, True, True]


def test_datasets_in_different_crs_are_refused_with_advice() -> None:
    one, other = _town().build(), a_network(crs="EPSG:4547").source("S").pipe("P1", "S", "A").build()
    with pytest.raises(InputFault, match="--crs EPSG:4548"):
        compare(one, other)


def test_empty_layers_compare() -> None:
    town = a_network().source("S").pipe("P", "S", "A").build()
    assert np.all([one.is_empty for one in compare(town, town)])
