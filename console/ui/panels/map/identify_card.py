"""The identify card: a small sheet on the map with what is known of the picked asset; its live values follow."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from console.domain.picture import Picture
from console.ui.appearance import Appearance
from console.ui.map.network.flow import PipeFlows
from console.ui.map.scene import Scene
from console.ui.map.view.identify import CardData, Line, lines_of
from console.ui.map.view.picking import Asset
from console.ui.widgets import button, clear, label, row
from console.ui.words import map_text

_WIDTH = 280
_MARGIN = 12
_TOP = 62


class IdentifyCard(QFrame):
    """Lies in the right upper corner of the map; Esc or its button closes it."""

    closed = Signal()

    def __init__(self, scene: Scene, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._scene, self._appearance = scene, appearance
        self._asset: Asset | None = None
        self._shown: tuple[Line, ...] = ()
        self._latest: tuple[Picture, PipeFlows | None]
        self._title = label(name="title", selectable=True)
        self._kind = label(name="muted")
        self._assets: tuple[Asset, ...] = ()
        self.next = button("", "flat", quick=True)
        self.next.clicked.connect(self._show_next)
        close = button("✕", "flat")
        close.clicked.connect(self.put_away)
        self._rows = QGridLayout()
        self._rows.setColumnStretch(1, 1)
        self._rows.setHorizontalSpacing(10)
        self._rows.setVerticalSpacing(3)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 8, 8, 10)
        box.addLayout(row(self._title, 1, close))
        box.addLayout(row(self._kind, 1, self.next))
        box.addLayout(self._rows)
        self.setFixedWidth(_WIDTH)
        self.hide()

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance, self._shown = appearance, ()
        self._name_kind()

    def show_asset(self, asset: Asset, picture: Picture, flows: PipeFlows | None) -> None:
        """Show the known attributes of an asset."""
        self.show_assets((asset,), picture, flows)

    def show_assets(self, assets: tuple[Asset, ...], picture: Picture, flows: PipeFlows | None) -> None:
        """Show the first of several assets at one place; a button goes on to the next."""
        self._assets, self._latest = assets, (picture, flows)
        self._show(assets[0])

    def _show_next(self) -> None:
        at = self._assets.index(self._asset) if self._asset in self._assets else -1
        self._show(self._assets[(at + 1) % len(self._assets)])

    def _show(self, asset: Asset) -> None:
        self._asset = asset
        self._title.setText(asset.asset_id)
        self._name_kind()
        self._shown = ()
        self.refresh(*self._latest)
        self.place()
        self.show()
        self.raise_()

    def refresh(self, picture: Picture, flows: PipeFlows | None) -> None:
        """The newest values; only lines that changed are written."""
        self._latest = picture, flows
        if self._asset is None:
            return
        known = CardData(self._scene.city, picture, self._appearance.words, flows, self._scene.facilities)
        lines = lines_of(self._asset, known)
        if [name for name, _ in lines] != [name for name, _ in self._shown]:
            clear(self._rows)
            for number, (name, value) in enumerate(lines):
                cells = label(name, "muted"), label(value, wrap=True, selectable=True)
                self._rows.addWidget(cells[0], number, 0, Qt.AlignmentFlag.AlignTop)
                self._rows.addWidget(cells[1], number, 1)
                for cell in cells if self.isVisible() else ():
                    cell.show()  # Qt shows them later; until then the card's size leaves them out
        else:
            for number, (_, value) in enumerate(lines):
                item = self._rows.itemAtPosition(number, 1)
                widget = item.widget() if item is not None else None
                if widget is not None and widget.property("text") != value:
                    widget.setProperty("text", value)
        self._shown = lines
        self.adjustSize()

    def _name_kind(self) -> None:
        if self._asset is not None:
            words, many = self._appearance.words, len(self._assets)
            self._kind.setText(map_text(words, f"card.kind_{self._asset.kind}"))
            self.next.setVisible(many > 1)
            if many > 1 and self._asset in self._assets:
                self.next.setText(map_text(words, "card.next", n=self._assets.index(self._asset) + 1, of=many))

    def place(self) -> None:
        """Move into the corner of the map."""
        parent = self.parentWidget()
        if parent is not None:
            self.move(parent.width() - self.width() - _MARGIN, _TOP)

    def put_away(self) -> bool:
        """Close the card; False when it was not open."""
        was_open = not self.isHidden()
        self._asset = None
        self.hide()
        self.closed.emit()
        return was_open

    @property
    def lines(self) -> tuple[Line, ...]:
        """(label, value) of the lines shown."""
        return self._shown
