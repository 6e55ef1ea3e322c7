"""A week of planned outages: a column a day, a bar an outage; the one chosen is framed."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.domain.outages import OutageState
from console.services.outages.calendar import Bar, Week
from console.ui.appearance import Appearance

_HEAD_PX, _LANE_PX, _GAP_PX = 26.0, 30.0, 4.0
_LEAST_LANES = 4
_ROLES = {
    OutageState.DRAFT: "text.muted",
    OutageState.PLANNED: "state.low",
    OutageState.ANNOUNCED: "accent.normal",
    OutageState.RUNNING: "state.high",
    OutageState.DONE: "state.stale",
    OutageState.CANCELLED: "state.stale",
}


class WeekCalendar(QWidget):
    """Bars are chosen by a click or the arrow keys."""

    chosen = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._week: Week | None = None
        self._now_day, self._outage_id, self._empty = -1.0, "", ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_week(self, week: Week, outage_id: str, now_day: float, empty: str = "") -> None:
        """``now_day``: the present in days from Monday, outside 0 … 7 in another week. ``empty``: said in a week without any."""
        self._empty = empty if not week.bars else ""
        self._week, self._outage_id, self._now_day = week, outage_id, now_day
        names = [
            f"{bar.outage.outage_id} {self._appearance.words.of('outage_state', bar.outage.state.value)}" for bar in week.bars
        ]
        self.setAccessibleDescription("; ".join(names) or self._empty)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As many lanes as the week has, at least four."""
        lanes = max(self._week.lanes if self._week is not None else 0, _LEAST_LANES)
        return QSize(560, round(_HEAD_PX + lanes * _LANE_PX + 6))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the bar under the pointer."""
        bar = next((one for one in self._bars() if self._frame(one).contains(event.position())), None)
        if bar is not None:
            self.chosen.emit(bar.outage.outage_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The next bar or the one before."""
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        ids = [bar.outage.outage_id for bar in self._bars()]
        if not step or not ids:
            super().keyPressEvent(event)
            return
        at = ids.index(self._outage_id) + step if self._outage_id in ids else 0
        self.chosen.emit(ids[at % len(ids)])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Days, bars, the present."""
        if self._week is None:
            return
        theme, words = self._appearance.theme, self._appearance.words
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.colour("surface.card"))
        width = self.width() / 7.0
        for day in range(7):
            date = self._week.monday + timedelta(days=day)
            today = day <= self._now_day < day + 1
            painter.setPen(theme.colour("text.strong" if today else "text.muted"))
            painter.setFont(theme.font(9.5, QFont.Weight.Bold if today else QFont.Weight.Normal))
            head = QRectF(day * width, 0, width, _HEAD_PX)
            name = f"{words(f'outages.day_{day}')} {date:%m-%d}"
            if painter.fontMetrics().horizontalAdvance(name) + 6 > width:
                name = f"{words(f'outages.day_{day}')} {date.day}"
            painter.drawText(head, Qt.AlignmentFlag.AlignCenter, name)
            painter.setPen(QPen(theme.colour("surface.line"), 1))
            painter.drawLine(QPointF(day * width, 0), QPointF(day * width, self.height()))
        if 0.0 <= self._now_day < 7.0:
            painter.setPen(QPen(theme.colour("text.strong"), 1.5))
            painter.drawLine(QPointF(self._now_day * width, _HEAD_PX), QPointF(self._now_day * width, self.height()))
        for bar in self._bars():
            self._paint_bar(painter, bar)
        if self._empty:
            below = QRectF(12, _HEAD_PX, self.width() - 24, self.height() - _HEAD_PX)
            painter.setFont(theme.font(10.5))
            painter.setPen(theme.colour("text.normal"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            around = painter.boundingRect(below, flags, self._empty).adjusted(-10, -6, 10, 6)
            painter.fillRect(around, theme.colour("surface.card"))  # over the lines between the days
            painter.drawText(below, flags, self._empty)
        painter.end()

    def _paint_bar(self, painter: QPainter, bar: Bar) -> None:
        theme, words, outage = self._appearance.theme, self._appearance.words, bar.outage
        frame, role = self._frame(bar), _ROLES[outage.state]
        chosen = outage.outage_id == self._outage_id
        painter.setBrush(theme.colour(role, 0.30))
        dash = Qt.PenStyle.DashLine if outage.state is OutageState.DRAFT else Qt.PenStyle.SolidLine
        painter.setPen(QPen(theme.colour("text.strong" if chosen else role), 2.5 if chosen else 1.2, dash))
        painter.drawRoundedRect(frame, 3, 3)
        mark = "⚠ " if outage.conflicts else ""
        road = outage.place.road if outage.place is not None else ""
        text = f"{mark}{outage.outage_id} {road} {words.of('outage_purpose', outage.purpose.value)}"
        painter.setFont(theme.font(9.0, QFont.Weight.Bold if chosen else QFont.Weight.Normal))
        painter.setPen(theme.colour("text.strong"))
        metrics, inside = painter.fontMetrics(), frame.adjusted(5, 0, -3, 0)
        if inside.width() >= metrics.horizontalAdvance(text) or inside.width() > self.width() / 9.0:
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, round(inside.width()))
            painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
            return
        # A short bar has its text beside it, on the side with more room before the next bar of its lane.
        lane = [self._frame(one) for one in self._bars() if one.lane == bar.lane and one is not bar]
        right = (
            min([other.left() for other in lane if other.left() >= frame.right()], default=float(self.width())) - frame.right()
        )
        left = frame.left() - max([other.right() for other in lane if other.right() <= frame.left()], default=0.0)
        room, side = QRectF(frame.right() + 4, frame.top(), right - 8, frame.height()), Qt.AlignmentFlag.AlignLeft
        if left > right:
            room, side = QRectF(frame.left() - left + 4, frame.top(), left - 8, frame.height()), Qt.AlignmentFlag.AlignRight
        if room.width() > metrics.horizontalAdvance("O2024-0…"):
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, round(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | side, shown)

    def _bars(self) -> tuple[Bar, ...]:
        return self._week.bars if self._week is not None else ()

    def _frame(self, bar: Bar) -> QRectF:
        width = self.width() / 7.0
        top = _HEAD_PX + bar.lane * _LANE_PX + _GAP_PX / 2
        return QRectF(bar.begin * width, top, max((bar.end - bar.begin) * width, 6.0), _LANE_PX - _GAP_PX)
