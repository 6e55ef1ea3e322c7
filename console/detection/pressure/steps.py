"""StepWatch: sudden steps of a group's stations against their own last minutes; bursts told from operations."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.detection.crossing import Crossing, Step
from console.detection.medians import known_median
from console.detection.operations import NAMELESS, Explanation, OperationBook, explains
from console.detection.options import DetectorOptions
from console.detection.pressure.adaptive_threshold import Unrest
from console.detection.pressure.batch_screen import LEAST_STATIONS
from console.detection.pressure.daily_pattern import RecurringSteps, RestlessHours
from console.detection.pressure.matched_field import MatchedField, summed
from console.detection.pressure.step_history import StepHistory, Tail, alike, steps_of
from console.detection.pressure.step_noise import StepNoise, fitted_noise, own_scatter
from console.detection.pressure.thresholds import LEAST_HISTORY, SEASONED_DAYS, simulated
from console.detection.signature_cache import SignatureBook
from console.detection.signature_making import Digest
from console.detection.station_groups import representatives
from maps.columns import Floats

STEP_WINDOWS = (1, 2, 3)
_TESTS = 2 * len(STEP_WINDOWS) - 1
"""Each window's sum, and of several ticks what all of them show alike."""

_SECOND_SHARE = 0.4
_LEAST_EXPLAINED, _WELL_EXPLAINED = 0.5, 0.9
_CLEAR_SIGMAS, _LEAST_FALLEN = 3.0, 2
_REFRESH_TICKS, _CALM_KEPT, _PRIOR_TICKS = 30, 240, 60.0
_SAME_INTERVAL = 1.5
_SEEN_BESIDES = 3
"""A step of history explains itself: only what was seen a few times shows how well the next one will be explained."""

_SWITCHING_A_DAY = 1.0
_SWITCHING_CAUTION = 2.5
_AFTERMATH_TICKS, _AFTERMATH_CAUTION = 5, 2.0
"""Where pumps come and go, and just after one did, tanks and valves follow in ways no model shows: a burst must be clearer."""


@dataclass(frozen=True, eq=False)
class _Page:
    """One hydraulic state as the group sees it. ``modes``: (n, pumps) response to each pump's delivery lost, per m³/h."""

    field: MatchedField
    covariance: Floats
    sigma_m: Floats
    modes: NDArray[np.float32]


