"""Step test of one station group: detects sudden pressure steps against the last minutes and separates bursts from operations."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.detection.crossing import Crossing, Step
from console.detection.medians import known_median
from console.detection.operations import NAMELESS, KnownOperations, OperationFit, explains
from console.detection.options import DetectorOptions
from console.detection.pressure.adaptive_threshold import AdaptiveThreshold
from console.detection.pressure.batch_screen import LEAST_STATIONS
from console.detection.pressure.daily_pattern import DailyFactors, DailySteps
from console.detection.pressure.matched_field import MatchedField, summed
from console.detection.pressure.step_history import StepHistory, Tail, common_statistic, steps_of
from console.detection.pressure.step_noise import StepNoise, fitted_noise, own_scatter
from console.detection.pressure.thresholds import FULL_HISTORY_DAYS, LEAST_HISTORY, simulated
from console.detection.signature_cache import SignatureCache
from console.detection.signature_making import Digest
from console.detection.station_groups import representatives
from maps.columns import Floats

STEP_WINDOWS = (1, 2, 3)
_TESTS = 2 * len(STEP_WINDOWS) - 1
"""Statistics per window: that of the sum and, for several ticks, that of the change common to all of them."""

_SECOND_SHARE = 0.4
_LEAST_EXPLAINED, _WELL_EXPLAINED = 0.5, 0.9
_CLEAR_SIGMAS, _LEAST_FALLEN = 3.0, 2
_REFRESH_TICKS, _CALM_KEPT, _PRIOR_TICKS = 30, 240, 60.0
_SAME_INTERVAL = 1.5
_SEEN_BESIDES = 3
"""In history, patterns count as explanations only from this number of observations on: a step always explains itself."""

_SWITCHING_A_DAY = 1.0
_SWITCHING_CAUTION = 2.5
_AFTERMATH_TICKS, _AFTERMATH_CAUTION = 5, 2.0
"""Threshold factors for groups with frequent switching, and just after a switch: tanks and valves respond beyond the model."""


@dataclass(frozen=True, eq=False)
class _Page:
    """Field and noise of the group in one state. ``modes``: (n, pumps) response to each pump's lost delivery, m per m³/h."""

    field: MatchedField
    covariance: Floats
    sigma_m: Floats
    modes: NDArray[np.float32]


