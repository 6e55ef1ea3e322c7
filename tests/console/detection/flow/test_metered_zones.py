"""Metered zones: lasting opposite inflow changes name the closed valves between; a risen inflow is evidence for a burst."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from console.detection.finding import BurstFinding, StationFinding
from console.detection.flow.metered_zones import MeteredZones
from console.detection.history import History
from console.domain.clock import moment
from console.domain.readings import Channel
from maps.city import City
from maps.locate.result import Candidate, Location
from maps.network import ValveState
from tests.builders import a_network
from tests.console.notes import chinese

STEP_US = 60_000_000
USUAL = (80.0, 60.0)


def a_city(between: ValveState = ValveState.CLOSED) -> City:
    """West and east, each fed by its own meter, with a valve on the street between them."""
    builder = a_network().source("R", 0, 0).node("W", 100, 0).node("E", 300, 0).node("W2", 100, 100).node("E2", 300, 100)
    builder = builder.pipe("MW", "R", "W").pipe("ME", "E", "R").pipe("PW", "W", "W2").pipe("PE", "E", "E2").pipe("B", "W2", "E2")
    builder = builder.valve("V1", on="B", state=between).valve("V2", on="PW")
    builder = builder.station("QW", on="MW", channels="flow").station("QE", on="ME", channels="flow").station("P", at="W2")
    builder = builder.zone("Z1", shapely.box(50, -50, 200, 150), name="西区")
    builder = builder.zone("Z2", shapely.box(201, -50, 400, 150), name="东区")
    return builder.build()


class Meters:
    """Ticks with the two meters off by so much; the east's pipe is drawn towards the source, so its flow counts backwards."""

    def __init__(self, city: City | None = None) -> None:
        self.city = city or a_city()
        self.watch, self.tick_no, self.random = MeteredZones(self.city), 0, np.random.default_rng(1)
        self.value = np.full((3, len(Channel)), np.nan)

    def tick(self, west: float = 0.0, east: float = 0.0, disturbed: bool = False, heard: bool = True) -> list[StationFinding]:
        """One minute on."""
        self.tick_no += 1
        noise = self.random.normal(0.0, 0.8, 2)
        expected, fresh = np.full_like(self.value, np.nan), np.zeros(self.value.shape, dtype=bool)
        expected[:2, Channel.FLOW] = USUAL[0], -USUAL[1]
        self.value[:2, Channel.FLOW] = USUAL[0] + west + noise[0], -(USUAL[1] + east + noise[1])
        fresh[:2, Channel.FLOW] = heard
        return self.watch.tick(self.value, expected, fresh, self.tick_no * STEP_US, disturbed=disturbed)

    def ticks(self, count: int, west: float = 0.0, east: float = 0.0) -> list[StationFinding]:
        """Several minutes."""
        return [one for _ in range(count) for one in self.tick(west, east)]


def test_lasting_opposite_inflow_changes_name_the_valve_between() -> None:
    meters = Meters()
    assert meters.ticks(60) == []
    assert meters.ticks(4, 25.0, -24.0) == []
    (found,) = meters.ticks(3, 25.0, -24.0)
    assert (found.code, found.active) == ("open_boundary", True)
    assert "V1" in chinese(found.detail)
    assert "V2" not in chinese(found.detail)
    assert "西区 +2" in chinese(found.detail)
    (over,) = meters.ticks(3)
    assert (over.code, over.active) == ("open_boundary", False)


@pytest.mark.parametrize(("west", "east"), [(25.0, 24.0), (25.0, 0.0), (25.0, -8.0), (1.5, -1.5)])
def test_other_changes_are_no_open_boundary_valve(west: float, east: float) -> None:
    meters = Meters()
    meters.ticks(60)
    assert meters.ticks(20, west, east) == []


def test_while_a_burst_is_open_flow_changes_are_no_open_boundary_valve() -> None:
    meters = Meters()
    meters.ticks(60)
    assert [one for _ in range(20) for one in meters.tick(25.0, -24.0, disturbed=True)] == []


def weighed(meters: Meters, *pipes: str, began_tick: int | None = None) -> BurstFinding:
    """A burst located by pressures in the east rather than the west, or on given pipes, weighted by the meters."""
    shares = zip(pipes or ("PE", "PW"), (0.6, 0.4), strict=False)
    candidates = tuple(Candidate(pipe, share) for pipe, share in shares)
    location = Location(candidates, tuple(one.pipe_id for one in candidates), "calibrated")
    now_us = meters.tick_no * STEP_US
    began_us = now_us if began_tick is None else began_tick * STEP_US
    finding = BurstFinding(moment(now_us), moment(began_us), "A", 9.0, 5.0, (), location)
    return meters.watch.weighed(finding, meters.value, now_us)


