"""Inflow surges: detects sudden rises of the net inflow of wholly metered zones, for bursts that pressures do not show.

Downstream of a PRV, or on a large main, tens of m³/h may change no pressure significantly. A rise is reported after three
samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.detection.flow.pressure_zones import Partition
from console.detection.history import History
from console.detection.medians import known_median
from console.detection.pressure.baseline import LocalTime
from console.detection.pressure.expectation import DAY_US
from console.domain.readings import Channel
from maps.city import City
from maps.columns import Floats

SAMPLES, BEFORE = 3, 12
_RING = SAMPLES + BEFORE
_BINS = 96
_LEAST_HISTORY = 200
_SIGMAS, _OF_LARGEST = 8.0, 1.5
_LEAST_M3H, _LEAST_SHARE, _SHORT_HISTORY_SHARE = 2.0, 0.10, 0.30
"""Least rise as a share of the usual inflow: smaller ones may be weather or, with little history, another day of the week."""
_FULL_HISTORY_US = 14 * DAY_US
_EACH = 0.6
"""Share of the threshold that every sample of a jump must exceed, so that one outlier raises nothing."""
_ALIKE = 0.35
"""Relative tolerance for another zone that lost about as much: water is only rerouted."""
_QUIET_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Surge:
    """``part``: label within ``parts``; ``nodes``: label of each node; ``size_m3h`` above what is usual since ``began_us``."""

    part: int
    nodes: NDArray[np.int64]
    size_m3h: float
    threshold_m3h: float
    began_us: int


class InflowSurges:
    """Tests the net inflow of zones for jumps; inactive until thresholds have been learned from history."""

    def __init__(self, city: City, divisions: list[Partition]) -> None:
        """``divisions``: partitions of the city into zones; a zone that occurs in several is tested once."""
        self._clock = LocalTime(city.info.time_zone)
        self._zones: list[tuple[Partition, int]] = []
        zone, station, sign = [], [], []
        known: set[frozenset[int]] = set()
        for parts in divisions:
            for part in sorted(parts.behind):
                touching = parts.touching(part)
                meters = [(way.meters[0][0], way.meters[0][1] * along) for way, along in touching if way.meters]
                if not meters or len(meters) < len(touching) or frozenset(row for row, _ in meters) in known:
                    continue
                known.add(frozenset(row for row, _ in meters))
                zone += [len(self._zones)] * len(meters)
                station += [row for row, _ in meters]
                sign += [along for _, along in meters]
                self._zones.append((parts, part))
        self._zone, self._sign = np.array(zone, dtype=np.int64), np.array(sign, dtype=np.float64)
        self._station = np.array(station, dtype=np.int64)
        count = len(self._zones)
        self._value, self._new = np.full(len(station), np.nan), np.zeros(len(station), dtype=bool)
        self._ring, self._at_us = np.full((_RING, count), np.nan), np.zeros((_RING, count), dtype=np.int64)
        self._profile: Floats = np.zeros((_BINS, count))
        self._threshold: Floats = np.full(count, np.inf)
        self._least_share = _SHORT_HISTORY_SHARE
        self._quiet_until = np.zeros(count, dtype=np.int64)

    def tick(self, value: Floats, good: NDArray[np.bool_], now_us: int) -> Surge | None:
        """The most significant jump at this tick; arrays (stations, channels). ``good``: usable samples of this tick.

        A zone is tested when all of its meters have new samples, because loggers report every few minutes.
        """
        if not self._zones:
            return None
        heard = good[self._station, Channel.FLOW]
        self._value = np.where(heard, value[self._station, Channel.FLOW], self._value)
        self._new |= heard
        whole = np.bincount(self._zone, weights=self._new, minlength=len(self._zones)) == np.bincount(self._zone)
        if not whole.any():
            return None
        self._new &= ~whole[self._zone]
        net = np.bincount(self._zone, weights=self._sign * self._value, minlength=len(self._zones)).astype(np.float64)
        now = net - self._usual(np.array([now_us]))[0]
        self._ring[:, whole] = np.concatenate([now[None, whole], self._ring[:-1, whole]])
        self._at_us[:, whole] = np.concatenate([np.full((1, int(whole.sum())), now_us), self._at_us[:-1, whole]])
        return self._judged(whole, net, now_us)

    def _judged(self, whole: NDArray[np.bool_], net: Floats, now_us: int) -> Surge | None:
        recent, before = self._ring[:SAMPLES], np.median(self._ring[SAMPLES:], axis=0)
        size = recent.mean(axis=0) - before
        threshold = np.maximum(self._threshold, self._least_share * np.abs(net - size))
        each = (recent - before > _EACH * threshold).all(axis=0)
        told = whole & (size > threshold) & each & (now_us > self._quiet_until)
        if not told.any():
            return None
        first = int(np.argmax(np.where(told, size / threshold, 0.0)))
        self._quiet_until[told] = now_us + _QUIET_US
        away = size[np.isfinite(size)].min()
        if away < 0.0 and abs(away + size[first]) < _ALIKE * size[first]:
            return None
        parts, part = self._zones[first]
        began_us = int(self._at_us[SAMPLES - 1, first])
        return Surge(part, parts.label, float(size[first]), float(threshold[first]), began_us)

    def largest_jumps(self, parts: Partition) -> dict[int, float]:
        """Zones of one partition -> largest jump in burst-free history, m³/h, where learned."""
        known = [(part, limit) for (own, part), limit in zip(self._zones, self._threshold, strict=True) if own is parts]
        return {part: float(limit) / _OF_LARGEST for part, limit in known if np.isfinite(limit)}

    def learn(self, history: History) -> None:
        """Learn the daily profile of each zone's inflow and its jump threshold from burst-free history."""
        flows = history.value.get(int(Channel.FLOW))
        if flows is None or len(history.at_us) < _LEAST_HISTORY or not self._zones:
            return
        signed = flows[:, self._station] * self._sign
        net = np.stack([np.bincount(self._zone, weights=row, minlength=len(self._zones)) for row in signed])
        slot = self._slots(history.at_us).astype(np.int64) % _BINS
        table = np.full((_BINS, net.shape[1]), np.nan)
        for bin_ in np.unique(slot):
            table[bin_] = known_median(net[slot == bin_])
        self._profile = np.nan_to_num(_filled(table))
        full = int(history.at_us[-1] - history.at_us[0]) >= _FULL_HISTORY_US
        self._least_share = _LEAST_SHARE if full else _SHORT_HISTORY_SHARE
        above = net - self._usual(history.at_us)
        self._threshold = np.array([_jump_threshold(column[np.isfinite(column)]) for column in above.T])

    def _usual(self, at_us: NDArray[np.int64]) -> Floats:
        """(times, zones) profile values, linear between the centres of 15-minute bins."""
        place = self._slots(at_us) - 0.5
        before = np.floor(place).astype(np.int64)
        share = (place - before)[:, None]
        return np.asarray(self._profile[before % _BINS] * (1.0 - share) + self._profile[(before + 1) % _BINS] * share)

    def _slots(self, at_us: NDArray[np.int64]) -> Floats:
        offset = self._clock.offset_us(int(at_us[-1]))
        return np.asarray(((at_us + offset) % DAY_US) / DAY_US * _BINS)


def _jump_threshold(above: Floats) -> float:
    """Threshold of a jump from a quiet series of one zone, m³/h; infinite where too little is known."""
    if len(above) < _LEAST_HISTORY:
        return float("inf")
    windows = np.lib.stride_tricks.sliding_window_view(above, _RING)
    jump = windows[:, BEFORE:].mean(axis=1) - np.median(windows[:, :BEFORE], axis=1)
    sigma = 1.4826 * float(np.median(np.abs(jump - np.median(jump))))
    return max(_SIGMAS * sigma, _OF_LARGEST * float(jump.max()), _LEAST_M3H)


def _filled(table: Floats) -> Floats:
    """Fill empty 15-minute bins by cyclic interpolation."""
    place = np.arange(len(table))
    for column in range(table.shape[1]):
        known = np.isfinite(table[:, column])
        if known.any() and not known.all():
            table[:, column] = np.interp(place, place[known], table[known, column], period=len(table))
    return table