class StepTest:
    """Noise, thresholds, operations and the last samples of one group; ``rows``: its station rows (n ≤ 100)."""

    def __init__(
        self, rows: NDArray[np.int64], cache: SignatureCache, options: DetectorOptions, lanes: int, number: int = 0
    ) -> None:
        """``lanes``: number of tests that share the false alarm rate; ``number``: the group's number, from 0."""
        self.rows = rows
        self.learned = self._has_full_history = False
        self.switching = False
        """Whether frequent operations belong to normal operation here: then large statistics in history are no unknown bursts."""
        self.noise = StepNoise(options.step_sigma_m, options.step_demand_share if cache.states else 0.0)
        self.operations = KnownOperations(cache.pump_rows, cache.switching_pumps)
        self.recurring = DailySteps(len(rows))
        self._cache, self._model, self._options = cache.group(rows), cache, options
        self._probability = options.tick_s / 86_400.0 / options.false_alarm_days / lanes / _TESTS
        self._recent: deque[Floats] = deque(maxlen=max(STEP_WINDOWS))
        self._calm: deque[tuple[int, Floats]] = deque(maxlen=_CALM_KEPT)
        # Groups refresh their noise one after the other, which bounds the time of one tick.
        self._since_refresh = -number
        self._refresh_after = _REFRESH_TICKS
        self._since_operation = _AFTERMATH_TICKS + 1
        self._hours, self._hour_factor = DailyFactors(), 1.0
        self._shape, self._own_m2 = np.eye(len(rows)), np.zeros(len(rows))
        self._pages: dict[int, _Page] = {}
        self._reduced: tuple[bytes, int, MatchedField] | None = None
        self._places: NDArray[np.int64] | None = None
        self._thresholds: dict[int, float] = {}
        self._common_ratio: dict[int, float] = {}
        """Per window, threshold of the sum over the threshold of the common change; 1 until learned."""
        self._adaptive: dict[int, AdaptiveThreshold] = {}

    @property
    def usable(self) -> bool:
        """Whether the group can be tested (``GroupSignatures.usable``)."""
        return self._cache.usable

    def ready(self, second_of_day: float) -> bool:
        """Whether the signatures of the state at a time of day have been computed."""
        return self._cache.ready(self._model.page(second_of_day))

    def prepare(self, second_of_day: float) -> None:
        """Compute in advance what a tick at that time of day needs."""
        number = self._model.page(second_of_day)
        self._cache.digest(number)
        if not self._pages:
            self._page(number)
            self._calm_threshold(1)

    def covariance(self, second_of_day: float) -> Floats:
        """Noise of a step, (n, n), m²."""
        return self._page(self._cache.page(second_of_day)).covariance

    def switched(self, level: MatchedField, residual_m: Floats, second_of_day: float, root: float) -> OperationFit | None:
        """The operation that fits residuals (n,), scaled up by ``root``, as well as a burst would; None without one.

        A pump that switches at an unusual time shifts levels for hours. ``level``: the field of those residuals.
        """
        known = np.isfinite(residual_m)
        field = level.without(np.flatnonzero(~known))
        scaled = np.where(known, residual_m * root, 0.0).astype(np.float32)
        modes, usual = self._page(self._cache.page(second_of_day)).modes, self._model.usual_pump_flow_m3h
        found = self.operations.explain(scaled, field, modes, usual, frozenset(), frozenset(), root)
        total = float(scaled @ (field.precision @ scaled))
        return found if found is not None and found.known and explains(found, total, field.misfit(scaled)) else None

    def field(self, second_of_day: float, known: NDArray[np.bool_]) -> MatchedField:
        """The field of the nearest state with only the stations ``known`` (n,) in it."""
        number = self._cache.page(second_of_day)
        return self._without_unknown(self._page(number).field, known, number)

    def outliers(self, step_m: Floats, second_of_day: float) -> NDArray[np.int64]:
        """Position of an outlier: a station that no burst explains and without which the rest fits well. At most one."""
        field = self.field(second_of_day, np.isfinite(step_m))
        return field.outlier(np.nan_to_num(step_m).astype(np.float32))

    def sigma_m(self, second_of_day: float) -> Floats:
        """Noise of one step of each station, (n,), m."""
        return self._page(self._cache.page(second_of_day)).sigma_m

    def forget(self) -> None:
        """Drop the stored steps."""
        self._recent.clear()

    def tick(
        self,
        step: Floats,
        reference: Floats,
        second_of_day: float,
        screens: NDArray[np.float32],
        switched: frozenset[int] = frozenset(),
        steady: frozenset[int] = frozenset(),
    ) -> Step:
        """Test steps (n,), m, relative to the predicted values (``reference``, m); NaN where unknown.

        ``screens``: (windows,) batch screens of the same ticks, NaN where the full test is needed.
        ``switched``, ``steady``: rows of pumps whose own channels show a switch just now, or none.
        """
        number = self._cache.page(second_of_day)
        self._hour_factor = self._hours.at(second_of_day)
        self._recent.append(step)
        self._since_operation += 1
        outcome = Step(None, None, step, suspicious=False)
        near = self._near(screens)
        if near and np.count_nonzero(np.isfinite(step)) >= LEAST_STATIONS:
            outcome = self._judged(near, step, reference, number, switched, steady)
        if outcome.operation is not None:
            self._recent.clear()
            self._since_operation = 0
        elif not outcome.suspicious:
            self._learn_live(step, number)
        return outcome

    def _near(self, screens: NDArray[np.float32]) -> list[int]:
        """Windows near their threshold, or without a batch screen. Most ticks have none."""
        if not self._adaptive:
            return list(STEP_WINDOWS)
        near: list[int] = []
        for window, screen in zip(STEP_WINDOWS, screens.tolist(), strict=True):
            if screen <= self._calm_threshold(window) / 2.0:
                self._adaptive[window].add(screen)
            else:
                near.append(window)
        return near

    def _judged(
        self,
        windows: list[int],
        step: Floats,
        reference: Floats,
        number: int,
        switched: frozenset[int],
        steady: frozenset[int],
    ) -> Step:
        page = self._page(number)
        suspicious = False
        for window in windows:
            if len(self._recent) < window:
                break
            ticks = np.stack(list(self._recent)[-window:])
            mean = ticks.mean(axis=0)
            known = np.isfinite(mean)
            if np.count_nonzero(known) < LEAST_STATIONS:
                continue
            field = self._without_unknown(page.field, known, number)
            heard = np.where(known, ticks, 0.0).astype(np.float32)
            scaled = summed(heard)
            statistic, threshold, near = self._statistic(field, heard)
            suspicious = suspicious or near
            if statistic <= threshold:
                continue
            explanation, poor = self._explained(page, field, scaled, window, switched, steady)
            if poor or (explanation is not None and explanation.known):
                return Step(None, explanation or NAMELESS, mean, suspicious=True, window=window)
            crossing = Crossing(
                path="A" if window == 1 else "B",
                window=window,
                statistic=statistic,
                threshold=threshold,
                residual_m=mean,
                covariance=page.covariance,
                lane="step",
                reference_m=reference,
                instead=explanation,
                drift_known=self.learned,
                against="step",
            )
            return Step(crossing, None, mean, suspicious=True)
        return Step(None, None, step, suspicious)

    def _statistic(self, field: MatchedField, ticks: NDArray[np.float32]) -> tuple[float, float, bool]:
        """(deciding statistic or 0, threshold, whether it is near) of ticks (window, n), unknown stations as 0."""
        window, scaled = len(ticks), summed(ticks)
        screen, calm = field.screen(scaled), self._calm_threshold(window)
        threshold = calm if screen <= calm / 2.0 else calm * max(self._adaptive[window].ratio(), self._hour_factor)
        if screen <= threshold / 2.0:
            self._adaptive[window].add(screen)
            return 0.0, threshold, False
        # For several ticks also the change common to all, one station left out, with its own threshold: outliers of different
        # ticks do not produce it, and it detects a burst that only two stations respond to. With frequent switching such a
        # response is taken for a pump nearby.
        asked = window > 1 and not self.switching
        common = common_statistic(field, ticks) * self._common_ratio.get(window, 1.0) if asked else 0.0
        statistic = max(field.decisive(ticks), common)
        # The adaptive factor uses the statistic without the most suspicious station: one faulty gauge must not raise the
        # threshold.
        self._adaptive[window].add(statistic)
        if statistic > threshold and window == 1 and field.without_two(scaled) <= _SECOND_SHARE * threshold:
            return 0.0, threshold, True
        return statistic, threshold, statistic > threshold / 2.0

    def _explained(
        self,
        page: _Page,
        field: MatchedField,
        scaled: NDArray[np.float32],
        window: int,
        switched: frozenset[int] = frozenset(),
        steady: frozenset[int] = frozenset(),
        least_seen: int = 1,
    ) -> tuple[OperationFit | None, bool]:
        """(operation that fits as well as a burst, whether no burst fits the step well)."""
        whole, root, usual = field, float(np.sqrt(window)), self._model.usual_pump_flow_m3h
        tried = [(whole, scaled)]
        out = field.outlier(scaled)
        if len(out):
            field, scaled = field.without(out), scaled.copy()
            scaled[out] = 0.0
            tried.append((field, scaled))
        total = float(scaled @ (field.precision @ scaled))
        burst = field.screen(scaled)
        stations = float(np.count_nonzero(np.diag(field.precision) > 0))
        # A step that no modelled burst fits is an unknown operation; after learning, the thresholds include such steps.
        share = burst / max(total - stations, 1e-9)
        poor = field.is_flow_end(scaled) or (share < _LEAST_EXPLAINED and not self.learned)
        poor |= share < _WELL_EXPLAINED and _is_supply_gain(scaled, page.sigma_m)
        # An outlier station may respond to a pump next to it: operations are fitted with and without it.
        for seen, step in tried:
            explanation = self.operations.explain(step, seen, page.modes, usual, switched, steady, root, least_seen)
            if explains(explanation, float(step @ (seen.precision @ step)), total - burst):
                return explanation, poor
        return None, poor

    def _calm_threshold(self, window: int) -> float:
        if window not in self._thresholds:
            page = self._page(next(iter(self._pages)))
            level, usual = simulated(page.field, page.covariance, self._probability, seed=int(self.rows[0]))
            for each in STEP_WINDOWS:
                self._thresholds.setdefault(each, level)
                self._adaptive.setdefault(each, AdaptiveThreshold(usual))
        known = self.learned and (self._has_full_history or not self.switching)
        caution = 1.0 if known else self._options.learning_caution
        if self._since_operation <= _AFTERMATH_TICKS:
            caution = max(caution, _SWITCHING_CAUTION) * _AFTERMATH_CAUTION
        return self._thresholds[window] * (max(caution, _SWITCHING_CAUTION) if self.switching and not self.learned else caution)

    def _page(self, number: int) -> _Page:
        if number not in self._pages:
            digest = self._cache.digest(number)
            if self._places is None:
                scale = np.full(len(self.rows), self.noise.reading_m)
                self._places = representatives(digest.heads, scale, self._options.representatives)
            model = self.noise.covariance(self._sensitivity(digest)) + np.diag(self._own_m2)
            lower = np.linalg.cholesky(model)
            covariance = np.asarray(lower @ self._shape @ lower.T)
            field = MatchedField.of(digest.heads[:, self._places], digest.demand_modes, covariance)
            while len(self._pages) >= self._cache.pages_kept:
                del self._pages[next(iter(self._pages))]
            self._pages[number] = _Page(field, covariance, np.sqrt(np.diag(covariance)), digest.pump_modes)
        return self._pages[number]

    def _sensitivity(self, digest: Digest) -> Floats:
        """(n, n), m²: covariance if each demand fluctuates by 100 %; zero without a model."""
        return digest.demand_gram if self._model.states else np.zeros_like(digest.demand_gram)

    def _without_unknown(self, field: MatchedField, known: NDArray[np.bool_], number: int) -> MatchedField:
        if known.all():
            return field
        key = known.tobytes()
        if self._reduced is None or self._reduced[:2] != (key, number):
            self._reduced = (key, number, field.without(np.flatnonzero(~known)))
        return self._reduced[2]

    def _learn_live(self, step: Floats, number: int) -> None:
        """Refine the assumed noise with ticks without events."""
        if self.learned or not np.isfinite(step).any():
            return
        self._calm.append((number, step))
        self._since_refresh += 1
        if self._since_refresh < self._refresh_after:
            return
        # The refresh interval doubles, because further ticks change the estimate less and less.
        self._since_refresh, self._refresh_after = 0, min(2 * self._refresh_after, _CALM_KEPT)
        steps, pages = np.stack([one for _, one in self._calm]), np.array([page for page, _ in self._calm])
        seen, own_m2 = self._fit(steps, pages, least=_REFRESH_TICKS)
        weight = len(self._calm) / (len(self._calm) + _PRIOR_TICKS)
        assumed = StepNoise(self._options.step_sigma_m, self._options.step_demand_share if self._model.states else 0.0)
        self._renew(assumed.blended(seen, weight), weight * own_m2)

    def _renew(self, noise: StepNoise, own_m2: Floats) -> None:
        self.noise, self._own_m2, self._pages, self._reduced = noise, own_m2, {}, None

    def _fit(self, steps: NDArray[np.floating], pages: NDArray[np.int64], least: int) -> tuple[StepNoise, Floats]:
        """(noise fitted to the scatter of steps (ticks, n) with each state's sensitivity, extra variance of single stations)."""
        variance, sensitivity = [], []
        for number in np.unique(pages):
            here = steps[pages == number]
            if len(here) < least // 2:
                continue
            variance.append((1.4826 * known_median(np.abs(here))) ** 2)
            sensitivity.append(np.diag(self._sensitivity(self._cache.digest(int(number)))))
        if not variance or not (np.stack(variance) > 0).any():
            return self.noise, self._own_m2  # too few ticks, or constant values: no estimate of noise
        seen, felt = np.stack(variance), np.stack(sensitivity)
        noise = fitted_noise(seen.ravel(), felt.ravel())
        return noise, own_scatter(seen, noise.demand_share**2 * felt + noise.reading_m**2)

    def learn(self, pressure_m: NDArray[np.float32], second_of_day: Floats, step_s: float) -> None:
        """Learn operations from burst-free history (ticks, n), m, NaN where unknown; noise too if its interval is the tick's."""
        if np.count_nonzero(np.isfinite(pressure_m).all(axis=1)) < LEAST_HISTORY:
            return
        self.operations = KnownOperations(self._model.pump_rows, self._model.switching_pumps)
        # Start from the model's noise, not from an earlier result: the correlations are relative to it.
        self._shape, self._since_operation = np.eye(len(self.rows)), _AFTERMATH_TICKS + 1
        pages = np.array([self._cache.page(float(second)) for second in range(0, 86_400, 3600)])
        number = pages[(second_of_day // 3600).astype(np.int64) % 24]
        steps, jumps = steps_of(pressure_m, self.noise.reading_m), np.diff(pressure_m, axis=0, prepend=pressure_m[:1])
        same = step_s <= _SAME_INTERVAL * self._options.tick_s and self._options.tick_s <= _SAME_INTERVAL * step_s
        if same:
            self.recurring = DailySteps.learned(steps, second_of_day, step_s)
            steps = steps - self.recurring.at_all(second_of_day)
        before = self.noise, self._own_m2
        self._renew(*self._fit(steps, number, least=_REFRESH_TICKS))
        history = StepHistory(steps, number, lambda one: self._page(one).field)
        calm, events = history.calm_and_switching(jumps)
        for tick in events:
            page = self._page(int(number[tick]))
            self.operations.learn(np.asarray(jumps[tick], dtype=np.float64), page.field, page.modes)
        days = len(steps) * step_s / 86_400.0
        self._has_full_history = days >= FULL_HISTORY_DAYS
        self.switching = sum(pattern.count for pattern in self.operations.patterns) >= _SWITCHING_A_DAY * days
        if same:
            self._learn_noise(history, calm, pressure_m, second_of_day)
            self.operations.trust_history(days, history.pump_deliveries(lambda one: self._page(one).modes))
        else:
            self._renew(*before)
            self._page(self._cache.page(12 * 3600.0))
            self._calm_threshold(1)

    def _learn_noise(
        self, history: StepHistory, calm: NDArray[np.int64], pressure_m: NDArray[np.float32], second_of_day: Floats
    ) -> None:
        """Estimate correlations beyond the noise model from ``calm`` ticks, and thresholds from all ticks."""
        if len(calm) < LEAST_HISTORY:
            return
        self._shape = history.shape(calm, lambda one: self._page(one).covariance)
        self.learned = True
        self._renew(self.noise, self._own_m2)
        page = self._page(int(history.number[calm[0]]))
        gaussian, usual = simulated(page.field, page.covariance, self._probability, seed=int(self.rows[0]))
        self._thresholds, self._common_ratio = dict.fromkeys(STEP_WINDOWS, gaussian), {}
        self._adaptive = {window: AdaptiveThreshold(usual) for window in STEP_WINDOWS}
        self._hours = history.hours(second_of_day, self._options.tick_s, max(STEP_WINDOWS))
        tail = Tail(self._probability, gaussian, self._hours.at_all(second_of_day), self.switching, self._is_operation)
        history = history.replayed(pressure_m, self.recurring.at_all(second_of_day), self.noise.reading_m, tail)
        found: dict[int, float] = {}
        for window in STEP_WINDOWS:
            found[window], calm_screen = history.threshold(window, tail, MatchedField.decisive)
            self._adaptive[window] = AdaptiveThreshold(calm_screen or usual)
        for window in STEP_WINDOWS[1:]:
            self._common_ratio[window] = found[window] / history.threshold(window, tail, common_statistic)[0]
        self._thresholds = found

    def _is_operation(self, ticks: NDArray[np.float32], number: int) -> bool:
        """Whether live detection would explain ticks (window, n) of history by an operation observed a few times."""
        page = self._page(number)
        explanation, poor = self._explained(page, page.field, summed(ticks), len(ticks), least_seen=_SEEN_BESIDES)
        return poor or (explanation is not None and explanation.known)


def _is_supply_gain(step: NDArray[np.float32], sigma_m: Floats) -> bool:
    """Whether a step (n,) is a gain of supply, not a loss: most stations rose and hardly any fell.

    The part common to all is projected out, so stations outside the rise would otherwise look like a fall.
    """
    clear = _CLEAR_SIGMAS * sigma_m
    return int(np.count_nonzero(step < -clear)) < _LEAST_FALLEN and int(np.count_nonzero(step > clear)) > len(step) / 2.0
