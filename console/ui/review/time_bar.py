"""The time bar: slider with the events drawn on it, play at ×1 … ×600, step to the next and the previous event."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QComboBox, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from console.domain.clock import moment
from console.services.review.replay import Replay, clock_words
from console.ui.appearance import Appearance
from console.ui.widgets import button, label, row

SPEEDS = (1, 2, 5, 10, 30, 60, 120, 300, 600)
_FRAME_MS = 33
_NEAR_PX = 6


class Axis(QWidget):
    """The slider: events as ticks, the moment as a handle. Keys: arrows a second, with Ctrl a minute; Home, End."""

    moved = Signal(object)
    """µs UTC that was asked for."""

    def __init__(self, replay: Replay, titles: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._replay, self._titles = replay, titles
        self._at_us, self._appearance = replay.since_us, None
        self.marks_us: tuple[int, ...] = ()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    _appearance: Appearance | None

    def sizeHint(self) -> QSize:
        """The preferred size."""
        return QSize(400, 34)

    def show_at(self, at_us: int, appearance: Appearance) -> None:
        """Put the handle at a moment."""
        self._at_us, self._appearance = at_us, appearance
        self.setAccessibleDescription(appearance.words.full_time(moment(at_us)))
        self.update()

    def _x(self, at_us: int) -> float:
        span = max(self._replay.until_us - self._replay.since_us, 1)
        return 8 + (self.width() - 16) * (at_us - self._replay.since_us) / span

    def _at(self, x: float) -> int:
        share = min(max((x - 8) / max(self.width() - 16, 1), 0.0), 1.0)
        return self._replay.since_us + round(share * (self._replay.until_us - self._replay.since_us))

    def _near(self, x: float) -> int | None:
        close = [at for at in (*self._replay.events_us, *self.marks_us) if abs(self._x(at) - x) <= _NEAR_PX]
        return min(close, key=lambda at: abs(self._x(at) - x), default=None)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the axis, the events and the present moment."""
        if self._appearance is None:
            return
        theme, middle = self._appearance.theme, self.height() / 2
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("surface.line"))
        painter.drawRoundedRect(QRectF(8, middle - 2, self.width() - 16, 4), 2, 2)
        painter.setBrush(theme.colour("accent.focus"))
        painter.drawRoundedRect(QRectF(8, middle - 2, self._x(self._at_us) - 8, 4), 2, 2)
        for at in self._replay.events_us:
            painter.setBrush(theme.colour("text.normal" if at <= self._at_us else "text.muted"))
            painter.drawRect(QRectF(self._x(at) - 1, middle - 8, 2, 16))
        painter.setBrush(theme.colour("state.high"))
        for at in self.marks_us:
            x = self._x(at)
            painter.drawPolygon(QPolygonF([QPointF(x - 5, 2), QPointF(x + 5, 2), QPointF(x, 10)]))
        painter.setBrush(theme.colour("accent.focus"))
        painter.setPen(theme.colour("text.strong" if self.hasFocus() else "surface.card"))
        painter.drawEllipse(QPointF(self._x(self._at_us), middle), 7, 7)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Jump to the moment or event under the pointer."""
        near = self._near(event.position().x())
        self.moved.emit(near if near is not None else self._at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer while the button is held; otherwise name the event under it."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.moved.emit(self._at(event.position().x()))
        elif (near := self._near(event.position().x())) is not None:
            QToolTip.showText(event.globalPosition().toPoint(), self._titles(near), self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys step through time; Home and End jump to the ends."""
        step = 60_000_000 if event.modifiers() & Qt.KeyboardModifier.ControlModifier else 1_000_000
        moves = {Qt.Key.Key_Left: -step, Qt.Key.Key_Right: step}
        if event.key() in moves:
            self.moved.emit(self._at_us + moves[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.moved.emit(self._replay.since_us if event.key() == Qt.Key.Key_Home else self._replay.until_us)
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Handle a change of the widget."""
        super().changeEvent(event)
        self.update()


class TimeBar(QWidget):
    """The bar under the window."""

    wanted = Signal(object)
    """µs UTC to show now."""

    def __init__(
        self, replay: Replay, appearance: Appearance, titles: Callable[[int], str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._replay, self._appearance, self._at_us = replay, appearance, replay.since_us
        self._before, self._play = button("", quick=True), button("", "primary")
        self._after, self.clock = button("", quick=True), label(name="strong")
        self.speed = QComboBox()
        for speed in SPEEDS:
            self.speed.addItem(f"×{speed}", speed)
        self.speed.setCurrentIndex(SPEEDS.index(60))
        self.axis = Axis(replay, titles)
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._tick)
        self._ticked_at = 0.0
        self._before.clicked.connect(self.previous)
        self._after.clicked.connect(self.next)
        self._play.clicked.connect(self.toggle)
        self.axis.moved.connect(self._on_moved)
        self.clock.setMinimumWidth(270)
        self.clock.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line = row(self._before, self._play, self._after, self.speed, self.axis, self.clock, spacing=8)
        line.setStretch(4, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 4, 12, 4)
        box.addLayout(line)
        self.set_appearance(appearance)

    @property
    def playing(self) -> bool:
        """Whether time runs."""
        return self._timer.isActive()

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        text = appearance.words.catalogue.text
        self._before.setText("◀ " + text("review.replay.previous"))
        self._after.setText(text("review.replay.next") + " ▶")
        self.speed.setAccessibleName(text("review.replay.speed"))
        self.axis.setAccessibleName(text("review.page.time"))
        self._say_play()
        self.show_at(self._at_us)

    def show_at(self, at_us: int) -> None:
        """The moment that is shown now."""
        self._at_us = at_us
        self.axis.show_at(at_us, self._appearance)
        self.clock.setText(f"{self._appearance.words.full_time(moment(at_us))} · {clock_words(self._replay, at_us)}")

    @Slot()
    def toggle(self) -> None:
        """Play or pause; at the end, from the begin."""
        if self.playing:
            self.pause()
            return
        if self._at_us >= self._replay.until_us:
            self.wanted.emit(self._replay.since_us)
        self._ticked_at = monotonic()
        self._timer.start()
        self._say_play()

    def pause(self) -> None:
        """Pause."""
        self._timer.stop()
        self._say_play()

    @Slot()
    def next(self) -> None:
        """To the next event."""
        self._step(self._replay.after(self._at_us))

    @Slot()
    def previous(self) -> None:
        """To the event before."""
        self._step(self._replay.before(self._at_us))

    def _step(self, at_us: int | None) -> None:
        self.pause()
        if at_us is not None:
            self.wanted.emit(at_us)

    @Slot(object)
    def _on_moved(self, at_us: int) -> None:
        self.pause()
        self.wanted.emit(at_us)

    @Slot()
    def _tick(self) -> None:
        now = monotonic()
        step = (now - self._ticked_at) * float(self.speed.currentData())
        self._ticked_at = now
        at_us = self._at_us + round(step * 1e6)
        self.wanted.emit(at_us)
        if at_us >= self._replay.until_us:
            self.pause()

    def _say_play(self) -> None:
        text = self._appearance.words.catalogue.text
        self._play.setText(text(f"review.replay.{'pause' if self.playing else 'play'}"))
