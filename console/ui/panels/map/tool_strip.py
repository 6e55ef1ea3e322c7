"""The strip of tools on the map: each button runs a command; the tool in use stays pressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from console.ui.appearance import Appearance
from console.ui.commands.key_bindings import KEYS
from console.ui.map.view.tools import Tool

_SIZE = 18
_PLACE = (12, 56)
_BUTTONS = (
    "pan",
    "zoom_box",
    "select_box",
    "select_polygon",
    "measure_length",
    "measure_area",
    "map_back",
    "map_forward",
    "fit",
    "bookmarks",
    "export_map",
    "second_map",
    "trace",
    "what_if",
)

Lines = tuple[tuple[tuple[float, float], ...], ...]
_ICONS: Mapping[str, Lines] = {
    "pan": (((9, 2), (9, 16)), ((2, 9), (16, 9)), ((7, 4), (9, 2), (11, 4)), ((7, 14), (9, 16), (11, 14)),
            ((4, 7), (2, 9), (4, 11)), ((14, 7), (16, 9), (14, 11))),
    "zoom_box": (((3, 3), (11, 3), (11, 11), (3, 11), (3, 3)), ((11, 11), (16, 16)), ((5, 7), (9, 7)), ((7, 5), (7, 9))),
    "select_box": (((3, 4), (15, 4), (15, 14), (3, 14), (3, 4)), ((7, 9), (8.5, 10.5), (11.5, 7))),
    "select_polygon": (((4, 5), (10, 2.5), (15.5, 8), (12, 15), (5, 13), (4, 5)), ((7, 9), (8.5, 10.5), (11.5, 7))),
    "measure_length": (((2, 12), (12, 2), (16, 6), (6, 16), (2, 12)), ((5, 9), (7, 11)), ((8, 6), (9.5, 7.5)),
                       ((11, 3), (13, 5))),
    "measure_area": (((3, 15), (3, 5), (9, 2), (15, 7), (15, 15), (3, 15)), ((6, 15), (6, 12)), ((9, 15), (9, 11)),
                     ((12, 15), (12, 12))),
    "map_back": (((15, 9), (3, 9)), ((8, 4), (3, 9), (8, 14))),
    "map_forward": (((3, 9), (15, 9)), ((10, 4), (15, 9), (10, 14))),
    "fit": (((3, 7), (3, 3), (7, 3)), ((11, 3), (15, 3), (15, 7)), ((15, 11), (15, 15), (11, 15)), ((7, 15), (3, 15), (3, 11))),
    "bookmarks": (((5, 2.5), (13, 2.5), (13, 15.5), (9, 12), (5, 15.5), (5, 2.5)),),
    "export_map": (((9, 2), (9, 11)), ((5.5, 7.5), (9, 11), (12.5, 7.5)), ((3, 12), (3, 15.5), (15, 15.5), (15, 12))),
    "trace": (((3, 4), (8, 4), (8, 9), (15, 9)), ((8, 9), (8, 14), (3, 14)), ((12, 6), (15, 9), (12, 12))),
    "what_if": (((2, 9), (6, 9)), ((12, 9), (16, 9)), ((9, 3), (9, 6)), ((9, 12), (9, 15)), ((5, 5), (7, 7)), ((13, 5), (11, 7)),
              ((5, 13), (7, 11)), ((13, 13), (11, 11))),
    "second_map": (((2.5, 6), (11, 6), (11, 15), (2.5, 15), (2.5, 6)), ((6, 6), (6, 2.5), (15.5, 2.5), (15.5, 11.5), (11, 11.5))),
}  # fmt: skip


class ToolStrip(QFrame):
    """Lies on the map's left edge."""

    def __init__(self, run: Callable[[str], None], appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("chip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._buttons: dict[str, QToolButton] = {}
        box = QVBoxLayout(self)
        box.setContentsMargins(2, 2, 2, 2)
        box.setSpacing(1)
        self._appearance = appearance
        for name in _BUTTONS:
            self._add(name, run)
        self.set_appearance(appearance)
        self.adjustSize()
        self.show_tool(Tool.PAN)
        self.move(*_PLACE)

    def _add(self, name: str, run: Callable[[str], None]) -> None:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setIconSize(QSize(_SIZE, _SIZE))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setCheckable(name in {tool.value for tool in Tool})
        button.clicked.connect(lambda _=False: run(name))
        self._buttons[name] = button
        layout = self.layout()
        if layout is not None:
            layout.addWidget(button)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        for name, button in self._buttons.items():
            key = KEYS.get(name, "")
            text = appearance.words(f"commands.{name}")
            button.setToolTip(f"{text} · {key}" if key else text)
            button.setAccessibleName(text)
            button.setIcon(_icon(name, appearance))

    def show_tool(self, tool: Tool) -> None:
        """Show the tool in use."""
        for name, button in self._buttons.items():
            if button.isCheckable():
                button.setChecked(name == tool.value)


def _icon(name: str, appearance: Appearance) -> QIcon:
    ratio = 3
    pixmap = QPixmap(_SIZE * ratio, _SIZE * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink = QPen(appearance.theme.colour("text.normal"), 1.4)
    ink.setCapStyle(Qt.PenCapStyle.RoundCap)
    ink.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(ink)
    painter.setClipRect(QRectF(0, 0, _SIZE, _SIZE))
    for line in _ICONS[name]:
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in line]))
    painter.end()
    return QIcon(pixmap)
