"""Tracks: where each crew was seen during the last hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from console.domain.picture import Picture

TRACK_US = 3_600_000_000
_MOST = 720


class Tracks:
    """Fixes of every crew, at most an hour and 720 of them, oldest first. Rows are µs (exact in a double), x, y (working CRS)."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}

    def remember(self, picture: Picture) -> None:
        """Add the newest fixes; those older than an hour go."""
        for fix in picture.crews:
            if fix.at_us and np.isfinite(fix.x):
                track = self._tracks.setdefault(fix.crew_id, _Track())
                track.add(fix.at_us, fix.x, fix.y)
                track.forget(picture.now_us - TRACK_US)

    def recall(self, tracks: Mapping[str, Sequence[tuple[int, float, float]]]) -> None:
        """Fixes kept from before the window opened: (µs, x, y) by crew, oldest first."""
        for crew_id, fixes in tracks.items():
            self._tracks.setdefault(crew_id, _Track()).precede(fixes)

    def of(self, crew_id: str) -> NDArray[np.float64]:
        """Fixes of one crew, (n, 3), oldest first."""
        track = self._tracks.get(crew_id)
        return np.empty((0, 3)) if track is None else track.rows

    def earlier(self, only: str | None = None) -> NDArray[np.float64]:
        """Every fix but each crew's newest, (n, 3); of one crew, or of all."""
        return np.concatenate([np.empty((0, 3)), *(self.of(crew)[:-1] for crew in (self._tracks if only is None else (only,)))])


class _Track:
    """A window that slides over rows made once: adding and forgetting copy nothing but once in 720 fixes."""

    def __init__(self) -> None:
        self._rows = np.empty((2 * _MOST, 3))
        self._start = self._stop = 0

    @property
    def rows(self) -> NDArray[np.float64]:
        return self._rows[self._start : self._stop]

    def add(self, at_us: int, x: float, y: float) -> None:
        if self._stop > self._start and at_us <= self._rows[self._stop - 1, 0]:
            return
        if self._stop == len(self._rows):
            self._take(self.rows)
        self._rows[self._stop] = at_us, x, y
        self._stop += 1
        self._start = max(self._start, self._stop - _MOST)

    def forget(self, before_us: int) -> None:
        self._start += int(np.searchsorted(self.rows[:, 0], before_us))

    def precede(self, fixes: Sequence[tuple[int, float, float]]) -> None:
        kept = self.rows
        older = [fix for fix in fixes if not len(kept) or fix[0] < kept[0, 0]]
        room = _MOST - len(kept)  # the newest stay
        if older and room:
            self._take(np.concatenate([np.array(older[-room:], dtype=np.float64), kept]))

    def _take(self, rows: NDArray[np.float64]) -> None:
        self._rows[: len(rows)] = rows
        self._start, self._stop = 0, len(rows)
