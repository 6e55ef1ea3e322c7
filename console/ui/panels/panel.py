"""What a panel of the window is: its base class, its entry in the registry and what its factory may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from console.domain.picture import Picture
from console.services.areas.sight import AreaSight
from console.ui.appearance import Appearance
from console.ui.commands.asset_locator import AssetLocator
from console.ui.commands.dispatch import Submit
from console.ui.commands.network_tools import NetworkTools
from console.ui.commands.public import PublicCommands
from console.ui.commands.questions import Questions
from console.ui.commands.seat import SeatCommands
from console.ui.commands.shift import ShiftCommands
from console.ui.commands.station_cards import StationCards
from console.ui.commands.tickets import TicketCommands
from console.ui.focus import CaseFocus
from console.ui.map.canvas import MapCanvas
from console.ui.map_commands.map_commands import MapCommands
from console.ui.port import ConsolePort
from console.ui.session import Session
from console.ui.sounds.alarm_sounds import AlarmSounds
from maps.city import City


class Panel(QWidget):
    """A part of the window with a place of its own. It is told of each picture and of each change of theme or language."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def show_picture(self, picture: Picture) -> None:
        """Show the newest picture; nothing by default."""

    def set_appearance(self, appearance: Appearance) -> None:
        """Show another theme or language."""
        raise NotImplementedError


class Area(Enum):
    """Where a panel stands: above everything, left of the map, below the map, or right over the whole height."""

    TOP = "top"
    LEFT = "left"
    BOTTOM = "bottom"
    RIGHT = "right"


@dataclass(frozen=True, eq=False)
class PanelContext:
    """What a panel's factory may use. A factory takes its part, connects the panel's signals and keeps nothing."""

    port: ConsolePort
    session: Session
    appearance: Appearance
    picture: Picture
    submit: Submit
    """Carry out an intent in this seat's name."""
    run: Callable[[str], None]
    """Run a command of the window by name (``commands/key_bindings.py``)."""
    questions: Questions
    seat: SeatCommands
    focus: CaseFocus
    locator: AssetLocator
    map: MapCanvas
    map_commands: MapCommands
    tools: NetworkTools
    station_cards: StationCards
    shift: ShiftCommands
    tickets: TicketCommands
    public: PublicCommands
    sight: AreaSight | None = None
    """Of an area's terminal, None at the centre."""
    sounds: AlarmSounds | None = None

    @property
    def city(self) -> City:
        """The city of this window."""
        return self.port.city


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """One panel of the window.

    ``title``: key of the panel's name, ``ui.panels.<title>``, as screen readers say it. ``size_px``: width at first (of a top
    panel: none). ``stretch``: share of additional width among the panels of its area.
    """

    title: str
    area: Area
    make: Callable[[PanelContext], Panel]
    size_px: int = 0
    stretch: int = 0
    beside: str = ""
    """Title of the panel whose place it shares, as a tab; its area and sizes are that panel's."""