class StepWatch:
    """Noise, thresholds, operations and the last samples of one group; ``rows``: its station rows (n ≤ 100)."""

    def __init__(
        self, rows: NDArray[np.int64], book: SignatureBook, options: DetectorOptions, lanes: int, number: int = 0
    ) -> None:
        """``lanes``: how many watches share the rate of false alarms; ``number``: the group's, from 0."""
        self.rows = rows
        self.learned = self._seasoned = False
        self.switching = False
        """Whether operations are part of quiet times here: then loud ticks in history are no unknown bursts."""
        self.noise = StepNoise(options.step_sigma_m, options.step_demand_share if book.states else 0.0)
        self.operations = OperationBook(book.pump_rows, book.switching_pumps)
        self.recurring = RecurringSteps(len(rows))
        self._book, self._model, self._options = book.group(rows), book, options
        self._probability = options.tick_s / 86_400.0 / options.false_alarm_days / lanes / _TESTS
        self._recent: deque[Floats] = deque(maxlen=max(STEP_WINDOWS))
        self._calm: deque[tuple[int, Floats]] = deque(maxlen=_CALM_KEPT)
        # Groups refresh one after the other, so that no tick pays for more than one of them.
        self._since_refresh = -number
        self._refresh_after = _REFRESH_TICKS
        self._since_operation = _AFTERMATH_TICKS + 1
        self._hours, self._restless = RestlessHours(), 1.0
        self._shape, self._own_m2 = np.eye(len(rows)), np.zeros(len(rows))
        self._pages: dict[int, _Page] = {}
        self._reduced: tuple[bytes, int, MatchedField] | None = None
        self._places: NDArray[np.int64] | None = None
        self._thresholds: dict[int, float] = {}
        self._lasting: dict[int, float] = {}
        """Per window, the threshold of its sum over that of what its ticks show alike; 1 until learned."""
        self._unrest: dict[int, Unrest] = {}

    @property
    def usable(self) -> bool:
        """Whether a tick may look at the group (``GroupBook.usable``)."""
        return self._book.usable

    def ready(self, second_of_day: float) -> bool:
        """Whether the state of a time of day is at hand."""
        return self._book.ready(self._model.page(second_of_day))

    def prepare(self, second_of_day: float) -> None:
        """Make what a tick at that time of day will need, so that the tick need not wait for it."""
        number = self._model.page(second_of_day)
        self._book.digest(number)
        if not self._pages:
            self._page(number)
            self._calm_threshold(1)

    def covariance(self, second_of_day: float) -> Floats:
        """Noise of a step, (n, n), m²."""
        return self._page(self._book.page(second_of_day)).covariance

    def switched(self, level: MatchedField, residual_m: Floats, second_of_day: float, root: float) -> Explanation | None:
        """The operation that explains residuals (n,), scaled up by ``root``, as well as a burst would: a pump at an unusual

        time moves levels for hours. ``level``: the field of those residuals. None when there is none.
        """
        known = np.isfinite(residual_m)
        field = level.without(np.flatnonzero(~known))
        scaled = np.where(known, residual_m * root, 0.0).astype(np.float32)
        modes, usual = self._page(self._book.page(second_of_day)).modes, self._model.usual_pump_flow_m3h
        found = self.operations.explain(scaled, field, modes, usual, frozenset(), frozenset(), root)
        total = float(scaled @ (field.precision @ scaled))
        return found if found is not None and found.known and explains(found, total, field.misfit(scaled)) else None

    def field(self, second_of_day: float, known: NDArray[np.bool_]) -> MatchedField:
        """The field of the nearest state with only the stations ``known`` (n,) in it."""
        number = self._book.page(second_of_day)
        return self._without_unknown(self._page(number).field, known, number)

    def outliers(self, step_m: Floats, second_of_day: float) -> NDArray[np.int64]:
        """Positions of stations that no burst explains and without which the rest fits well: glitches, at most one."""
        field = self.field(second_of_day, np.isfinite(step_m))
        return field.outlier(np.nan_to_num(step_m).astype(np.float32))

    def sigma_m(self, second_of_day: float) -> Floats:
        """Noise of one step of each station, (n,), m."""
        return self._page(self._book.page(second_of_day)).sigma_m

    def forget(self) -> None:
        """Steps before now are no part of what comes."""
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
        """Test steps (n,), m, against what stations should have shown (``reference``, m); NaN where unknown.

        ``screens``: (windows,) of a glance at the same ticks, NaN where it could not tell.
        ``switched``, ``steady``: rows of pumps whose own channels show a switch just now, or none.
        """
        number = self._book.page(second_of_day)
        self._restless = self._hours.at(second_of_day)
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
        """Windows that come near their threshold, or cannot tell. Nearly every tick has none."""
        if not self._unrest:
            return list(STEP_WINDOWS)
        near: list[int] = []
        for window, screen in zip(STEP_WINDOWS, screens.tolist(), strict=True):
            if screen <= self._calm_threshold(window) / 2.0:
                self._unrest[window].add(screen)
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
        threshold = calm if screen <= calm / 2.0 else calm * max(self._unrest[window].ratio(), self._restless)
        if screen <= threshold / 2.0:
            self._unrest[window].add(screen)
            return 0.0, threshold, False
        # Of several ticks also what all show alike, one station left out, held to a threshold of its own: glitches of different
        # ticks cannot make it, and a burst that only two stations see is found by it. Where pumps come and go, what only two
        # stations see is a pump beside them.
        asked = window > 1 and not self.switching
        lasts = alike(field, ticks) * self._lasting.get(window, 1.0) if asked else 0.0
        statistic = max(field.decisive(ticks), lasts)
        # One station that lies must not deafen the group: unrest is what remains without it.
        self._unrest[window].add(statistic)
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
    ) -> tuple[Explanation | None, bool]:
        """(operation that does as well as a burst, whether no burst fits the step well)."""
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
        # What no burst of the model makes is an operation that it does not know; history, once learned, tells how often.
        share = burst / max(total - stations, 1e-9)
        poor = field.relieves(scaled) or (share < _LEAST_EXPLAINED and not self.learned)
        poor |= share < _WELL_EXPLAINED and _is_given(scaled, page.sigma_m)
        # What no burst explains at one station may be the very pump that stands beside it: tried with and without it.
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
                self._unrest.setdefault(each, Unrest(usual))
        known = self.learned and (self._seasoned or not self.switching)
        caution = 1.0 if known else self._options.learning_caution
        if self._since_operation <= _AFTERMATH_TICKS:
            caution = max(caution, _SWITCHING_CAUTION) * _AFTERMATH_CAUTION
        return self._thresholds[window] * (max(caution, _SWITCHING_CAUTION) if self.switching and not self.learned else caution)

    def _page(self, number: int) -> _Page:
        if number not in self._pages:
            digest = self._book.digest(number)
            if self._places is None:
                scale = np.full(len(self.rows), self.noise.reading_m)
                self._places = representatives(digest.heads, scale, self._options.representatives)
            model = self.noise.covariance(self._sensitivity(digest)) + np.diag(self._own_m2)
            lower = np.linalg.cholesky(model)
            covariance = np.asarray(lower @ self._shape @ lower.T)
            field = MatchedField.of(digest.heads[:, self._places], digest.demand_modes, covariance)
            while len(self._pages) >= self._book.pages_kept:
                del self._pages[next(iter(self._pages))]
            self._pages[number] = _Page(field, covariance, np.sqrt(np.diag(covariance)), digest.pump_modes)
        return self._pages[number]

    def _sensitivity(self, digest: Digest) -> Floats:
        """(n, n), m²: what demands make, each fluctuating by the whole of itself; nothing without a model."""
        return digest.demand_gram if self._model.states else np.zeros_like(digest.demand_gram)

    def _without_unknown(self, field: MatchedField, known: NDArray[np.bool_], number: int) -> MatchedField:
        if known.all():
            return field
        key = known.tobytes()
        if self._reduced is None or self._reduced[:2] != (key, number):
            self._reduced = (key, number, field.without(np.flatnonzero(~known)))
        return self._reduced[2]

    def _learn_live(self, step: Floats, number: int) -> None:
        """Calm ticks refine what was assumed about noise."""
        if self.learned or not np.isfinite(step).any():
            return
        self._calm.append((number, step))
        self._since_refresh += 1
        if self._since_refresh < self._refresh_after:
            return
        # The longer it was watched, the less a few ticks more can change.
        self._since_refresh, self._refresh_after = 0, min(2 * self._refresh_after, _CALM_KEPT)
        steps, pages = np.stack([one for _, one in self._calm]), np.array([page for page, _ in self._calm])
        seen, own_m2 = self._fit(steps, pages, least=_REFRESH_TICKS)
        weight = len(self._calm) / (len(self._calm) + _PRIOR_TICKS)
        assumed = StepNoise(self._options.step_sigma_m, self._options.step_demand_share if self._model.states else 0.0)
        self._renew(assumed.blended(seen, weight), weight * own_m2)

    def _renew(self, noise: StepNoise, own_m2: Floats) -> None:
        self.noise, self._own_m2, self._pages, self._reduced = noise, own_m2, {}, None

    def _fit(self, steps: NDArray[np.floating], pages: NDArray[np.int64], least: int) -> tuple[StepNoise, Floats]:
        """(noise that explains the spread of steps (ticks, n) at each page's own sensitivity; what stations scatter beyond)."""
        variance, sensitivity = [], []
        for number in np.unique(pages):
            here = steps[pages == number]
            if len(here) < least // 2:
                continue
            variance.append((1.4826 * known_median(np.abs(here))) ** 2)
            sensitivity.append(np.diag(self._sensitivity(self._book.digest(int(number)))))
        if not variance or not (np.stack(variance) > 0).any():
            return self.noise, self._own_m2  # too few ticks, or values that never move: they say nothing of noise
        seen, felt = np.stack(variance), np.stack(sensitivity)
        noise = fitted_noise(seen.ravel(), felt.ravel())
        return noise, own_scatter(seen, noise.demand_share**2 * felt + noise.reading_m**2)

    def learn(self, pressure_m: NDArray[np.float32], second_of_day: Floats, step_s: float) -> None:
        """Operations from quiet history (ticks, n), m, NaN where unknown; noise too when its interval is the same."""
        if np.count_nonzero(np.isfinite(pressure_m).all(axis=1)) < LEAST_HISTORY:
            return
        self.operations = OperationBook(self._model.pump_rows, self._model.switching_pumps)
        # Learned anew, not on top of what was learned before: correlations are those that the model's noise misses.
        self._shape, self._since_operation = np.eye(len(self.rows)), _AFTERMATH_TICKS + 1
        pages = np.array([self._book.page(float(second)) for second in range(0, 86_400, 3600)])
        number = pages[(second_of_day // 3600).astype(np.int64) % 24]
        steps, jumps = steps_of(pressure_m, self.noise.reading_m), np.diff(pressure_m, axis=0, prepend=pressure_m[:1])
        same = step_s <= _SAME_INTERVAL * self._options.tick_s and self._options.tick_s <= _SAME_INTERVAL * step_s
        if same:
            self.recurring = RecurringSteps.learned(steps, second_of_day, step_s)
            steps = steps - self.recurring.at_all(second_of_day)
        before = self.noise, self._own_m2
        self._renew(*self._fit(steps, number, least=_REFRESH_TICKS))
        history = StepHistory(steps, number, lambda one: self._page(one).field)
        calm, events = history.parted(jumps)
        for tick in events:
            page = self._page(int(number[tick]))
            self.operations.learn(np.asarray(jumps[tick], dtype=np.float64), page.field, page.modes)
        days = len(steps) * step_s / 86_400.0
        self._seasoned = days >= SEASONED_DAYS
        self.switching = sum(pattern.count for pattern in self.operations.patterns) >= _SWITCHING_A_DAY * days
        if same:
            self._learn_noise(history, calm, pressure_m, second_of_day)
            self.operations.trust_history(days, history.like_pumps(lambda one: self._page(one).modes))
        else:
            self._renew(*before)
            self._page(self._book.page(12 * 3600.0))
            self._calm_threshold(1)

    def _learn_noise(
        self, history: StepHistory, calm: NDArray[np.int64], pressure_m: NDArray[np.float32], second_of_day: Floats
    ) -> None:
        """Correlations that the model's noise misses from ``calm`` ticks; thresholds from all ticks."""
        if len(calm) < LEAST_HISTORY:
            return
        self._shape = history.shape(calm, lambda one: self._page(one).covariance)
        self.learned = True
        self._renew(self.noise, self._own_m2)
        page = self._page(int(history.number[calm[0]]))
        gaussian, usual = simulated(page.field, page.covariance, self._probability, seed=int(self.rows[0]))
        self._thresholds, self._lasting = dict.fromkeys(STEP_WINDOWS, gaussian), {}
        self._unrest = {window: Unrest(usual) for window in STEP_WINDOWS}
        self._hours = history.hours(second_of_day, self._options.tick_s, max(STEP_WINDOWS))
        tail = Tail(self._probability, gaussian, self._hours.at_all(second_of_day), self.switching, self._is_operation)
        history = history.as_lived(pressure_m, self.recurring.at_all(second_of_day), self.noise.reading_m, tail)
        found: dict[int, float] = {}
        for window in STEP_WINDOWS:
            found[window], calm_screen = history.threshold(window, tail, MatchedField.decisive)
            self._unrest[window] = Unrest(calm_screen or usual)
        for window in STEP_WINDOWS[1:]:
            self._lasting[window] = found[window] / history.threshold(window, tail, alike)[0]
        self._thresholds = found

    def _is_operation(self, ticks: NDArray[np.float32], number: int) -> bool:
        """Whether ticks (window, n) of history would be explained, as they would live, by what was seen a few times."""
        page = self._page(number)
        explanation, poor = self._explained(page, page.field, summed(ticks), len(ticks), least_seen=_SEEN_BESIDES)
        return poor or (explanation is not None and explanation.known)


def _is_given(step: NDArray[np.float32], sigma_m: Floats) -> bool:
    """Whether a step (n,) is of water given, not taken: most stations rose and hardly one fell.

    What all stations share is no evidence: those that a rise does not reach look as if they had fallen.
    """
    clear = _CLEAR_SIGMAS * sigma_m
    return int(np.count_nonzero(step < -clear)) < _LEAST_FALLEN and int(np.count_nonzero(step > clear)) > len(step) / 2.0
