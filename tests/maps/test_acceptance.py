"""Accepting a newer version by parts: all parts give the newer one, none the older one, and any part just itself."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from maps.city import City
from maps.comparison import LayerDifference, Part, accepted, compare, parts_of
from maps.isolation import Isolator
from tests.builders import NetworkBuilder, a_network


def _old() -> NetworkBuilder:
    town = a_network().source("S", 500_000, 4_058_000)
    for k in range(8):
        town.node(f"A{k}", 500_100 + 100 * k, 4_058_000).node(f"B{k}", 500_100 + 100 * k, 4_058_100)
    town.pipe("M", "S", "A0")
    for k in range(7):
        town.pipe(f"A{k}-{k + 1}", f"A{k}", f"A{k + 1}", material="CI")
    for k in range(8):
        town.pipe(f"R{k}", f"A{k}", f"B{k}").valve(f"V{k}", on=f"R{k}", at=f"A{k}").customer(f"C{k}", on=f"R{k}", households=k)
    return town


def _new() -> NetworkBuilder:
    """Generated nodes have other ids, A3's main is moved, R5 is gone with what is on it, R8 is new, some values differ."""
    town = a_network().source("S", 500_000, 4_058_000)
    for k in range(9):
        town.node(f"N{k}", 500_100 + 100 * k, 4_058_000).node(f"T{k}", 500_100 + 100 * k, 4_058_100 + (5 if k == 2 else 0))
    town.pipe("M", "S", "N0", diameter_mm=500.0)
    for k in range(8):
        town.pipe(f"A{k}-{k + 1}", f"N{k}", f"N{k + 1}", material="CI" if k % 2 else "DI")
    for k in (0, 1, 2, 3, 4, 6, 7, 8):
        town.pipe(f"R{k}", f"N{k}", f"T{k}").valve(f"V{k}", on=f"R{k}", at=f"N{k}").customer(
            f"C{k}", on=f"R{k}", households=k + k % 2
        )
    return town


def _differs(one: City, other: City) -> list[LayerDifference]:
    """What differs besides nodes, whose ids are generated, and columns that hold them."""
    found = []
    for layer in compare(one, other):
        changed = tuple(change for change in layer.changed if change.column not in ("from_node", "to_node", "node"))
        told = replace(layer, changed=changed)
        if told.layer != "nodes" and not told.is_empty:
            found.append(told)
    return found


@pytest.fixture(scope="module")
def pair() -> tuple[City, City]:
    return _old().build(), _new().build()


def _parts(pair: tuple[City, City]) -> list[Part]:
    return list(parts_of(compare(*pair)))


def test_all_parts_give_the_newer_version_and_none_the_older_one(pair: tuple[City, City]) -> None:
    before, after = pair
    assert {kind for _, kind, _ in _parts(pair)} == {"added", "removed", "moved", "changed"}
    assert _differs(accepted(before, after, ()), after) == []
    assert _differs(accepted(before, after, _parts(pair)), before) == []


def test_the_city_keeps_its_name_and_site_so_that_its_history_stays(pair: tuple[City, City]) -> None:
    before, after = pair
    renamed = replace(after, info=replace(after.info, name="导出", site="export-2"))
    assert accepted(before, renamed, ()).info.site == before.info.site


@pytest.mark.parametrize("seed", range(12))
def test_any_choice_of_parts_differs_from_the_newer_version_in_just_these(seed: int, pair: tuple[City, City]) -> None:
    before, after = pair
    chance = random.Random(seed)
    rejected = {part for part in _parts(pair) if chance.random() < 0.4}
    # What stands on a pipe that is left out goes with it.
    rejected |= {("pipes", "added", "R8")} if ("pipes", "added", "A7-8") in rejected else set()
    rejected |= {("valves", "added", "V8"), ("customers", "added", "C8")} if ("pipes", "added", "R8") in rejected else set()
    rejected |= (
        {("pipes", "removed", "R5")} if {("valves", "removed", "V5"), ("customers", "removed", "C5")} & rejected else set()
    )
    made = accepted(before, after, rejected)
    back = {(layer, {"added": "removed", "removed": "added"}.get(kind, kind), name) for layer, kind, name in rejected}
    assert set(parts_of(compare(after, made))) == back


def test_a_pipe_that_is_kept_is_joined_where_it_was_with_its_valve(pair: tuple[City, City]) -> None:
    before, after = pair
    kept: list[Part] = [("pipes", "removed", "R5"), ("valves", "removed", "V5"), ("customers", "removed", "C5")]
    made = accepted(before, after, kept).network
    at = made.pipes.row("R5")
    ends = {str(made.nodes.asset_id[row]) for row in (made.pipes.from_node[at], made.pipes.to_node[at])}
    assert ends == {"N5", "T5"}
    assert Isolator(replace(before, network=made)).plan(["R5"]).valves_to_close[0].asset_id == "V5"


def test_a_main_that_is_put_back_ends_at_its_nodes(pair: tuple[City, City]) -> None:
    before, after = pair
    made = accepted(before, after, [("pipes", "moved", "R2")]).network
    at = made.pipes.row("R2")
    end = made.pipes.points(at)[-1]
    node = int(made.pipes.to_node[at])
    assert np.hypot(end[0] - made.nodes.x[node], end[1] - made.nodes.y[node]) <= 1e-6
    assert end[1] == pytest.approx(4_058_100)
