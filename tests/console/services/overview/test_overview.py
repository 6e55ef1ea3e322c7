"""Compliance, output, alarm bands and deadlines, worked by hand on few stations."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from console.domain.area_alerts import AreaAlert
from console.domain.incidents import Incident
from console.domain.limits import Limits
from console.domain.picture import Picture, StationState
from console.domain.readings import Channel, Quality
from console.services.overview.deadlines import DeadlineKind, next_deadline
from console.services.overview.network_now import AlarmBand, Compliance, NetworkNow, alarm_band
from maps.city import City, CityInfo, PlantTable, StationTable
from maps.network import NodeKind, NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable

NOW = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)
NOW_US = int(NOW.timestamp() * 1e6)


def a_city(metered: tuple[str, ...]) -> City:
    """Plant W at node 0, its pump U to node 1, from there pipes A and B away; a pumping station S at node 2."""
    nodes = NodeTable.of(["W", "O", "S", "T"], x=[0.0, 1, 2, 3], y=[0.0] * 4, kind=[NodeKind.SOURCE, 0, 0, 0])
    pipes = PipeTable.of(
        ["A", "B"],
        from_node=[1, 3],
        to_node=[2, 1],
        length_m=[1.0, 1.0],
        vertices=np.array([[1.0, 0], [2, 0], [3, 0], [1, 0]]),
        offsets=[0, 2, 4],
    )
    pumps = PumpTable.of(["U"], from_node=[0], to_node=[1])
    network = PipeNetwork(nodes, pipes, pumps, ValveTable.empty(), "EPSG:4548")
    stations = StationTable.of(
        [*(f"F{link}" for link in metered), "P1", "P2", "P3", "P4"],
        link=[*metered, "", "", "", ""],
        node=[*[-1] * len(metered), 1, 2, 3, 3],
        channels=[*["flow"] * len(metered), *["pressure"] * 4],
    )
    plants = PlantTable.of(["W1", "S1"], node=[0, 2], kind=["plant", "pumping_station"], name=["东水厂", "加压站"])
    return City(CityInfo("t", "t"), network, stations=stations, plants=plants)


def a_picture(stations: int, **cells: float) -> Picture:
    """All values fresh and good; ``F0=…`` flow of row 0, ``P3=…`` pressure of row 3 in kPa."""
    value = np.full((stations, len(Channel)), np.nan)
    for name, number in cells.items():
        value[int(name[1:]), Channel.FLOW if name[0] == "F" else Channel.PRESSURE] = number
    seen = np.isfinite(value)
    return Picture(
        1,
        NOW_US,
        value,
        np.where(seen, NOW_US - 10_000_000, 0),
        np.full(value.shape, Quality.GOOD, dtype=np.uint8),
        np.full(value.shape, np.nan),
        np.full(stations, StationState.NORMAL, dtype=np.uint8),
    )


def at_least(city: City, kpa: float) -> Limits:
    shape = (len(city.stations), len(Channel))
    low = np.full(shape, -np.inf)
    low[:, Channel.PRESSURE] = kpa
    return Limits(low, np.full(shape, np.inf), np.zeros(shape), np.full(shape, -1), ())


def test_compliance_is_the_share_of_known_stations_within_their_limit_and_counts_the_unknown_apart() -> None:
    city = a_city(())
    now = NetworkNow(city, at_least(city, 140.0))
    picture = a_picture(4, P0=300.0, P1=140.0, P2=139.9)  # P3 never seen
    assert now.compliance(picture) == Compliance(within=2, known=3, unknown=1)
    assert now.compliance(picture).share == pytest.approx(2 / 3)


@pytest.mark.parametrize("spoilt", ["stale", "fault", "missing", "bad", "uncertain", "old", "nan"])
def test_a_value_that_cannot_be_relied_on_is_unknown_never_within_and_never_zero(spoilt: str) -> None:
    city = a_city(())
    picture = a_picture(4, P0=300.0, P1=300.0, P2=300.0, P3=300.0)
    states = {"stale": StationState.STALE, "fault": StationState.FAULT, "missing": StationState.MISSING}
    if spoilt in states:
        picture.station_state[0] = states[spoilt]
    elif spoilt == "old":
        picture.at_us[0, Channel.PRESSURE] = NOW_US - 16 * 60 * 1_000_000
    elif spoilt == "nan":
        picture.value[0, Channel.PRESSURE] = np.nan
    else:
        picture.quality[0, Channel.PRESSURE] = Quality.BAD if spoilt == "bad" else Quality.UNCERTAIN
    assert NetworkNow(city, at_least(city, 140.0)).compliance(picture) == Compliance(3, 3, 1)


def test_without_any_known_station_there_is_no_share_and_no_statement() -> None:
    assert Compliance(0, 0, 5).share is None
    assert Compliance(0, 0, 5).keeps_standard is None
    assert Compliance(0, 0, 0).keeps_standard is None


@pytest.mark.parametrize(
    ("compliance", "kept"),
    [
        (Compliance(97, 100, 0), True),
        (Compliance(96, 100, 0), False),
        (Compliance(97, 97, 3), True),  # even if the three broke it: 97 of 100
        (Compliance(96, 96, 4), None),  # 96 or 100 of 100
        (Compliance(90, 96, 4), False),  # at most 94 of 100
    ],
)
def test_the_standard_is_kept_or_broken_only_where_the_unknown_stations_could_not_change_it(
    compliance: Compliance, kept: bool | None
) -> None:
    assert compliance.keeps_standard is kept


def test_a_plants_output_is_what_its_metered_pipes_carry_away_by_their_direction() -> None:
    city = a_city(("A", "B"))
    output = NetworkNow(city, at_least(city, 140.0)).output(a_picture(6, F0=700.0, F1=-300.0))  # B runs towards the plant
    assert [(one.name, one.flow_m3h, one.usual_m3h) for one in output.plants] == [("东水厂", 1000.0, None)]
    assert (output.total_m3h, output.unknown) == (1000.0, 0)


def test_a_meter_on_the_pump_measures_the_plant_and_a_pipe_without_one_makes_it_unknown() -> None:
    pumped = a_city(("U",))
    assert NetworkNow(pumped, at_least(pumped, 140.0)).output(a_picture(5, F0=900.0)).total_m3h == 900.0
    partly = a_city(("A",))
    output = NetworkNow(partly, at_least(partly, 140.0)).output(a_picture(5, F0=900.0))
    assert (output.total_m3h, output.unknown) == (None, 1)


def test_the_usual_output_is_known_only_where_every_meter_has_one() -> None:
    city = a_city(("A", "B"))
    picture = a_picture(6, F0=700.0, F1=-300.0)
    picture.expected[0, Channel.FLOW] = 650.0
    now = NetworkNow(city, at_least(city, 140.0))
    assert now.output(picture).usual_m3h is None
    picture.expected[1, Channel.FLOW] = -250.0
    assert now.output(picture).usual_m3h == 900.0


def test_alarm_bands_follow_eemua_191() -> None:
    bands = [alarm_band(rate) for rate in (0, 1, 2, 4, 5, 9, 10, 40)]
    assert bands == [
        AlarmBand.ACCEPTABLE, AlarmBand.ACCEPTABLE, AlarmBand.MANAGEABLE, AlarmBand.MANAGEABLE,
        AlarmBand.DEMANDING, AlarmBand.DEMANDING, AlarmBand.FLOOD, AlarmBand.FLOOD,
    ]  # fmt: skip


def test_the_next_deadline_is_the_earliest_that_is_not_kept_yet() -> None:
    alert = AreaAlert("A", "城西", NOW)
    case = Incident("2024-0001", "x", NOW, NOW, alerted_at=NOW, area_alerts=(alert,))
    due = next_deadline(case, notice_s=600.0, area_minutes=5.0)
    assert due is not None
    assert (due.kind, due.at, due.who) == (DeadlineKind.AREA, NOW + timedelta(minutes=5), "城西")
    assert due.left_s(NOW + timedelta(minutes=6)) == -60.0
    without = next_deadline(case, notice_s=600.0, area_minutes=0.0)
    assert without is not None
    assert (without.kind, without.at) == (DeadlineKind.NOTICE, NOW + timedelta(minutes=10))
    done = replace(case, area_alerts=(replace(alert, acknowledged_at=NOW),), issued_at=NOW)
    assert next_deadline(done, notice_s=600.0, area_minutes=5.0) is None
    back = next_deadline(replace(done, restoration_at=NOW + timedelta(hours=4)), notice_s=600.0, area_minutes=5.0)
    assert back is not None
    assert back.kind is DeadlineKind.RESTORATION


def many_plants(stations: int, plants: int) -> City:
    """Plants with three pipes each, whose ends lie either way; a meter on each pipe but those of each tenth plant's last one."""
    nodes = NodeTable.of(
        [f"N{n}" for n in range(plants + 1)], x=[0.0] * (plants + 1), y=[0.0] * (plants + 1), kind=[0] * (plants + 1)
    )
    ends = [(plant, plants) if (plant + leg) % 2 else (plants, plant) for plant in range(plants) for leg in range(3)]
    ids = [f"L{plant}-{leg}" for plant in range(plants) for leg in range(3)]
    pipes = PipeTable.of(
        ids,
        from_node=[start for start, _ in ends],
        to_node=[end for _, end in ends],
        length_m=[1.0] * len(ids),
        vertices=np.zeros((2 * len(ids), 2)),
        offsets=np.arange(len(ids) + 1) * 2,
    )
    network = PipeNetwork(nodes, pipes, PumpTable.empty(), ValveTable.empty(), "EPSG:4548")
    metered = [link for link in ids if not (link.endswith("-2") and int(link[1:-2]) % 10 == 0)]
    others = stations - len(metered)
    table = StationTable.of(
        [f"S{row}" for row in range(stations)],
        link=[*metered, *[""] * others],
        node=[*[-1] * len(metered), *[plants] * others],
        channels=[*["flow"] * len(metered), *["pressure" if row % 7 else "turbidity,pressure" for row in range(others)]],
    )
    own = PlantTable.of(
        [f"W{n}" for n in range(plants)],
        node=list(range(plants)),
        kind=["plant"] * plants,
        name=[f"厂{n}" for n in range(plants)],
    )
    return City(CityInfo("t", "t"), network, stations=table, plants=own)


