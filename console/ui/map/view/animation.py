"""Flight: the map glides to a new place in a quarter of a second; the camera itself is there at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation

from console.ui.map.view.camera import Camera

_TAKES_MS = 260
_FAR_SCREENS = 6.0
"""Beyond this many screens the map jumps: a longer glide shows nothing the user knows."""


class Flight(QObject):
    """Between two cameras of one size."""

    def __init__(self, moved: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._moved = moved
        self._start: Camera | None = None
        self._target: Camera | None = None
        self._run = QVariantAnimation(self)
        self._run.setDuration(_TAKES_MS)
        self._run.setStartValue(0.0)
        self._run.setEndValue(1.0)
        self._run.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._run.valueChanged.connect(lambda _: self._moved())
        self._run.finished.connect(self.land)

    def go(self, start: Camera, target: Camera) -> bool:
        """Begin to glide; False when it is too far for that."""
        screen = max(start.m_per_px, target.m_per_px) * max(start.width, start.height)
        if math.hypot(target.x - start.x, target.y - start.y) > _FAR_SCREENS * screen:
            return False
        self._start, self._target = start, target
        self._run.stop()
        self._run.start()
        return True

    def land(self) -> None:
        """End the flight at its target."""
        self._run.stop()
        if self._target is not None:
            self._start = self._target = None
            self._moved()

    def camera(self, target: Camera) -> Camera:
        """What is shown now on the way to ``target``."""
        if self._start is None or self._target is None:
            return target
        share = float(self._run.currentValue() or 0.0)
        scale = self._start.m_per_px * (target.m_per_px / self._start.m_per_px) ** share
        # The middle moves with the scale, so that what stays in view stays put.
        change = target.m_per_px - self._start.m_per_px
        moved = share if abs(change) < 1e-9 else (scale - self._start.m_per_px) / change
        return replace(
            target,
            x=self._start.x + (target.x - self._start.x) * moved,
            y=self._start.y + (target.y - self._start.y) * moved,
            m_per_px=scale,
        )
