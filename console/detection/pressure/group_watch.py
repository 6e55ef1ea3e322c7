"""Level test of one station group: compares the residuals of profile and trailing level with burst signatures."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from console.detection.crossing import Crossing
from console.detection.options import DetectorOptions
from console.detection.pressure.adaptive_threshold import AdaptiveThreshold, usual_days
from console.detection.pressure.batch_screen import LEAST_STATIONS
from console.detection.pressure.daily_pattern import DailyFactors
from console.detection.pressure.matched_field import MatchedField, summed
from console.detection.pressure.thresholds import FULL_HISTORY_DAYS, LEAST_HISTORY, quiet_level, screens_by_state, simulated
from console.detection.signature_cache import SignatureCache
from console.detection.station_groups import representatives

WINDOWS = (1, 2, 4)
"""Window lengths in ticks: 1 is path A, 2 and 4 are path B."""

_PRIOR_TICKS = 150.0
_PROVEN_DAYS = 56.0
_FLOOR_M = 0.02
_SIFTINGS = 3
_OFTEN, _PART_OF_DAY = 0.5, 10
_MOST_TIMES_GAUSSIAN = 12.0
_REFRESH_TICKS = 30
_SECOND_SHARE = 0.4
_CLIP_SIGMAS = 4.0


class LevelTest:
    """Noise, thresholds and recent ticks of one group; ``rows``: its station rows (n ≤ 100)."""

    def __init__(self, rows: NDArray[np.int64], cache: SignatureCache, options: DetectorOptions, groups: int) -> None:
        self.rows = rows
        self.learned = False
        self.abnormal_since_us: int | None = None
        self._cache, self._has_model, self._options = cache.group(rows), bool(cache.states), options
        per_tick = options.tick_s / 86_400.0 / options.false_alarm_days
        self._probability = per_tick / groups / len(WINDOWS)
        self._recent: deque[NDArray[np.float64]] = deque(maxlen=max(WINDOWS))
        self._page = -1
        self._field: MatchedField | None = None
        self._reduced: tuple[bytes, MatchedField] | None = None
        self._places = np.empty(0, dtype=np.int64)  # columns of the digest's heads
        self._thresholds: dict[int, float] = {}
        self._hours, self._hour_factor = DailyFactors(), 1.0
        self._caution = options.learning_caution
        self._adaptive: dict[int, AdaptiveThreshold] = {}
        self._prior = np.eye(len(rows)) * options.reading_sigma_m**2
        self._sum = np.zeros((len(rows), len(rows)))
        self._weight = 0.0
        self._sigma_m: NDArray[np.float64] | None = None
        # Groups refresh their noise at different ticks, which bounds the time of one tick.
        self._since_refresh = int(rows[0]) % _REFRESH_TICKS if len(rows) else 0
        self._fields: dict[int, MatchedField] = {}
        self._started = False

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Covariance of the group's residuals (n, n), m²: the assumed one blended with the estimate as samples accumulate."""
        return (self._prior * _PRIOR_TICKS + self._sum) / (_PRIOR_TICKS + self._weight)

    @property
    def is_estimated(self) -> bool:
        """Whether the estimated noise has more weight than the assumed noise."""
        return self.learned or self._weight >= _PRIOR_TICKS

    @property
    def sigma_m(self) -> NDArray[np.float64]:
        """Standard deviation of each station's residual, (n,), m."""
        if self._sigma_m is None:
            own = np.diag(self._prior) * _PRIOR_TICKS + np.diag(self._sum)
            self._sigma_m = np.sqrt(own / (_PRIOR_TICKS + self._weight))
        return self._sigma_m

    def field_at(self, second_of_day: float) -> MatchedField:
        """The matched field of the nearest state; recomputed when the state or the noise estimate changes."""
        page = self._cache.page(second_of_day)
        outdated = not self.learned and self._since_refresh >= _REFRESH_TICKS
        if self._field is None or page != self._page or outdated:
            if not self._started:
                self._assume(page)
            self._field = self._made_field(page)
            self._page, self._since_refresh, self._reduced = page, 0, None
        return self._field

    def field(self, second_of_day: float, known: NDArray[np.bool_]) -> MatchedField:
        """The field of the nearest state with only the stations ``known`` (n,) in it."""
        return self._without_unknown(self.field_at(second_of_day), known)

    def _assume(self, page: int) -> None:
        """Set the prior covariance (reading noise, demand noise through sensitivities) and the representative burst nodes."""
        self._started = True
        digest = self._cache.digest(page)
        if self._has_model:
            self._prior = self._prior + self._options.demand_sigma**2 * digest.demand_gram
            self._sigma_m = None
        scale = np.sqrt(np.diag(self._prior))
        self._places = representatives(digest.heads, scale, self._options.representatives)

    def threshold(self, window: int, field: MatchedField) -> float:
        """Threshold of the statistic for the set false alarm rate, raised by the adaptive factor."""
        adaptive = self._adaptive.get(window)
        return self._calm_threshold(window, field) * max(self._hour_factor, 1.0 if adaptive is None else adaptive.ratio())

    def _calm_threshold(self, window: int, field: MatchedField) -> float:
        """The threshold without the adaptive factor, raised while the noise is only assumed."""
        if window not in self._thresholds:
            level, usual = simulated(field, self.covariance, self._probability, seed=int(self.rows[0]))
            self._thresholds = dict.fromkeys(WINDOWS, level)
            self._adaptive = {each: AdaptiveThreshold(usual) for each in WINDOWS}
        return self._thresholds[window] * self._caution

    def tick(
        self, residual_m: NDArray[np.float64], second_of_day: float, at_us: int, screens: NDArray[np.float32]
    ) -> Crossing | None:
        """Test this tick's residuals (n,), NaN where unknown. Returns the crossing of the shortest window that crosses.

        ``screens``: (windows,) batch screens of the same ticks, NaN where the full test is needed.
        """
        self._recent.append(residual_m)
        self._hour_factor = self._hours.at(second_of_day)
        self._since_refresh += 1
        if np.count_nonzero(np.isfinite(residual_m)) < LEAST_STATIONS:
            return None
        field = self.field_at(second_of_day)
        if not field.weighted.shape[1]:
            return None
        crossing, suspicious = None, False
        for window in () if self._calm(screens, field) else WINDOWS:
            if len(self._recent) < window:
                break
            found, near = self._test(field, window)
            crossing, suspicious = crossing or found, suspicious or near
        if suspicious:
            self.abnormal_since_us = self.abnormal_since_us or at_us
        else:
            self.abnormal_since_us = None
            self._learn(residual_m)
        return crossing

    def _calm(self, screens: NDArray[np.float32], field: MatchedField) -> bool:
        """Whether all windows are far below their thresholds, as at most ticks."""
        if not self._adaptive:
            return False
        together = list(zip(WINDOWS, screens.tolist(), strict=True))
        if not all(screen <= self._calm_threshold(window, field) / 2.0 for window, screen in together):
            return False
        for window, screen in together:
            self._adaptive[window].add(screen)
        return True

    def _test(self, field: MatchedField, window: int) -> tuple[Crossing | None, bool]:
        """(crossing, whether the statistic is near its threshold) of one window."""
        recent = np.stack(list(self._recent)[-window:])
        mean = np.asarray(recent.mean(axis=0))
        known = np.isfinite(mean)
        if np.count_nonzero(known) < LEAST_STATIONS:
            return None, False
        reduced = self._without_unknown(field, known)
        ticks = np.where(known, recent, 0.0).astype(np.float32)
        scaled = summed(ticks)
        screen, calm = reduced.screen(scaled), self._calm_threshold(window, field)
        threshold = calm if screen <= calm / 2.0 else self.threshold(window, field)
        if screen <= threshold / 2.0:
            self._adaptive[window].add(screen)
            return None, False
        statistic = reduced.decisive(ticks)
        # The adaptive factor uses the statistic without the most suspicious station: one faulty gauge must not raise the
        # threshold.
        self._adaptive[window].add(statistic)
        near = statistic > threshold / 2.0
        if statistic <= threshold or (window == 1 and reduced.without_two(scaled) <= _SECOND_SHARE * threshold):
            return None, near
        path = "A" if window == 1 else "B"
        return Crossing(path, window, statistic, threshold, mean, self.covariance, drift_known=self.learned), True

    def sharper(self, step: Crossing) -> Crossing:
        """A step crossing, measured against the level baseline where that covers as many stations with less noise.

        A step includes the noise of the few samples before it; a well-fitted profile adds little noise.
        """
        if len(self._recent) < step.window:
            return step
        mean = np.asarray(sum(list(self._recent)[-step.window :]) / step.window)
        known = np.isfinite(mean)
        if not known[np.isfinite(step.residual_m)].all():
            return step
        both = np.ix_(known, known)
        # The noise floor is a margin for thresholds, not estimated noise.
        own = self.covariance[both] - (_FLOOR_M**2 * np.eye(int(known.sum())) if self.learned else 0.0)
        if np.linalg.slogdet(own)[1] >= np.linalg.slogdet(step.covariance[both])[1]:
            return step
        return replace(
            step, residual_m=mean, covariance=self.covariance, reference_m=None, drift_known=self.learned, against="level"
        )

    def statistic(self, residual_m: NDArray[np.float64], second_of_day: float) -> tuple[float, float]:
        """(path A's statistic, its threshold) of residuals (n,), NaN where unknown; changes no state."""
        field = self.field_at(second_of_day)
        reduced = self._without_unknown(field, np.isfinite(residual_m))
        return reduced.without_one(np.nan_to_num(residual_m).astype(np.float32)), self.threshold(1, field)

    def _without_unknown(self, field: MatchedField, known: NDArray[np.bool_]) -> MatchedField:
        if known.all():
            return field
        key = known.tobytes()
        if self._reduced is None or self._reduced[0] != key:
            self._reduced = (key, field.without(np.flatnonzero(~known)))
        return self._reduced[1]

    def outliers(self, residual_m: NDArray[np.float64], second_of_day: float) -> NDArray[np.int64]:
        """Position of an outlier: a station that no burst explains and without which the rest fits well. At most one."""
        field = self._without_unknown(self.field_at(second_of_day), np.isfinite(residual_m))
        return field.outlier(np.nan_to_num(residual_m).astype(np.float32))

    def _learn(self, residual_m: NDArray[np.float64]) -> None:
        """Add burst-free residuals to the noise estimate, unless it was estimated from history."""
        if self.learned:
            return
        limit = _CLIP_SIGMAS * np.sqrt(np.diag(self.covariance))
        clipped = np.clip(np.nan_to_num(residual_m), -limit, limit)
        self._sum += np.outer(clipped, clipped)
        self._weight += 1.0
        self._sigma_m = None

    def learn(
        self,
        residuals: NDArray[np.float32],
        second_of_day: NDArray[np.float64],
        step_s: float,
        *,
        switching: bool,
        days: float,
    ) -> None:
        """Estimate noise and thresholds from history: (ticks, n) residuals, NaN where unknown; (ticks,) times, ``step_s`` apart.

        ``days`` of history: until weekly profiles exist thresholds keep the learning margin; until there are months of history
        they are not below those of Gaussian noise, because a few weeks can be quiet by chance.

        Days with a statistic far above the others (holidays, works, an unreported leak) are left out. ``switching``: frequent
        operations belong to normal operation here, and the thresholds include their tail.
        """
        whole = np.asarray(np.isfinite(residuals).all(axis=1))
        if np.count_nonzero(whole) < LEAST_HISTORY:
            return
        noon = self._cache.page(12 * 3600.0)
        if not self._started:
            self._assume(noon)
        by_hour = np.array([self._cache.page(float(hour * 3600)) for hour in range(24)])
        page = by_hour[(second_of_day // 3600).astype(np.int64) % 24]
        assumed = self._prior
        self._prior = self._shrunk(residuals[whole], assumed)
        all_whole = whole.copy()
        for _ in range(_SIFTINGS):
            # Each iteration re-estimates the noise from the remaining days and identifies further abnormal days.
            screens = screens_by_state(residuals[all_whole], page[all_whole], self._field_of_page)
            whole[all_whole] = usual_days(screens, second_of_day[all_whole])
            self._prior = self._shrunk(residuals[whole], assumed)
        self._sum[:], self._weight, self.learned, self._field, self._sigma_m = 0.0, 0.0, True, None, None
        self._caution = 1.0 if days >= FULL_HISTORY_DAYS else self._options.learning_caution
        sigma = np.sqrt(np.diag(self._prior))
        self._places = representatives(self._cache.digest(noon).heads, sigma, self._options.representatives)
        calm = np.where(whole[:, None], residuals, np.float32(np.nan))
        gaussian, _ = simulated(self._field_of_page(noon), self._prior, self._probability, seed=int(self.rows[0]))
        loud = screens_by_state(residuals[whole], page[whole], self._field_of_page)
        self._hours = DailyFactors.learned(loud, second_of_day[whole], step_s, max(WINDOWS))
        hour_factor = self._hours.at_all(second_of_day)
        least = gaussian if days < _PROVEN_DAYS else 0.0
        # History may contain unreported leaks: the threshold is limited, because their tail would hide every later burst.
        # Excursions that come and go on many days are no leak: the threshold must include them.
        most = np.inf if switching else _MOST_TIMES_GAUSSIAN * gaussian
        for window in WINDOWS:
            after = slice(window - 1, None)
            found = quiet_level(
                calm,
                page[after],
                window,
                hour_factor[after],
                self._field_of_page,
                lambda ticks, state: self._field_of_page(state).decisive(ticks),
                self._probability,
                switching=switching,
            )
            if found is None:
                continue
            if found[0] > most and self._comes_and_goes(residuals[whole], page[whole], second_of_day[whole], most):
                most = np.inf
            self._thresholds[window] = float(np.clip(found[0], least, most))
            self._adaptive[window] = AdaptiveThreshold(found[1])
        self._fields.clear()

    def _comes_and_goes(
        self, residuals: NDArray[np.float32], page: NDArray[np.int64], second_of_day: NDArray[np.float64], most: float
    ) -> bool:
        """Whether the statistic of history (ticks, n) exceeds ``most`` for part of the day on many days."""
        screens = screens_by_state(residuals, page, self._field_of_page)
        days = np.split(np.arange(len(screens)), np.flatnonzero(np.diff(second_of_day) < 0.0) + 1)
        passing = 0
        for day in days:
            if float(np.median(screens[day])) < most:
                largest = day[np.argsort(-screens[day])[: max(len(day) // _PART_OF_DAY, 1)]]
                passing += any(self._field_of_page(int(page[one])).decisive(residuals[one][None]) > most for one in largest)
        return passing >= _OFTEN * len(days)

    def _shrunk(self, residuals: NDArray[np.float32], assumed: NDArray[np.float64]) -> NDArray[np.float64]:
        """Covariance of residuals (ticks, n), outliers clipped.

        Shrinkage: with few ticks for many stations a sample covariance is too small in some directions, so the prior, scaled to
        the observed size, keeps the weight of two ticks per station. Recordings without noise get a minimum.
        """
        self._fields.clear()
        scale = 1.4826 * np.median(np.abs(residuals - np.median(residuals, axis=0)), axis=0)
        limit = _CLIP_SIGMAS * np.maximum(scale, 1e-3)
        clipped = np.clip(residuals, -limit, limit).astype(np.float64)
        seen = np.asarray(clipped.T @ clipped / len(clipped))
        likened = assumed * float(np.trace(seen) / np.trace(assumed))
        own = 2.0 * len(self.rows)
        blended = (seen * len(clipped) + likened * own) / (len(clipped) + own)
        return np.asarray(blended + _FLOOR_M**2 * np.eye(len(self.rows)))

    def _field_of_page(self, page: int) -> MatchedField:
        if page not in self._fields:
            self._fields[page] = self._made_field(page)
        return self._fields[page]

    def _made_field(self, page: int) -> MatchedField:
        digest = self._cache.digest(page)
        return MatchedField.of(digest.heads[:, self._places], digest.demand_modes, self.covariance)

    def smallest_flows(self, second_of_day: float, ends: tuple[NDArray[np.int32], NDArray[np.int32]]) -> NDArray[np.float64]:
        """Smallest burst (m³/h) on each pipe that this group is likely to detect in one tick; infinite without a response."""
        signatures = self._cache.signatures(self._cache.page(second_of_day))
        heads = signatures.head_m_per_m3h
        pipes = np.float32(0.5) * (heads[:, ends[0]] + heads[:, ends[1]])
        size = MatchedField.of(pipes, signatures.demand_modes, self.covariance).size.astype(np.float64)
        needed = self.threshold(1, self.field_at(second_of_day))
        return np.sqrt(needed / np.maximum(size, 1e-12))

    def forget_recent(self) -> None:
        """Drop the stored ticks after a detection."""
        self._recent.clear()
        self.abnormal_since_us = None
