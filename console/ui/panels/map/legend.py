"""The legend of the pipes: widths by diameter, colours of the theme that is chosen; and the shapes of stations' states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from console.domain.crews import CrewKind, CrewState
from console.domain.picture import StationState
from console.ui.appearance import Appearance
from console.ui.map.layers import PipeTheme
from console.ui.map.live.crew_marks import paint_crew
from console.ui.map.network.pipes import pipe_widths
from console.ui.map.network.themes import LegendEntry
from console.ui.models.stations import station_pixmap
from console.ui.theme import Theme
from console.ui.widgets import clear, label
from console.ui.words import Words

LEGEND_M_PER_PX = 1.0


class PipeLegend(QWidget):
    """Which theme, and what its colours mean; the same entries as the map draws."""

    theme_chosen = Signal(object)
    """PipeTheme."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._theme, self._entries = PipeTheme.DIAMETER, tuple[LegendEntry, ...]()
        self.choice = QComboBox()
        for theme in PipeTheme:
            self.choice.addItem("", theme.value)
        self._rows = QGridLayout()
        self._rows.setVerticalSpacing(2)
        self._rows.setColumnStretch(1, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.choice)
        box.addLayout(self._rows)
        self.choice.currentIndexChanged.connect(lambda _: self.theme_chosen.emit(PipeTheme(self.choice.currentData())))
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        for number, theme in enumerate(PipeTheme):
            self.choice.setItemText(number, appearance.words(f"pipe_theme.{theme.value}"))
        self.choice.setAccessibleName(appearance.words("layers.title_widths"))
        self._fill()

    def show_theme(self, theme: PipeTheme, entries: tuple[LegendEntry, ...]) -> None:
        """Another theme; ``entries`` empty while it is being worked out."""
        self._theme, self._entries = theme, entries
        self.choice.blockSignals(True)
        self.choice.setCurrentIndex(list(PipeTheme).index(theme))
        self.choice.blockSignals(False)
        self._fill()

    def _fill(self) -> None:
        clear(self._rows)
        for number, (text, colour, width) in enumerate(legend_rows(self._appearance, self._theme, self._entries)):
            self._rows.addWidget(Stroke(colour, width), number, 0)
            self._rows.addWidget(label(text, "muted"), number, 1)


def legend_rows(appearance: Appearance, theme: PipeTheme, entries: tuple[LegendEntry, ...]) -> list[tuple[str, QColor, float]]:
    """(text, colour, pen width) of every row of the legend."""
    widths = pipe_widths(LEGEND_M_PER_PX)
    if theme is PipeTheme.DIAMETER:
        return [
            (width_words(klass), appearance.theme.colour(f"map.pipe_{klass}"), max(widths[klass], 1.0)) for klass in (3, 2, 1, 0)
        ]
    if not entries:
        return [(appearance.words("pipe_theme.working"), appearance.theme.colour("map.pipe_0"), 2.0)]
    return [(entry_text(entry, appearance.words), entry.colour(appearance.theme), 3.0) for entry in (*entries[1:], entries[0])]


def entry_text(entry: LegendEntry, words: Words) -> str:
    """What an entry says."""
    if entry.key == "material":
        return words.of("material", entry.text)
    if entry.key == "zone":
        return words("pipe_theme.entry_zone", text=entry.text)
    return words(f"pipe_theme.entry_{entry.key}") if entry.key else entry.text


def width_words(klass: int) -> str:
    """Diameters of a width class."""
    return ("< DN150", "DN150–DN300", "DN300–DN800", "≥ DN800")[klass]


def _in_two_columns(legend: QWidget, labels: Iterable[tuple[QLabel, QLabel]]) -> None:
    """Lay out the marks of a legend, each with its word."""
    grid = QGridLayout(legend)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setVerticalSpacing(2)
    for index, (shape, text) in enumerate(labels):
        grid.addWidget(shape, index // 2, index % 2 * 2)
        grid.addWidget(text, index // 2, index % 2 * 2 + 1)
    grid.setColumnStretch(1, 1)
    grid.setColumnStretch(3, 1)


class StateLegend(QWidget):
    """Shape and word of every state of a station."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = {state: (QLabel(), label(name="muted")) for state in StationState}
        _in_two_columns(self, self._labels.values())
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        for state, (shape, text) in self._labels.items():
            shape.setPixmap(station_pixmap(appearance.theme, state))
            text.setText(appearance.words.of("station_state", state.name.lower()))


class CrewLegend(QWidget):
    """Mark and word of every kind of crew that the city has."""

    def __init__(self, appearance: Appearance, kinds: Sequence[CrewKind], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = {kind: (QLabel(), label(name="muted")) for kind in kinds}
        _in_two_columns(self, self._labels.values())
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        for kind, (shape, text) in self._labels.items():
            shape.setPixmap(crew_pixmap(appearance.theme, kind))
            text.setText(appearance.words.of("crew_kind", kind.value))


def crew_pixmap(theme: Theme, kind: CrewKind, size: int = 18) -> QPixmap:
    """The mark of a free crew of a kind."""
    pixmap = QPixmap(size * 2, size * 2)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(size / 2, size / 2)
    painter.scale(0.85, 0.85)
    paint_crew(theme, kind, CrewState.FREE, painter)
    painter.end()
    return pixmap


class Stroke(QWidget):
    """A line in a colour and width."""

    def __init__(self, colour: QColor, width: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour, self._width = colour, width
        self.setFixedSize(QSize(44, 15))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the widget."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._colour, self._width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLine(QPointF(2, self.height() / 2), QPointF(38, self.height() / 2))
        painter.end()
