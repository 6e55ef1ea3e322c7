"""Windows and the matched field on constructed residuals: which changes are bursts and which are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from console.detection.driven.matched_windows import matched, unit
from console.detection.driven.window_differences import Stretch, cleaned, differences
from console.detection.driven.window_statistics import SignatureBank, WindowStatistics

CHANNELS, PIPES, TICK_S = 6, 40, 300.0
TRUE_PIPE = 17


def _shapes() -> np.ndarray:
    return -np.abs(np.random.default_rng(5).normal(size=(CHANNELS, PIPES))).astype(np.float32)


def _stretch(values: np.ndarray, leverage_rows: np.ndarray | None = None) -> Stretch:
    ticks = len(values)
    zeros = np.zeros(ticks, dtype=np.int64)
    second = np.arange(float(ticks)) * TICK_S % 86_400.0
    rows = np.zeros((ticks, 1), dtype=np.float32) if leverage_rows is None else leverage_rows.astype(np.float32)
    return Stretch(
        values, np.ones(values.shape), zeros, zeros.astype(bool), second, zeros, rows, np.zeros((ticks, 1, CHANNELS), np.float32)
    )


@pytest.fixture(scope="module")
def learned() -> WindowStatistics:
    quiet = np.random.default_rng(6).normal(size=(8 * 288, CHANNELS))
    bank = SignatureBank(np.zeros(1, dtype=np.int64), np.zeros(1), _shapes()[None])
    return WindowStatistics(_stretch(cleaned(quiet, np.zeros(len(quiet), dtype=bool))), bank, TICK_S)


def _match(learned: WindowStatistics, values: np.ndarray) -> float:
    stretch = _stretch(values)
    found = learned.match(replace(stretch, values=cleaned(values, stretch.changed)))
    assert found is not None
    return found.statistic


def test_a_difference_is_the_mean_of_the_window_less_that_of_the_reference() -> None:
    values = np.random.default_rng(7).normal(size=(40, 2))
    found = differences(values, 5, 8)
    assert np.isnan(found[:12]).all()
    assert found[30] == pytest.approx(values[26:31].mean(axis=0) - values[18:26].mean(axis=0))


def test_a_burst_stands_out_and_its_onset_is_in_the_window(learned: WindowStatistics) -> None:
    values = np.random.default_rng(8).normal(size=(80, CHANNELS))
    quiet = _match(learned, values)
    values[-6:] += 4.0 * _shapes()[:, TRUE_PIPE]
    assert _match(learned, values) > 3.0 * max(quiet, 1.0)


def test_the_end_of_a_flow_is_no_burst(learned: WindowStatistics) -> None:
    values = np.random.default_rng(9).normal(size=(80, CHANNELS))
    values[-6:] -= 4.0 * _shapes()[:, TRUE_PIPE]
    assert _match(learned, values) < 1.5


def test_one_outlier_of_one_station_raises_nothing(learned: WindowStatistics) -> None:
    values = np.random.default_rng(10).normal(size=(80, CHANNELS))
    for tick in range(-14, 0):
        wild = values.copy()
        wild[tick, 2] = -300.0
        assert _match(learned, wild) < 2.0


def test_readings_of_the_tick_of_a_switch_are_not_used() -> None:
    values = np.zeros((20, 3))
    values[10:12] = 50.0
    changed = np.zeros(20, dtype=bool)
    changed[[10, 11]] = True
    assert not cleaned(values, changed).any()


def test_a_glitch_just_before_a_switch_is_not_held() -> None:
    values = np.zeros((20, 3))
    values[9, 1], values[10] = 300.0, 50.0
    changed = np.zeros(20, dtype=bool)
    changed[10] = True
    assert not cleaned(values, changed).any()


def test_the_statistic_replayed_on_history_is_not_smaller_than_on_later_days(learned: WindowStatistics) -> None:
    later = np.random.default_rng(11).normal(size=(1200, CHANNELS))
    sizes = [_match(learned, later[tick - 60 : tick]) for tick in range(100, 1200, 4)]
    history = learned.replayed[learned.longest :]
    assert np.quantile(sizes, 0.95) < 1.25 * np.quantile(history, 0.95)


def test_the_noise_of_a_level_counts_at_the_ends_of_a_window_only() -> None:
    random = np.random.default_rng(4)
    level = random.normal(size=4001)
    flow = np.diff(level)[:, None]  # what a tank with noise of 1 seems to take
    stored = np.array([True])
    kept = differences(cleaned(flow, np.zeros(4000, dtype=bool), stored), 36, 36)[72:]
    # (e3 - e2) / 36 - (e2 - e1) / 36: variance (1 + 4 + 1) / 36².
    assert kept.std() == pytest.approx(np.sqrt(6.0) / 36.0, rel=0.05)
    assert differences(cleaned(flow, np.zeros(4000, dtype=bool)), 36, 36)[72:].std() > 1.5 * kept.std()


def test_a_window_is_compared_with_as_much_time_before_it_and_at_least_an_hour(learned: WindowStatistics) -> None:
    hour = round(3600 / TICK_S)
    assert [learned.reference(window) for window in learned.windows] == [max(window, hour) for window in learned.windows]


def test_each_pipe_left_out_of_a_digest_looks_like_one_that_is_in_it() -> None:
    random = np.random.default_rng(5)
    place = np.linspace(0.0, 1.0, 2000)
    table = np.stack([np.exp(-((place - centre) ** 2) / 0.1) for centre in np.linspace(0, 1, 6)])[None].astype(np.float32)
    table = table[:, :, random.permutation(2000)]
    kept = SignatureBank(np.zeros(1, dtype=np.int64), np.ones(1), table).digest(np.ones(6)).of_pipe[0]
    one, other = (part / np.linalg.norm(part, axis=0) for part in (table[0], kept))
    assert kept.shape[1] < 2000
    assert (one.T @ other).max(axis=1).min() > 0.999


def test_where_the_expectation_extrapolates_the_test_is_less_sensitive_by_its_variance(learned: WindowStatistics) -> None:
    values = np.random.default_rng(12).normal(size=(80, CHANNELS))
    values[-12:] += 6.0 * _shapes()[:, TRUE_PIPE]
    known = learned.match(_stretch(values))
    rows = np.zeros((80, 2))
    rows[-12:] = 2.0  # |(2, 2)|² = 8 times the variance of a tick, over the last hour
    far, rows_of_an_hour = learned.match(_stretch(values, rows)), rows.copy()
    rows[:] = 2.0  # as far for hours: the same error before and after cancels in a difference
    steady = learned.match(_stretch(values, rows))
    assert known is not None
    assert far is not None
    assert steady is not None
    assert steady.statistic == pytest.approx(known.statistic)
    assert known.statistic > 4.0
    assert far.statistic < 1.5
    # The difference of two means of medians of three, white noise before: as measured; the added variance is rounded up.
    quiet = cleaned(np.random.default_rng(13).normal(size=(4000, CHANNELS)), np.zeros(4000, dtype=bool))
    reference = learned.reference(far.window)
    variance = differences(quiet, far.window, reference)[100:].var(axis=0)
    added = (np.diag(far.covariance) - variance) / quiet.var(axis=0)
    least = np.square(differences(rows_of_an_hour, far.window, reference)[-1]).sum()
    assert (added > 0.85 * least).all()
    assert (added < 1.15 * 2.0 * least).all()


def test_a_mode_in_doubt_counts_as_noise_along_what_it_would_change() -> None:
    random = np.random.default_rng(14)
    white, shapes = random.normal(size=(5, CHANNELS)), unit(np.eye(CHANNELS), random.normal(size=(CHANNELS, PIPES)))
    changes = random.normal(size=(5, 3, CHANNELS)) * np.array([2.0, 0.3, 1.0])[:, None]
    statistic, relieved = matched(white, shapes, changes)
    for tick in range(5):
        # The same by the covariance written out.
        bent = np.linalg.inv(np.linalg.cholesky(np.eye(CHANNELS) + changes[tick].T @ changes[tick]))
        expected, ends = matched((bent @ white[tick])[None], unit(bent, shapes))
        assert statistic[tick] == pytest.approx(expected[0], rel=1e-4)
        assert relieved[tick] == ends[0]


def test_a_tank_that_may_have_opened_is_no_burst_and_a_burst_elsewhere_is_still_found(learned: WindowStatistics) -> None:
    values = np.random.default_rng(15).normal(size=(80, CHANNELS))
    change = 6.0 * _shapes()[:, TRUE_PIPE]
    opened, modes = values.copy(), np.zeros((80, 1, CHANNELS), dtype=np.float32)
    opened[-12:] += change
    modes[-20:, 0] = change
    sure, unsure = learned.match(_stretch(opened)), learned.match(replace(_stretch(opened), other_modes=modes))
    assert sure is not None
    assert unsure is not None
    assert sure.statistic > 3.0
    assert unsure.statistic < 1.2
    burst = values.copy()
    burst[-12:] += 6.0 * _shapes()[:, 3]
    found = learned.match(replace(_stretch(burst), other_modes=modes))
    assert found is not None
    assert found.statistic > 1.5
