"""Pumps and link valves on the map: they connect the pipes, symbols lie along their link."""

from __future__ import annotations

import pytest

from console.ui.map.network.links import link_lines, link_valve_angles
from console.ui.map.scene import Scene
from maps.city import City
from tests.builders import a_network

pytestmark = pytest.mark.gui


@pytest.fixture
def city() -> City:
    """A source, two pumps side by side, a main, a valve as a link that points north, a main; a pump from a second node."""
    return (
        a_network()
        .source("R", 0.0, 0.0)
        .node("A", 100.0, 0.0)
        .node("B", 200.0, 0.0)
        .node("C", 200.0, 50.0)
        .node("D", 200.0, 90.0)
        .node("S", 0.0, 90.0)
        .pump("PU1", "R", "A")
        .pump("PU2", "R", "A")
        .pump("PU3", "S", "D")
        .pipe("P1", "A", "B")
        .valve("V1", between=("B", "C"))
        .pipe("P2", "C", "D")
        .build()
    )


def test_every_pump_and_link_valve_is_a_line_between_its_nodes(city: City) -> None:
    ends = link_lines(city.network).points.reshape(-1, 4).tolist()
    assert sorted(ends) == [[0, 0, 100, 0], [0, 0, 100, 0], [0, 90, 200, 90], [200, 0, 200, 50]]
    assert Scene(city).links.near(50.0, 1.0, 5.0) is not None


def test_a_link_valve_lies_along_its_link(city: City) -> None:
    assert link_valve_angles(city.network) == pytest.approx([-90.0])  # north is up, angles turn clockwise from east
    assert Scene(city).valve_angle[0] == pytest.approx(-90.0)


def test_a_network_of_pipes_alone_has_no_such_links() -> None:
    city = a_network().source("R").pipe("P", "R", "A").build()
    assert len(link_lines(city.network).points) == 0
