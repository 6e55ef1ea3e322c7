"""The detector on a small town: bursts, operations, station faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from console.detection import TickResult
from maps.columns import Floats
from maps.hydraulics.analysis.burst_responses import burst_responses
from maps.hydraulics.session import EpanetSession
from maps.units import KPA_PER_METRE
from tests.console.detection.cases import NOISE_M, STEP_US, Night, Town, bursts, faults

PIPES = ("H33", "V40", "H13", "V21")


@pytest.fixture(scope="module")
def town() -> Town:
    return Town.built(*PIPES)


@pytest.mark.parametrize(
    ("pipe", "learned"), [*((pipe, True) for pipe in PIPES), *((pipe, False) for pipe in ("V40", "H13", "H33"))]
)
def test_a_burst_is_found_at_once_and_its_pipe_is_in_the_set(town: Town, pipe: str, learned: bool) -> None:
    night = Night(town, learned=learned)
    assert bursts(night.ticks(12)) == 0
    result = night.tick(town.drops_m[pipe])
    assert len(result.bursts) == 1
    found = result.bursts[0]
    assert found.path == "A"
    assert pipe in found.location.set_90
    assert found.first_abnormal_at <= found.at


def test_one_burst_is_one_finding_located_better_with_the_next_ticks(town: Town) -> None:
    night = Night(town)
    night.ticks(12)
    results = night.ticks(60, town.drops_m["H33"])
    assert bursts(results) == 1
    first = results[0].bursts[0]
    revisions = [found for result in results for found in result.revisions]
    assert [found.revision for found in revisions] == [1, 2]
    assert {found.finding_id for found in revisions} == {first.finding_id}


def test_a_burst_that_lasts_is_not_found_again_when_its_hold_ends(town: Town) -> None:
    night = Night(town, hold_s=600.0)
    night.ticks(12)
    assert bursts(night.ticks(180, town.drops_m["H33"])) == 1


def test_a_burst_that_another_test_locates_excuses_the_same_stations_and_asks_for_no_hydraulics(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights: list[list[TickResult]] = []
    solved: list[list[int]] = []
    for located in (True, False):
        leaks_solved: list[int] = []

        def responses(
            at_s: float, nodes: NDArray[np.int64], leaks: Sequence[Mapping[int, float]], kept: list[int] = leaks_solved
        ) -> Floats:
            kept.append(len(leaks))
            return np.full((len(leaks), len(nodes)), np.nan)

        night = Night(town, responses=responses, hold_s=600.0)
        tracker = night.detector._tracker
        search = tracker.search

        with monkeypatch.context() as patched:
            if not located:
                patched.setattr(tracker, "search", lambda *what, located, search=search: search(*what, located=False))
            nights.append([*night.ticks(12), *night.ticks(60, town.drops_m["H33"]), *night.ticks(30)])
        solved.append(leaks_solved)
    told, untold = nights
    assert bursts(told) == 1
    assert bursts(untold)
    assert [one.stations for one in told] == [one.stations for one in untold]
    assert solved[0]
    assert not solved[1]
    assert not any(found.location.set_90 for one in untold for found in one.bursts)
    assert not any(one.revisions for one in untold)


def test_a_burst_that_grows_is_one_finding_and_one_at_the_same_place_hours_later_is_another(town: Town) -> None:
    night, drop = Night(town), town.drops_m["H33"]
    night.ticks(12)
    assert bursts(night.ticks(90, drop)) == 1
    assert bursts(night.ticks(90, 2.0 * drop)) == 0, "it grew"
    assert bursts(night.ticks(300)) == 0, "it was repaired"
    assert bursts(night.ticks(5, drop)) == 1


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_an_uneven_gain_of_supply_is_no_burst(town: Town, seed: int) -> None:
    night, drop = Night(town), town.drops_m["H33"]
    night.ticks(12)
    given = 1.8 + drop + 0.1 * np.random.default_rng(seed).standard_normal(len(drop))  # every station rises
    told = night.ticks(10, given)
    assert bursts(told) == 0
    assert [one.kind for result in told for one in result.operations] == ["unknown"]


def test_two_bursts_in_two_places_are_two_findings(town: Town) -> None:
    night = Night(town)
    night.ticks(12)
    first = night.ticks(15, town.drops_m["V40"])
    both = night.ticks(15, town.drops_m["V40"] + town.drops_m["H13"])
    assert (bursts(first), bursts(both)) == (1, 1)


def test_a_glitch_of_one_station_is_a_spike_and_no_burst(town: Town) -> None:
    night = Night(town)
    night.ticks(12)
    results = [night.tick(replaced={3: 250.0}), *night.ticks(5)]
    assert bursts(results) == 0
    assert faults(results, "spike") == ["S3"]


def test_a_station_that_stays_off_is_deviating_and_no_burst(town: Town) -> None:
    night = Night(town)
    night.ticks(12)
    off = float(town.quiet_m[3] * 9.80665 - 60.0)
    results = [night.tick(replaced={3: off + 0.3 * night.random.standard_normal()}) for _ in range(20)]
    assert bursts(results) == 0
    assert faults(results, "deviating") == ["S3"]


def test_a_frozen_station_is_named_and_does_not_hide_a_burst(town: Town) -> None:
    night = Night(town)
    night.ticks(12)
    still = float(town.quiet_m[5] * 9.80665)
    results = [night.tick(replaced={5: still}) for _ in range(40)]
    assert bursts(results) == 0
    assert faults(results, "frozen") == ["S5"]
    assert len(night.tick(town.drops_m["H33"], replaced={5: still}).bursts) == 1


def test_an_impossible_value_is_out_of_range(town: Town) -> None:
    night = Night(town)
    night.ticks(12)
    results = [night.tick(replaced={2: 9000.0})]
    assert (bursts(results), faults(results, "out_of_range")) == (0, ["S2"])


def test_a_clock_ahead_is_a_fault_and_its_values_are_no_evidence(town: Town) -> None:
    night = Night(town)
    night.ticks(12)
    night.value[4, 0], night.at_us[4, 0] = 10.0, night.now_us + 3_600_000_000
    result = night.tick(silent=np.array([4]))
    assert faults([result], "future_time") == ["S4"]
    assert not result.bursts


def test_a_silent_station_turns_stale_and_comes_back(town: Town) -> None:
    night = Night(town)
    night.ticks(12)
    results = night.ticks(8, silent=np.array([1]))
    assert faults(results, "stale") == ["S1"]
    ended = [found for found in night.tick().stations if found.code == "stale" and not found.active]
    assert [found.station_id for found in ended] == ["S1"]


def test_backfill_never_raises_an_alarm(town: Town) -> None:
    night = Night(town)
    night.ticks(12)
    assert bursts(night.ticks(10, town.drops_m["H33"], late_us=10 * STEP_US)) == 0


def test_a_repeated_sample_is_counted_once(town: Town) -> None:
    night = Night(town)
    night.ticks(12)
    first = night.tick(town.drops_m["H33"])
    everyone = np.arange(len(town.quiet_m))
    repeated = night.ticks(3, silent=everyone)
    assert len(first.bursts) == 1
    assert all(not result.revisions for result in repeated)


def test_demand_that_drifts_everywhere_is_no_burst(town: Town) -> None:
    from maps.locate import build_signatures

    drift = build_signatures(town.city, town.state).demand_modes[:, 0]
    night = Night(town)
    night.ticks(12)
    assert bursts([night.tick(share * drift) for share in np.linspace(0.0, 0.5, 30)]) == 0


def test_a_raised_source_head_is_no_burst(town: Town) -> None:
    night = Night(town)
    night.ticks(12)
    assert bursts(night.ticks(5, -2.0)) == 0


def test_evidence_excludes_the_part_common_to_all_stations(town: Town) -> None:
    with EpanetSession(town.city) as session:
        night = Night(town, responses=partial(burst_responses, session))
        night.ticks(12)
        found = night.tick(town.drops_m["H33"] + 1.5).bursts[0]
    most = found.evidence[0]
    assert most.observed is not None
    assert most.expected is not None
    assert most.observed < most.expected
    row = int(most.station_id[1:])
    assert town.drops_m["H33"][row] == pytest.approx((most.observed - most.expected) / 9.80665, rel=0.15)


def test_a_day_of_higher_noise_than_any_known_raises_nothing(town: Town) -> None:
    night = Night(town, seed=2)
    night.ticks(30)
    growing = (night.tick(noise_m=NOISE_M * (1.0 + 1.5 * min(tick / 60, 1.0))) for tick in range(600))
    assert bursts(list(growing)) == 0


def test_quiet_days_raise_nothing(town: Town) -> None:
    night = Night(town)
    assert bursts(night.ticks(1500)) == 0


def test_without_history_stations_are_learning(town: Town) -> None:
    assert Night(town, learned=False).tick().learning.all()
    assert not Night(town).tick().learning.any()


def test_a_stations_scatter_is_the_noise_of_its_readings_once_learned(town: Town) -> None:
    assert np.isnan(Night(town, learned=False).tick().sigma_kpa).all()
    sigma = Night(town).tick().sigma_kpa
    floor_m = 0.02  # a recording without noise of its own still gets some
    assert sigma == pytest.approx(np.hypot(NOISE_M, floor_m) * KPA_PER_METRE, rel=0.05)


def test_without_a_model_a_burst_is_found_and_the_place_is_named_interpolated(town: Town) -> None:
    from console.detection import Detector

    night = Night(town)
    blind = Night(town, learned=False)
    blind.detector = Detector(town.city, None, night.detector.options)
    blind.ticks(30)
    found = [one for result in blind.ticks(3, 2.0 * town.drops_m["V40"]) for one in result.bursts]
    assert len(found) == 1
    assert found[0].location.model == "interpolated"


def test_a_known_event_is_located_whatever_the_statistic(town: Town) -> None:
    night = Night(town)
    night.ticks(12)
    night.now_us += STEP_US
    night.value[:, 0] = (town.quiet_m + 0.5 * town.drops_m["V21"]) * 9.80665
    night.at_us[:, 0] = night.now_us
    result = night.detector.tick(night.value, night.at_us, night.quality, night.now_us, force=True)
    assert len(result.bursts) == 1


def test_smaller_bursts_are_detectable_near_stations_than_far_from_them(town: Town) -> None:
    least = Night(town).detector.smallest_flows_m3h(1_704_067_200_000_000)
    assert np.isfinite(least[town.city.network.pipes.row("H33")])
    assert least[town.city.network.pipes.row("H33")] < least[town.city.network.pipes.row("P0")]


def test_a_repair_that_raises_pressures_is_no_burst(town: Town) -> None:
    night = Night(town)
    night.ticks(12, town.drops_m["V40"])
    assert bursts(night.ticks(60)) == 0
