"""How far a pipe lies from the candidates, against distances worked out by hand on the town's grid (200 m)."""

from __future__ import annotations

import pytest

from console.services.incidents.candidate_distance import candidate_distance
from maps.locate.result import Candidate, Location
from tests.console.services.town import a_town

NETWORK = a_town().network
LOCATION = Location((Candidate("H00", 0.6), Candidate("H02", 0.3), Candidate("H33", 0.1)), ("H00", "H02"), "imported", (), 1.0)


@pytest.mark.parametrize(
    ("pipe", "in_set", "to_first_m", "to_set_m"),
    [
        ("H00", True, 0.0, 0.0),
        ("H02", True, 400.0, 0.0),
        ("H01", False, 200.0, 200.0),
        ("V20", False, 200.0, 200.0),
        ("H23", False, (200.0**2 + 600.0**2) ** 0.5, (200.0**2 + 200.0**2) ** 0.5),
    ],
)
def test_it_is_the_straight_line_between_the_nearest_points(pipe: str, in_set: bool, to_first_m: float, to_set_m: float) -> None:
    far = candidate_distance(NETWORK, LOCATION, pipe)
    assert far is not None
    assert far.in_set is in_set
    assert far.to_first_m == pytest.approx(to_first_m)
    assert far.to_set_m == pytest.approx(to_set_m)


def test_without_a_location_no_distance_is_given() -> None:
    assert candidate_distance(NETWORK, None, "H00") is None
