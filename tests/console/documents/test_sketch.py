"""The public sketch: communities told and streets around them with their names; nothing of the network."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from console.documents.city_sketch import sketch_of
from console.documents.sketch import Sketch, sketch_of_rings
from maps.city import City
from tests.console.documents.cases import some_facts
from tests.console.ui.small_city import build_small_city


@pytest.fixture(scope="module")
def city() -> City:
    """A grid of streets with eight communities."""
    return build_small_city()


def communities(city: City) -> dict[str, str]:
    """Names by id."""
    rows = np.flatnonzero(city.zones.kind == "community")
    return {str(city.zones.asset_id[row]): str(city.zones.name[row]) for row in rows}


def test_the_communities_told_are_drawn_with_their_effect_and_true_size(city: City) -> None:
    (dry, low), names = list(communities(city))[:2], communities(city)
    made = sketch_of(city, some_facts(no_water_zones=(dry,), low_pressure_zones=(low,)))
    assert {(area.name, area.effect) for area in made.areas} == {(names[dry], "no_water"), (names[low], "low_pressure")}
    for area in made.areas:
        told = dry if area.effect == "no_water" else low
        outline = city.zones.geometry[city.zones.row(told)]
        assert shapely.Polygon(area.ring).area == pytest.approx(outline.area, rel=0.02)


def test_streets_near_by_are_shown_those_that_the_notice_names_are_marked(city: City) -> None:
    first = next(iter(communities(city)))
    near = shapely.box(*city.zones.geometry[city.zones.row(first)].bounds)
    inside = {str(n) for n, g in zip(city.roads.name, city.roads.geometry, strict=True) if g.intersects(near) and n}
    named = sorted(inside)[0]
    made = sketch_of(city, some_facts(no_water_zones=(first,), low_pressure_zones=(), roads=(f"{named}北侧",)))
    assert inside <= {street.name for street in made.streets}
    assert {street.name for street in made.streets if street.is_told} == {named}
    assert len(made.streets) < 2 * len(city.roads.geometry)


def test_no_line_of_the_sketch_is_a_pipe_and_no_id_is_in_it(city: City) -> None:
    first = next(iter(communities(city)))
    made = sketch_of(city, some_facts(no_water_zones=(first,), low_pressure_zones=()))
    said = {area.name for area in made.areas} | {street.name for street in made.streets}
    pipes, valves = city.network.pipes, city.network.valves
    assert not said & ({str(one) for one in pipes.asset_id} | {str(one) for one in valves.asset_id})
    assert all(abs(value) < 20_000 for street in made.streets for point in street.line for value in point)


def test_without_outlines_there_is_no_sketch_and_old_notices_keep_theirs(city: City) -> None:
    assert sketch_of(city, some_facts(no_water_zones=("none",), low_pressure_zones=())) == Sketch()
    ring = ((36.70, 117.00), (36.70, 117.01), (36.71, 117.01), (36.71, 117.00), (36.70, 117.00))
    (area,) = sketch_of_rings((ring,)).areas
    xs, ys = zip(*area.ring, strict=True)
    assert max(xs) - min(xs) == pytest.approx(892, abs=3)
    assert max(ys) - min(ys) == pytest.approx(1113, abs=3)
