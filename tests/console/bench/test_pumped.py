"""The bench of pumped cities: recordings obey physics and their stated noise, scores follow hand-worked cases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from console.bench.pumped import cache, networks, replay, run
from console.bench.pumped.detectable import detectable
from console.bench.pumped.locatable import locatable, true_changes
from console.bench.pumped.quick_replay import quick_events
from console.bench.pumped.recording import DAY_STEPS, STEP_S, Recording, RecordingOptions
from console.bench.pumped.scoring import score, summary
from console.bench.pumped.truth import record
from console.cli import app
from console.domain.readings import Channel
from console.services.analysis.scoring import Distances
from maps.city import City
from maps.columns import Floats
from maps.errors import InputFault
from maps.units import KPA_PER_METRE

_SMALL = RecordingOptions(history_days=3, quiet_days=2, bursts=1)
_EXACT = replace(_SMALL.noisier(0.0), demand_sigma=0.0, roughness_sigma=0.0, glitches_a_week=0.0)


@pytest.fixture(scope="module")
def net3() -> City:
    return networks.nominal_city(networks.shipped("Net3"), 40, 1)


@pytest.fixture(scope="module")
def watched() -> City:
    """Net3 with so many stations that its bursts are found."""
    return networks.nominal_city(networks.shipped("Net3"), 8, 1)


@pytest.fixture(scope="module")
def eventful(watched: City) -> Recording:
    return record(watched, replace(_SMALL, quiet_days=0, sizes=(0.4, 0.2)))


@pytest.fixture(scope="module")
def exact(net3: City) -> Recording:
    return record(net3, _EXACT)


@pytest.fixture(scope="module")
def small(net3: City) -> Recording:
    return record(net3, _SMALL)


def _consumption(city: City, recording: Recording, ticks: slice) -> float:
    """Mean of what the meters say is drawn over some ticks, m³/h: flow of sources less filling of tanks."""
    rows, signs = networks.source_meters(city)
    inflow = (recording.value[Channel.FLOW][ticks, rows] * signs).sum(axis=1)[:-1].mean()
    level = recording.value[Channel.LEVEL][ticks]
    tanks = np.flatnonzero(city.stations.channels == "level")
    area = np.pi / 4.0 * city.network.nodes.tank_diameter_m[city.stations.node[tanks]] ** 2
    filled = ((level[-1, tanks] - level[0, tanks]) * area).sum()
    return float(inflow - filled / ((len(level) - 1) * STEP_S / 3600.0))


def test_without_noise_the_meters_balance_to_the_demand_that_wntr_reads(net3: City, exact: Recording) -> None:
    import wntr

    model = wntr.network.WaterNetworkModel(str(networks.shipped("Net3")))
    demand = wntr.metrics.expected_demand(model, 0, 86_400 - 3600, 3600).sum(axis=1).mean() * 3600.0
    assert _consumption(net3, exact, slice(0, DAY_STEPS + 1)) == pytest.approx(demand, rel=0.01)


def test_a_burst_draws_its_stated_flow_beside_the_demand(net3: City, exact: Recording) -> None:
    working = [one for one in exact.bursts if one.start // DAY_STEPS % 7 < 5 and one.end // DAY_STEPS % 7 < 5]
    assert working
    for burst in working:
        during = slice(burst.start, burst.end)
        # The same hours of a working day before; without noise these are alike.
        day = slice(burst.start % DAY_STEPS, burst.start % DAY_STEPS + burst.end - burst.start)
        extra = _consumption(net3, exact, during) - _consumption(net3, exact, day)
        assert extra == pytest.approx(burst.flow_m3h, rel=0.05)
        assert burst.flow_m3h == pytest.approx(burst.size * exact.inflow_m3h, rel=0.3)


def test_readings_scatter_around_the_true_values_as_stated(net3: City, exact: Recording) -> None:
    options = replace(_EXACT, pressure_sigma_m=0.03, level_sigma_m=0.01, flow_sigma=0.01)
    noisy = record(net3, options)
    off = {channel: noisy.value[channel] - exact.value[channel] for channel in exact.value}
    assert np.nanstd(off[Channel.PRESSURE]) / KPA_PER_METRE == pytest.approx(0.03, rel=0.05)
    assert np.nanstd(off[Channel.LEVEL]) == pytest.approx(0.01, rel=0.05)
    flow = exact.value[Channel.FLOW]
    flowing = np.abs(flow) > 1.0
    assert np.std((off[Channel.FLOW] / np.where(flowing, flow, 1.0))[flowing]) == pytest.approx(0.01, rel=0.05)
    assert not np.nanmax(np.abs(off[Channel.PUMP_ON]))


def test_a_station_has_about_one_glitch_a_week(net3: City, exact: Recording) -> None:
    glitched = record(net3, replace(_EXACT, glitches_a_week=7.0))
    off = np.abs(glitched.value[Channel.PRESSURE] - exact.value[Channel.PRESSURE]) > 1.0
    stations = np.isfinite(exact.value[Channel.PRESSURE][0]).sum()
    expected = stations * exact.ticks / DAY_STEPS
    assert expected / 2 < off.sum() < 2 * expected


def test_a_pump_that_the_model_switches_by_hours_runs_at_these_hours_every_day(net3: City, exact: Recording) -> None:
    row = net3.stations.row("Q-10")
    on = exact.value[Channel.PUMP_ON][:, row].reshape(-1)
    hour = np.arange(len(on)) % DAY_STEPS / 12.0
    assert (on == ((hour >= 1.0) & (hour < 15.0))).all()


def test_equal_options_give_equal_recordings_and_other_seeds_other_ones(net3: City, small: Recording) -> None:
    again, other = record(net3, _SMALL), record(net3, replace(_SMALL, seed=2))
    assert again.bursts == small.bursts != other.bursts
    for channel, value in small.value.items():
        np.testing.assert_array_equal(again.value[channel], value)
    assert not np.array_equal(other.value[Channel.PRESSURE], small.value[Channel.PRESSURE], equal_nan=True)


def test_the_detector_gets_the_readings_and_the_nominal_model_alone(watched: City, eventful: Recording) -> None:
    blind = replace(eventful, bursts=(), signal_m=eventful.signal_m[:0], unknown_m=eventful.unknown_m[:0], inflow_m3h=0.0)
    found = replay.events(watched, eventful, "scada")
    assert found
    assert replay.events(watched, blind, "scada") == found
    # The driven watch alone gives the same events.
    alone = replay.watched_events(watched, eventful)
    assert [one["detected_at"] for one in alone] == [one["detected_at"] for one in found]
    assert [one["set_90"] for one in alone] == [one["set_90"] for one in found]
    model, other_seed = watched.epanet, networks.nominal_city(networks.shipped("Net3"), 8, 77).epanet
    assert model is not None
    assert other_seed is not None
    assert model.inp == other_seed.inp


def test_the_variant_of_pressures_has_no_other_channel(net3: City, small: Recording) -> None:
    city = replay.city_of(net3, "pressures")
    count = len(city.stations)
    assert set(city.stations.channels) == {"pressure"}
    assert set(replay.batch(small, count).channel.tolist()) == {Channel.PRESSURE}
    assert set(replay.history(small, count).value) == {Channel.PRESSURE}
    assert {Channel.LEVEL, Channel.FLOW, Channel.PUMP_ON} < set(replay.batch(small, len(net3.stations)).channel.tolist())


def test_the_key_of_a_recording_changes_with_every_option_and_with_the_network(net3: City) -> None:
    options = RecordingOptions()
    others = []
    for each in fields(options):
        changed: Any = (0.5,) if each.name == "sizes" else getattr(options, each.name) + 1
        others.append(replace(options, **{each.name: changed}))
    assert net3.epanet is not None
    other_city = replace(net3, epanet=replace(net3.epanet, inp=net3.epanet.inp + "; changed\n"))
    keys = [cache.key_of(net3, one) for one in (options, *others)] + [cache.key_of(other_city, options)]
    assert len(set(keys)) == len(keys)
    assert cache.key_of(net3, RecordingOptions()) == keys[0]


def test_a_kept_recording_is_read_as_it_was_made(net3: City, small: Recording, tmp_path: Path) -> None:
    cache.save(small, tmp_path / "one.npz")
    read = cache.load(tmp_path / "one.npz")
    assert read.bursts == small.bursts
    for channel, value in small.value.items():
        np.testing.assert_array_equal(read.value[channel], value)
    np.testing.assert_array_equal(read.signal_m, small.signal_m)


def test_an_exported_recording_replays_by_locate_to_the_same_events(watched: City, eventful: Recording, tmp_path: Path) -> None:
    cache.export(watched, eventful, tmp_path)
    command = ["locate", str(tmp_path / "city-pressures.gpkg"), "--readings", str(tmp_path / "test.parquet")]
    shown = CliRunner().invoke(app, [*command, "--baseline", str(tmp_path / "history.parquet")])
    assert shown.exit_code == 0
    told = [json.loads(line) for line in shown.stdout.splitlines()]
    expected = replay.events(watched, eventful, "pressures")
    assert expected
    assert [(one["detected_at"], one["set_90"]) for one in told] == [(one["detected_at"], one["set_90"]) for one in expected]
    (tmp_path / "events.jsonl").write_text(shown.stdout, encoding="utf-8")
    scored = CliRunner().invoke(app, ["score", str(tmp_path / "events.jsonl"), "--truth", str(tmp_path / "truth.csv")])
    assert json.loads(scored.stdout)["leaks_known"] == len(eventful.bursts)


def test_an_event_finds_the_burst_that_runs_and_is_false_outside(net3: City, small: Recording) -> None:
    first, second = sorted(small.bursts, key=lambda one: one.start)[:2]

    def event(tick: int, pipe: str, *others: str) -> dict[str, object]:
        at = str(np.datetime64(int(small.at_us[tick]), "us")) + "+00:00"
        return {"detected_at": at, "candidates": [{"pipe": pipe}], "set_90": [pipe, *others]}

    told = [
        event(first.start - 1, first.pipe),  # false: before it began
        event(first.start + 3, first.pipe),  # 15 minutes
        event(first.start + 5, first.pipe),  # repeat
        event(first.end + 2, first.pipe),  # repeat: the repair
        event(second.end + 2, second.pipe),  # too late to be found, not false
        event(second.end + 12, second.pipe),  # false again: an hour after the end
    ]
    scored = score(net3, small, told)
    outcomes = {one.start: one for one in scored.outcomes}
    assert len(scored.false_at) == 2
    assert scored.repeats == 3
    found = next(one for one in scored.outcomes if one.pipe == first.pipe and one.delay_min is not None)
    assert (found.delay_min, found.first_m, found.set_holds, found.set_pipes) == (15.0, 0.0, True, 1)
    assert sum(one.delay_min is not None for one in outcomes.values()) == 1
    # 5 test days of which 3 bursts of 7 h and an hour after each are not watched: 2 quiet days and 3 slots of 18 h.
    assert scored.quiet_days == pytest.approx(2 + 3 * (18 - 8) / 24)
    assert scored.false_a_month == pytest.approx(30.0 * 2 / scored.quiet_days)
    table = summary([scored], [len(net3.network.pipes)])
    assert sum(table[f"burst_{size}_percent"]["within_15_min"] for size in (20, 8, 4)) == 1


def test_a_larger_burst_stands_out_further_at_the_same_stations(net3: City, small: Recording) -> None:
    seen = detectable(net3, small, _SMALL, balance=False)
    twice = detectable(net3, replace(small, signal_m=2.0 * small.signal_m), _SMALL, balance=False)
    np.testing.assert_allclose(twice.sigmas[15], 2.0 * seen.sigmas[15])
    # With noise of instruments alone the sum of squares is worked out by hand.
    rows = np.flatnonzero(net3.stations.channels == "pressure")
    calm = detectable(net3, replace(small, unknown_m=np.zeros_like(small.unknown_m)), _SMALL, balance=False)
    by_hand: Floats = np.sqrt((small.signal_m[:, rows] ** 2).sum(axis=1)) / 0.03 * np.sqrt(4.0)
    np.testing.assert_allclose(calm.sigmas[15], by_hand)


def test_a_network_without_pumps_is_refused() -> None:
    with pytest.raises(InputFault, match="pumped"):
        networks.nominal_city(networks.shipped("Net2"), 40, 1)


def test_a_burst_that_starts_while_pumps_stand_is_sized_at_no_less_than_half_the_usual_pressure() -> None:
    # Pumps of Richmond stop for hours; a leak of some m3/h at a pressure near zero would later draw more than the city.
    city = networks.nominal_city(networks.shipped("Richmond_skeleton"), 40, 5)
    recording = record(city, RecordingOptions(seed=5, history_days=2, quiet_days=0, bursts=2))
    for burst in recording.bursts:
        assert burst.flow_m3h < 2.0 * burst.size * recording.inflow_m3h


def test_the_command_refuses_unknown_networks_and_variants() -> None:
    for words in (["--variant", "levels"], ["--networks", "Net99"], ["--quiet-days", "0", "--bursts", "0"]):
        shown = CliRunner().invoke(app, ["bench", "pumped", *words])
        assert isinstance(shown.exception, InputFault)
    shown = CliRunner().invoke(app, ["bench", "pumped", "--without", "steps"])
    assert (shown.exit_code, "'steps' is none of step," in shown.output) == (2, True)


def _numbers(table: Any) -> Iterator[float]:
    """All numbers in nested tables."""
    if isinstance(table, dict):
        for part in table.values():
            yield from _numbers(part)
    elif isinstance(table, float):
        yield table


def test_the_bench_prints_a_table_for_each_variant_and_keeps_its_recordings(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"networks": ["Net1"], "days": 3, "quiet_days": 1, "bursts": 1, "cache": tmp_path / "kept"}
    table = run(**asked, inp=[], to=tmp_path / "written")
    kept = list((tmp_path / "kept").iterdir())
    assert not any(np.isnan(value) for value in _numbers(table))
    assert set(table["networks"]["Net1"]) > {"scada", "pressures", "pressure_stations", "recording_s"}
    assert set(table["together"]) == {"scada", "pressures"}
    size = table["together"]["scada"]["burst_20_percent"]
    assert {
        "within_15_min",
        "within_60_min",
        "within_360_min",
        "first_m_median",
        "first_m_possible_median",
        "set_90_km_median",
        "detectable_15_min",
    } < set(size)
    assert {one.name for one in (tmp_path / "written" / "Net1").iterdir()} > {"city.gpkg", "test.parquet", "truth.csv"}
    again = run(**asked)
    assert list((tmp_path / "kept").iterdir()) == kept
    assert again["together"] == table["together"]


def test_without_noise_the_likeliest_pipe_of_the_true_city_shows_what_the_burst_shows(watched: City, eventful: Recording) -> None:
    options = replace(_SMALL, quiet_days=0, sizes=(0.4, 0.2))
    truth = true_changes(watched, eventful, options)
    assert truth is not None
    assert truth.pipes == tuple(one.pipe for one in eventful.bursts if one.size == 0.4)
    still = replace(eventful, unknown_m=np.zeros_like(eventful.unknown_m))
    faint = replace(options, pressure_sigma_m=1e-6)
    alike = locatable(watched, still, faint, truth, metered=False)
    noisy = locatable(watched, still, replace(options, pressure_sigma_m=3.0), truth, metered=False)
    pressures = int((watched.stations.channels == "pressure").sum())
    for row, pipe in enumerate(truth.pipes):
        # Worked out apart: the pipe whose burst moves the gauges most nearly as this one does.
        off = np.abs(truth.of_pipe[:, :pressures] - truth.of_burst[row, :pressures]).sum(axis=1)
        nearest = str(watched.network.pipes.asset_id[int(np.argmin(off))])
        assert alike[row, 0] == pytest.approx(Distances(watched).between(pipe, [nearest])[0], abs=150.0)
    assert noisy.mean() > alike.mean()
    flows = truth.of_burst[:, pressures:]
    assert np.abs(flows).max() > 0.0


def test_the_length_of_a_set_is_that_of_its_pipes(net3: City, small: Recording) -> None:
    burst = small.bursts[0]
    held = [burst.pipe, next(str(one) for one in net3.network.pipes.asset_id if str(one) != burst.pipe)]
    at = str(np.datetime64(int(small.at_us[burst.start + 1]), "us")) + "+00:00"
    scored = score(net3, small, [{"detected_at": at, "candidates": [{"pipe": held[0]}], "set_90": held}])
    length = sum(net3.network.pipes.length_m[net3.network.pipes.row(one)] for one in held)
    found = next(one for one in scored.outcomes if one.delay_min is not None)
    assert found.set_km == pytest.approx(length / 1000.0)


def test_the_quick_replay_raises_events_when_the_watch_does(watched: City, eventful: Recording) -> None:
    quick = quick_events(watched, eventful, frozenset(), {})
    slow = replay.watched_events(watched, eventful, None, frozenset({"driven_again"}))
    assert quick
    assert [one["detected_at"] for one in quick] == [one["detected_at"] for one in slow]
