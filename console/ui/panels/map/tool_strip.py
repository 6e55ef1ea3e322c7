"""The strip of tools on the map: each button runs a command; the tool in use is lit; the last button shows their names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QSizePolicy, QToolButton, QWidget

from console.ui.appearance import Appearance
from console.ui.commands.key_bindings import KEYS
from console.ui.icons import icon
from console.ui.map.view.tools import Tool
from console.ui.theme import Letters

_SIZE = 18
_PLACE = (12, 56)
_BELOW_PX = 52
"""Room for the scale bar."""
_BUTTONS = (
    "pan",
    "identify",
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
    "ticket",
)

LABELS = "labels"


class ToolStrip(QFrame):
    """Lies on the map's left edge."""

    labels_shown = Signal(bool)
    """The names of the tools were shown or hidden by hand."""

    def __init__(self, run: Callable[[str], None], appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("chip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._buttons: dict[str, QToolButton] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(2, 2, 2, 2)
        self._grid.setSpacing(1)
        parent.installEventFilter(self)
        self._appearance = appearance
        for name in _BUTTONS:
            self._add(name, partial(run, name))
        self._add(LABELS, self._on_labels)
        self.set_appearance(appearance)
        self.show_tool(Tool.PAN)
        self.move(*_PLACE)

    def _add(self, name: str, run: Callable[[], None]) -> None:
        button = QToolButton()
        button.setIconSize(QSize(_SIZE, _SIZE))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setCheckable(name == LABELS or name in {tool.value for tool in Tool})
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda _=False: run())
        self._buttons[name] = button

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        for name, button in self._buttons.items():
            key = KEYS.get(name, "")
            text = appearance.words(f"tool.{LABELS}_tip" if name == LABELS else f"commands.{name}")
            button.setText(appearance.words(f"tool.{name}"))
            button.setToolTip(f"{text} · {key}" if key else text)
            button.setAccessibleName(text)
            size = round(_SIZE * max(Letters.now().scale, 1.0))
            button.setIconSize(QSize(size, size))
            button.setIcon(icon(name, appearance.theme, size))
        self._place()

    def show_tool(self, tool: Tool) -> None:
        """Show the tool in use."""
        for name, button in self._buttons.items():
            if button.isCheckable() and name != LABELS:
                button.setChecked(name == tool.value)

    def show_labels(self, shown: bool) -> None:
        """Names beside the icons, or the icons alone."""
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if shown else Qt.ToolButtonStyle.ToolButtonIconOnly
        for button in self._buttons.values():
            button.setToolButtonStyle(style)
        self._buttons[LABELS].setChecked(shown)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """On a low map the tools stand in two columns."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        """In one column, or in as many as the map's height needs."""
        over, buttons = self.parentWidget(), list(self._buttons.values())
        if over is None or not buttons:
            return
        row_px = max(button.sizeHint().height() for button in buttons) + self._grid.spacing()
        fit = max((over.height() - _PLACE[1] - _BELOW_PX) // row_px, 4)
        columns = -(-len(buttons) // fit)
        rows = -(-len(buttons) // columns)
        for number, button in enumerate(buttons):
            self._grid.addWidget(button, number % rows, number // rows)
        self._grid.activate()
        self.resize(self._grid.sizeHint())

    def _on_labels(self) -> None:
        shown = self._buttons[LABELS].isChecked()
        self.show_labels(shown)
        self.labels_shown.emit(shown)