def test_only_risen_inflow_of_the_candidates_zone_is_evidence() -> None:
    meters = Meters()
    meters.ticks(60)
    meters.tick(20.0)
    (evidence,) = weighed(meters, "PW").evidence
    assert (evidence.station_id, evidence.channel) == ("QW", "flow")
    assert evidence.deviation == pytest.approx(20.0, abs=3.0)
    assert weighed(meters, "PE").evidence == ()


def test_transit_flow_through_a_zone_is_no_inflow() -> None:
    builder = a_network().source("R", 0, 0).node("W", 100, 0).node("X", 100, 100).node("E", 300, 0)
    builder = builder.pipe("IN", "R", "W").pipe("PW", "W", "X").pipe("OUT", "X", "E")
    builder = builder.station("Q1", on="IN", channels="flow").station("Q2", on="OUT", channels="flow").station("P", at="X")
    through = Meters(builder.zone("Z1", shapely.box(50, -50, 200, 150), name="西区").build())
    through.ticks(60)
    through.tick(west=20.0, east=-20.0)  # the second meter is drawn outward: its value is -(60 - 20)
    assert weighed(through, "PW").evidence == ()
    through.tick(west=20.0)
    assert [(one.station_id, one.zone) for one in weighed(through, "PW").evidence] == [("Q1", "西区")]


def test_a_meter_drawn_towards_the_source_counts_backwards() -> None:
    meters = Meters()
    meters.ticks(60)
    meters.tick(east=20.0)
    (evidence,) = weighed(meters, "PE").evidence
    assert evidence.station_id == "QE"
    assert evidence.deviation == pytest.approx(-20.0, abs=3.0)


def test_a_slow_meters_last_sample_since_the_burst_stays_valid() -> None:
    meters = Meters()
    meters.ticks(60)
    meters.tick(west=20.0)
    said = weighed(meters, began_tick=meters.tick_no).location
    meters.tick(west=20.0, heard=False)
    assert weighed(meters, began_tick=meters.tick_no - 1).location == said
    assert weighed(meters, began_tick=meters.tick_no).location.set_90 == ("PE", "PW")


def test_candidates_in_a_zone_with_risen_inflow_gain_weight() -> None:
    meters = Meters()
    meters.ticks(60)
    meters.tick(west=20.0)
    found = weighed(meters)
    assert found.location.set_90 == ("PW",)
    assert found.location.candidates[1].probability > 0.005  # less likely, not ruled out
    assert [(one.station_id, one.zone) for one in found.evidence] == [("QW", "西区")]


def test_with_an_open_link_between_zones_a_missing_rise_is_no_evidence() -> None:
    whole, leaky = Meters(), Meters(a_city(ValveState.OPEN))
    for meters in (whole, leaky):
        meters.ticks(60)
        meters.tick(west=20.0)
    share = {name: weighed(meters).location.candidates[1].probability for name, meters in (("whole", whole), ("leaky", leaky))}
    # By hand: the west gains at most tenfold, the east nothing: 0.6 against 0.4 × 10.
    assert share["leaky"] == pytest.approx(0.6 / 4.6)
    assert share["whole"] < share["leaky"]


@pytest.mark.parametrize(("west", "east"), [(0.0, 0.0), (2.0, 0.0), (20.0, 20.0)])
def test_meters_without_change_leave_a_location_unchanged(west: float, east: float) -> None:
    meters = Meters()
    meters.ticks(60)
    meters.tick(west, east)
    assert [one.probability for one in weighed(meters).location.candidates] == pytest.approx([0.6, 0.4])


def test_meters_of_unknown_noise_give_no_weight() -> None:
    meters = Meters()
    meters.ticks(5)
    meters.tick(west=20.0)
    assert [one.pipe_id for one in weighed(meters).location.candidates] == ["PE", "PW"]


def test_meter_noise_is_estimated_from_history_at_start() -> None:
    meters, steps = Meters(), 600
    random = np.random.default_rng(7)
    flows = np.full((steps, len(meters.city.stations)), np.nan, dtype=np.float32)
    west, east = (meters.city.stations.row(name) for name in ("QW", "QE"))
    flows[:, west], flows[:, east] = 60.0 + 2.0 * random.standard_normal((2, steps))
    at_us = np.arange(-steps, 0, dtype=np.int64) * 5 * STEP_US
    meters.watch.learn(History(at_us, {int(Channel.FLOW): flows}))
    meters.tick(west=20.0)
    assert [one.station_id for one in weighed(meters, "PW").evidence] == ["QW"]
    assert weighed(meters).location.set_90 == ("PW",)
    untaught = Meters()
    untaught.tick(west=20.0)
    assert weighed(untaught).location.set_90 == ("PE", "PW")
