"""Zone balance downstream of a PRV: its flow and opening are evidence for a burst, and no operation."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from console.detection.finding import BurstFinding
from console.detection.flow.pressure_zones import partition_of
from console.detection.flow.zone_balance import ZoneBalance
from console.detection.state_channels import SwitchWatch
from console.domain.clock import moment
from console.domain.readings import Channel
from maps.city import City
from maps.locate.result import Candidate, Location
from maps.network import ValveKind, ValveState
from tests.builders import a_network

STEP_US = 60_000_000
PRV_FLOW, PRV_OPEN, PIPE_FLOW, LOW, LOW_2, HIGH = range(6)


def a_city_of_the_register() -> City:
    """The same with the valve at the end of a pipe, as a register of assets has it."""
    builder = a_network().source("R", 0, 0).node("H", 100, 0).node("L", 300, 0).node("M", 400, 0)
    builder = builder.pipe("P1", "R", "H").pipe("P2", "L", "H").pipe("P3", "L", "M")
    builder = builder.valve("PRV-1", on="P2", at="H", kind=ValveKind.PRV, flows_to="P2")
    builder = builder.station("QF", on="PRV-1", channels="flow").station("QO", on="PRV-1", channels="valve_position")
    return (
        builder.station("QP", on="P2", channels="flow").station("S1", at="L").station("S2", at="M").station("S0", at="H").build()
    )


def a_city(second: ValveState | None = None, source_below: bool = False) -> City:
    """High town with a source, low town behind a reducing valve; a second valve between them, or a well below, on request."""
    builder = a_network().source("R", 0, 0).node("H", 100, 0).node("V", 200, 0).node("L", 300, 0).node("M", 400, 0)
    builder = builder.pipe("P1", "R", "H").pipe("P2", "V", "H").pipe("P3", "L", "M")
    builder = builder.valve("PRV-1", between=("V", "L"), kind=ValveKind.PRV)
    if second is not None:
        builder = builder.valve("B", between=("H", "M"), state=second)
    if source_below:
        builder = builder.source("W", 500, 0).pipe("P4", "W", "M")
    builder = builder.station("QF", on="PRV-1", channels="flow").station("QO", on="PRV-1", channels="valve_position")
    builder = builder.station("QP", on="P2", channels="flow")  # drawn from the valve: its flow counts backwards
    return builder.station("S1", at="L").station("S2", at="M").station("S0", at="H").build()


class Hours:
    """Ticks of the three meters at the valve: 60 m³/h and 40 % usually."""

    def __init__(self, city: City | None = None) -> None:
        self.city = city or a_city()
        self.watch, self.switches = ZoneBalance(self.city, partition_of(self.city)), SwitchWatch(self.city)
        self.now_us, self.random = 0, np.random.default_rng(3)
        self.operations = 0

    def tick(self, flow: float = 0.0, opening: float = 0.0, count: int = 1) -> None:
        """Minutes with so much more flow and opening."""
        for _ in range(count):
            self.now_us += STEP_US
            value = np.full((6, len(Channel)), np.nan)
            expected, noise = value.copy(), self.random.normal(0.0, 0.5, 3)
            value[PRV_FLOW, Channel.FLOW], expected[PRV_FLOW, Channel.FLOW] = 60.0 + flow + noise[0], 60.0
            value[PIPE_FLOW, Channel.FLOW], expected[PIPE_FLOW, Channel.FLOW] = -60.0 - flow + noise[1], -60.0
            value[PRV_OPEN, Channel.VALVE_POSITION] = 40.0 + opening + 0.2 * noise[2]
            fresh = np.isfinite(value)
            self.watch.tick(value, expected, fresh, self.now_us)
            self.operations += len(self.switches.tick(value, fresh, self.now_us))

    def evidence(self, *pipes: str) -> list[tuple[str, str]]:
        """Evidence of the valve for a burst in the last minute located on these pipes."""
        at = moment(self.now_us)
        candidates = tuple(Candidate(pipe, 1.0 / len(pipes)) for pipe in pipes)
        finding = BurstFinding(at, at - timedelta(seconds=30), "A", 9.0, 5.0, (), Location(candidates, pipes, "calibrated"))
        found = self.watch.evidence(finding)
        assert all(one.zone == "PRV-1" for one in found)
        self.found = found
        return [(one.station_id, one.channel) for one in found]


@pytest.mark.parametrize("city", [a_city(), a_city_of_the_register()])
def test_flow_and_opening_that_rose_are_evidence_for_a_burst_behind_the_valve(city: City) -> None:
    hours = Hours(city)
    hours.tick(count=40)
    hours.tick(flow=20.0, opening=9.0)
    assert hours.evidence("P3") == [("QF", "flow"), ("QO", "valve_position"), ("QP", "flow")]
    # By hand: 20 m³/h more through the valve, 20 less along the pipe drawn the other way; 9 % more open.
    assert [one.deviation for one in hours.found] == pytest.approx([20.0, 9.0, -20.0], abs=2.0)


def test_a_burst_upstream_of_the_valve_has_no_evidence_from_it() -> None:
    hours = Hours()
    hours.tick(count=40)
    hours.tick(flow=20.0, opening=9.0)
    assert hours.evidence("P1") == []
    assert len(hours.evidence("P1", "P3")) == 3


@pytest.mark.parametrize(("flow", "opening"), [(0.0, 0.0), (1.0, 0.5), (-20.0, -9.0)])
def test_changes_within_noise_and_falls_are_no_evidence(flow: float, opening: float) -> None:
    hours = Hours()
    hours.tick(count=40)
    hours.tick(flow, opening)
    assert hours.evidence("P3") == []


def test_a_valve_with_few_samples_gives_no_evidence() -> None:
    hours = Hours()
    hours.tick(count=5)
    hours.tick(flow=20.0, opening=9.0)
    assert hours.evidence("P3") == []


def test_a_reducing_valve_that_opens_by_itself_is_no_operation() -> None:
    hours = Hours()
    hours.tick(count=40)
    hours.tick(opening=20.0)
    assert hours.operations == 0


@pytest.mark.parametrize(
    ("city", "behind"),
    [
        (a_city(), True),
        (a_city(ValveState.CLOSED), True),
        (a_city(ValveState.OPEN), False),
        (a_city(source_below=True), False),
    ],
)
def test_a_part_is_fed_by_a_prv_only_without_another_path_to_a_source(city: City, behind: bool) -> None:
    parts, row = partition_of(city), city.network.nodes.row
    label = parts.label
    assert label[row("L")] == label[row("M")]
    assert label[row("R")] == label[row("V")]
    assert parts.behind == (frozenset({int(label[row("L")])}) if behind else frozenset())


def test_a_tank_above_a_pump_does_not_supply_the_part_below() -> None:
    builder = a_network().source("R", 0, 0).node("H", 100, 0).node("L", 200, 0).node("M", 300, 0).tank("T", 400, 0)
    builder = builder.pipe("P1", "R", "H").pipe("P2", "L", "M").valve("PRV-1", between=("H", "L"), kind=ValveKind.PRV)
    city = builder.pump("PU", "M", "T").station("S", at="L").build()
    parts = partition_of(city)
    part = int(parts.label[city.network.nodes.row("L")])
    assert parts.behind == {part}
    assert [(way.asset_id, sign) for way, sign in parts.touching(part)] == [("PRV-1", 1.0), ("PU", -1.0)]