@pytest.mark.parametrize("seed", range(3))
def test_ten_thousand_stations_are_counted_as_one_by_one(seed: int) -> None:
    random, size = np.random.default_rng(seed), 10_000
    city = many_plants(size, 40)
    picture = a_picture(size)
    picture.value[:] = random.normal(150.0, 20.0, picture.value.shape)
    picture.value[random.random(picture.value.shape) < 0.02] = np.nan
    picture.expected[:] = np.where(random.random(picture.value.shape) < 0.05, np.nan, 200.0)
    picture.at_us[:] = NOW_US - random.integers(0, 1_000_000_000, picture.value.shape)  # some older than a quarter of an hour
    picture.quality[:] = random.choice([Quality.GOOD] * 30 + [Quality.UNCERTAIN, Quality.BAD], picture.value.shape)
    picture.station_state[:] = random.choice([one.value for one in StationState], size)
    picture.station_state[random.random(size) < 0.7] = StationState.NORMAL
    limits = at_least(city, 140.0)
    limits.low[random.random(size) < 0.1, Channel.PRESSURE] = np.nan  # no limit there
    limits.high[random.random(size) < 0.5, Channel.PRESSURE] = 180.0
    unusable = {StationState.MISSING.value, StationState.STALE.value, StationState.FAULT.value}

    def usable(row: int, channel: Channel) -> bool:
        age_s = (NOW_US - int(picture.at_us[row, channel])) / 1e6
        value = float(picture.value[row, channel])
        is_good = int(picture.quality[row, channel]) == Quality.GOOD and value == value  # noqa: PLR0124 - not NaN
        return is_good and age_s <= 900.0 and int(picture.station_state[row]) not in unusable

    within = known = unknown = 0
    for row in range(size):
        low, high = float(limits.low[row, Channel.PRESSURE]), float(limits.high[row, Channel.PRESSURE])
        if "pressure" not in city.stations.channels[row].split(",") or low != low:  # noqa: PLR0124
            continue
        if not usable(row, Channel.PRESSURE):
            unknown += 1
            continue
        known += 1
        within += low <= float(picture.value[row, Channel.PRESSURE]) <= high
    now = NetworkNow(city, limits)
    assert now.compliance(picture) == Compliance(within, known, unknown)
    assert 0 < within < known < size
    flows: dict[str, float | None] = {}
    for plant in range(40):
        total: float | None = 0.0
        for leg in range(3):
            rows = [row for row in range(size) if city.stations.link[row] == f"L{plant}-{leg}"]
            if not rows or not usable(rows[0], Channel.FLOW):
                total = None
                break
            sign = 1.0 if (plant + leg) % 2 else -1.0
            total = (total or 0.0) + sign * float(picture.value[rows[0], Channel.FLOW])
        flows[f"厂{plant}"] = total
    output = now.output(picture)
    assert {one.name: one.flow_m3h for one in output.plants} == {
        name: None if flow is None else pytest.approx(flow) for name, flow in flows.items()
    }
    assert output.unknown == sum(flow is None for flow in flows.values()) >= 4
    assert output.total_m3h == pytest.approx(sum(flow for flow in flows.values() if flow is not None))
