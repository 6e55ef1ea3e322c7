"""Two fingers on a touch screen: spreading them zooms in about their middle."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QPoint
from PySide6.QtGui import QPointingDevice
from PySide6.QtTest import QTest

from console.ui.map.canvas import MapCanvas

pytestmark = pytest.mark.gui


def spread(canvas: MapCanvas, device: QPointingDevice, first: int, last: int) -> None:
    """Two fingers about (450, 300), from ``first`` to ``last`` pixels apart."""
    middle = QPoint(450, 300)

    def fingers(apart: int) -> tuple[QPoint, QPoint]:
        return middle - QPoint(apart // 2, 0), middle + QPoint(apart // 2, 0)

    left, right = fingers(first)
    QTest.touchEvent(canvas, device, False).press(0, left, canvas).press(1, right, canvas).commit()
    for step in range(1, 21):
        left, right = fingers(first + (last - first) * step // 20)
        QTest.touchEvent(canvas, device, False).move(0, left, canvas).move(1, right, canvas).commit()
        QCoreApplication.processEvents()
    QTest.touchEvent(canvas, device, False).release(0, left, canvas).release(1, right, canvas).commit()
    QCoreApplication.processEvents()


@pytest.mark.parametrize(("first", "last", "factor"), [(100, 300, 3.0), (300, 100, 1 / 3)])
def test_a_pinch_zooms_about_the_middle_of_the_fingers(canvas: MapCanvas, first: int, last: int, factor: float) -> None:
    device = QTest.createTouchDevice()
    before, held = canvas.camera.m_per_px, canvas.camera.to_world(450, 300)
    spread(canvas, device, first, last)
    # A gesture begins once the fingers have moved a little: what came before does not count.
    assert before / canvas.camera.m_per_px == pytest.approx(factor, rel=0.35)
    assert canvas.camera.to_world(450, 300) == pytest.approx(held, abs=3 * before)
