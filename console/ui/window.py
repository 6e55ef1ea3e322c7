"""MainWindow: builds the parts of the console's window over one port and passes pictures and settings of appearance to them."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TypeVar, cast

from PySide6.QtCore import QByteArray, QThread, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from console.domain.actors import Actor
from console.domain.picture import Picture
from console.services.access.sign_in import SignInRefused
from console.services.areas.sight import AreaSight
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.bridge import PictureBridge
from console.ui.commands.appearance_choice import AppearanceChoice
from console.ui.commands.asset_locator import AssetLocator
from console.ui.commands.attributes import AttributeTables
from console.ui.commands.dispatch import Dispatcher
from console.ui.commands.finder import Finder
from console.ui.commands.help import HelpCommands
from console.ui.commands.key_bindings import WindowCommands
from console.ui.commands.layouts import Layouts
from console.ui.commands.map_menu import map_offers
from console.ui.commands.network_tools import NetworkTools
from console.ui.commands.own_data import OwnData
from console.ui.commands.package_export import CasePackages
from console.ui.commands.questions import Questions
from console.ui.commands.seat import SeatCommands
from console.ui.commands.station_cards import StationCards
from console.ui.commands.subjects import Subjects
from console.ui.fault_notes import FaultNotes
from console.ui.focus import CaseFocus
from console.ui.layout import WindowLayout
from console.ui.map.canvas import MapCanvas
from console.ui.map.live.tracks import TRACK_US
from console.ui.map.scene import Scene
from console.ui.map.view.picking import Asset
from console.ui.map_commands.map_commands import MapCommands, MapParts
from console.ui.models.tickets import Shown
from console.ui.panels.alarm_list import AlarmList
from console.ui.panels.case.column import CaseColumn
from console.ui.panels.log_list import LogList
from console.ui.panels.map.layers import LayersPanel
from console.ui.panels.messages import MessageBar
from console.ui.panels.panel import Panel, PanelContext
from console.ui.panels.registry import PANELS
from console.ui.panels.shift_log import ShiftLogPanel
from console.ui.panels.tickets import TicketList
from console.ui.panels.top_strip import TopStrip
from console.ui.panels.unsent import UnsentBar
from console.ui.permitted import Permitted
from console.ui.port import ConsolePort, DrillPort
from console.ui.search import Hit
from console.ui.session import Session
from console.ui.settings import StoredSettings, WindowSettings, first_appearance, first_letters
from console.ui.sounds.alarm_sounds import AlarmSounds
from console.ui.sounds.mute_button import mute_badges, sound_fault
from console.ui.sounds.player import SoundPlayer
from console.ui.status_banners import badges, lasting_message
from console.ui.theme import apply_theme
from console.ui.wall.board import WallBoard
from console.ui.words import Words
from maps.errors import QuanmaiError

P = TypeVar("P", bound=Panel)
_STANDING_S = 5.0
"""So often it is looked whether who is signed in may still work here."""


class MainWindow(QMainWindow):
    """The console's window. Panels come from ``panels/registry.py``, commands from ``commands/key_bindings.py``."""

    ended_for = Signal(object)
    """(actor): the window has closed because somebody signed in whom other areas are shown."""

    # Types for ``KEY_BINDINGS``, whose functions are checked before ``__init__``.
    questions: Questions
    seat: SeatCommands
    focus: CaseFocus
    packages: CasePackages
    map: MapCanvas
    map_commands: MapCommands
    locator: AssetLocator
    tools: NetworkTools
    messages: MessageBar
    strip: TopStrip
    layers: LayersPanel
    alarms: AlarmList
    log: LogList
    shift_log: ShiftLogPanel
    tickets: TicketList
    subjects: Subjects
    case: CaseColumn
    choice: AppearanceChoice
    finder: Finder
    layouts: Layouts
    attributes: AttributeTables
    sounds: AlarmSounds
    help: HelpCommands

    def __init__(
        self,
        port: ConsolePort,
        settings: WindowSettings | None = None,
        drill: DrillPort | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.may_close: Callable[[], bool] = lambda: True
        """Asked before the window closes; False keeps it open."""
        self._port, self._drill = port, drill
        self._settings = settings or WindowSettings()
        self._stored = StoredSettings(self._settings.folder)
        self._appearance = self._first_appearance()
        self._picture = port.latest()
        self._heard_at, self._down_since_us = monotonic(), 0
        app = cast(QApplication, QApplication.instance())
        first_letters(self._stored, self.screen().availableGeometry().height()).put_on(app)
        apply_theme(app, self._appearance.theme)
        self._build_services()
        self._build_map()
        self._build_panels()
        self._connect()
        self.choice = AppearanceChoice(
            self._stored, lambda: self._appearance, self.set_appearance, self._tell_size, port.city.info.time_zone
        )
        parts = {"map": self.map, **{spec.title: panel for spec, panel in self._panels}}
        self.help = HelpCommands(
            self, parts, lambda: self._appearance, self.choice, self.sounds, self.session, self._settings.file, self._stored
        )
        self.commands = WindowCommands(self, self._appearance.words)
        self._restore()
        self.show_picture(self._picture)
        self._recall_tracks()
        self._watch = QTimer(self)
        self._watch.setInterval(1000)
        self._watch.timeout.connect(self._refresh_lasting_message)
        self._watch.timeout.connect(lambda: self.session.lock_when_idle(self._settings.lock_minutes))
        self._watch.timeout.connect(lambda: self.session.check_standing(_STANDING_S))
        self.seat.watch_use(cast(QApplication, QApplication.instance()))
        self._watch.start()
        port.subscribe(self._bridge.push)

    # Building

    def _first_appearance(self) -> Appearance:
        return first_appearance(self._settings, self._stored, self._port.city.info.time_zone)

    def _build_services(self) -> None:
        self._bridge, self.tasks = PictureBridge(self), BackgroundTasks("window-reads", self)
        settings = self._settings
        self.session = Session(
            settings.person,
            settings.access,
            self._port.now,
            self,
            settings.areas_of,
            settings.approvers,
            settings.drill_approver,
        )
        self.session.other_areas.connect(self._end_for)
        self.dispatcher = Dispatcher(self._port, self.session.actor, self)
        self.fault_notes = FaultNotes(self._fault_text, self)
        self.questions = Questions(self._port, self.dispatcher.submit, self.session, self._appearance, self.tasks, self)
        self.seat = SeatCommands(self.session, self._appearance, self)
        self.focus = CaseFocus(self._port, self.tasks, self)
        self.station_cards = StationCards(self._port, self.tasks, self._appearance, self)
        self.packages = CasePackages(self._appearance, self)
        if self._settings.area is not None:
            self.packages.nowhere = "messages.package_area"
        self.sounds = AlarmSounds(self, self._stored, SoundPlayer(self) if self._settings.has_sound else None)
        self.finder = Finder(self._port.city, self._stored, self)

    def _build_map(self) -> None:
        city, appearance, picture = self._port.city, self._appearance, self._picture
        self.map = MapCanvas(Scene(city), picture, appearance.theme, appearance.words)
        self.locator = AssetLocator(self.map, self.focus, self.questions, appearance, self)
        self.tools = NetworkTools(city, self.map, self.tasks, appearance, self)
        self.subjects = Subjects(
            self._port, self.dispatcher, self.session, self.focus, self.questions, self.finder.search, self.map, self._settings,
            appearance, self,
        )  # fmt: skip
        parts = MapParts(city, self.map, self._stored, self._settings.tiles)
        self.map_commands = MapCommands(parts, self.run_command, appearance, picture, self)
        limits, wall = self._port.limits, self._settings.wall
        self.map_commands.windows.make_board = lambda map_, look: WallBoard(map_, limits, look, wall)

    def _build_panels(self) -> None:
        context = PanelContext(
            self._port,
            self.session,
            self._appearance,
            self._picture,
            self.dispatcher.submit,
            self.run_command,
            self.questions,
            self.seat,
            self.focus,
            self.locator,
            self.map,
            self.map_commands,
            self.tools,
            self.station_cards,
            self.subjects.shift,
            self.subjects.tickets,
            self.subjects.public,
            self._settings.area,
            self.sounds,
        )
        self._panels = [(spec, spec.make(context)) for spec in PANELS]
        self.strip, self.layers, self.case = self.panel(TopStrip), self.panel(LayersPanel), self.panel(CaseColumn)
        self.alarms, self.log, self.shift_log = self.panel(AlarmList), self.panel(LogList), self.panel(ShiftLogPanel)
        self.tickets = self.panel(TicketList)
        self.attributes = AttributeTables(self._port.city, lambda: self.map_commands.selection, lambda: self._appearance, self)
        self._permitted = Permitted(self, self.session, self._appearance)
        self.messages = MessageBar(self._appearance)
        self.own_data = OwnData(self, self.messages)
        self.unsent = UnsentBar(self._appearance)
        self.session.unsent = lambda: len(self.unsent.held) + self.dispatcher.waiting
        self._layout = WindowLayout(self._panels, (self.messages, self.unsent), self.map, self)
        self.setCentralWidget(self._layout)
        self.layouts = Layouts(self._layout, self._stored, lambda: self._appearance.words, self)
        self._name_panels()
        self.resize(1600, 900)
        self.map.setFocus()

    def _connect(self) -> None:
        self._bridge.arrived.connect(self.show_picture)
        self.dispatcher.refused.connect(lambda fault: self.messages.show_message(self._appearance.words.fault(fault)))
        self.dispatcher.refused.connect(self.questions.show_refused)
        self.dispatcher.refused.connect(self._look_who_may)
        self.session.revoked.connect(lambda fault: self.messages.show_message(self._appearance.words.fault(fault)))
        self.dispatcher.unsent.connect(self.unsent.hold)
        self.sounds.changed.connect(self._show_badges)
        self.sounds.told.connect(lambda why: self.messages.show_message(sound_fault(self._appearance.words, why)))
        self.dispatcher.done.connect(self.unsent.done)
        self.unsent.submit_asked.connect(self.dispatcher.submit)
        self.dispatcher.broken.connect(
            lambda text: self.messages.show_message(self._appearance.words("messages.defect", text=text))
        )
        self.dispatcher.done.connect(lambda _: self.focus.read_log())
        self.dispatcher.submitted.connect(self.fault_notes.submitted)
        self.dispatcher.done.connect(self.fault_notes.done)
        self.dispatcher.unsent.connect(self.fault_notes.refused)
        self.subjects.connect(self.locator, self.tools)
        shift = self.subjects.shift
        for failed in (self.tasks.failed, self.packages.told, shift.told, self.tools.told, self.map_commands.told):
            failed.connect(self.messages.show_message)
        for noted in (self.packages.noted, self.map_commands.noted, shift.noted, self.layouts.noted, self.attributes.noted):
            noted.connect(self.messages.show_note)
        self.attributes.place_asked.connect(self.locator.go_to)
        self.attributes.select_asked.connect(self.map_commands.select_pipes)
        self.focus.marks_ready.connect(self.map.show_case)
        self.station_cards.place_asked.connect(self.locator.show_station)
        self.map.input.picked.connect(self.tools.on_picked)
        self.map.input.menu_requested.connect(self.locator.on_menu)
        self.tools.not_taken.connect(self.pick)
        self.tools.report_asked.connect(self.questions.report)
        self.map.tab_first = self.case.next_step
        self.case.response.outage_asked.connect(self.subjects.outages.plan_repair)
        self.tools.valve_asked.connect(self.locator.show_valve)
        self.locator.offers.append(map_offers(self.tools, self.map_commands))
        self.locator.in_drill = self._drill is not None
        self.locator.drill_burst_asked.connect(self._break_pipe)

    @property
    def sight(self) -> AreaSight | None:
        """What this window shows of the city; None: all of it."""
        return self._settings.area

    @property
    def appearance(self) -> Appearance:
        """Theme and language in use."""
        return self._appearance

    @property
    def picture(self) -> Picture:
        """The newest picture shown."""
        return self._picture

    @property
    def words(self) -> Words:
        """Words of the language in use."""
        return self._appearance.words

    def panel(self, kind: type[P]) -> P:
        """The panel of this class."""
        return next(panel for _, panel in self._panels if isinstance(panel, kind))

    def _recall_tracks(self) -> None:
        """Where crews were before the window opened."""
        port, since_us = self._port, self._picture.now_us - TRACK_US
        crews = [str(crew) for crew in port.city.crews.asset_id]
        self.tasks.request(
            "tracks", lambda: {crew: port.track(crew, since_us) for crew in crews}, self.map.overlay.crews.tracks.recall
        )

    # Pictures

    @Slot(object)
    def show_picture(self, picture: Picture) -> None:
        """Pass the newest picture to every part."""
        self._picture, self._heard_at = picture, monotonic()
        is_down = any(feed.state == "down" for feed in picture.feeds)
        self._down_since_us = (self._down_since_us or picture.now_us) if is_down else 0
        self.map.show_picture(picture)
        self.sounds.show_picture(picture)
        self._show_badges()
        for part in (self.tools, self.map_commands, self.focus, self.station_cards, self.questions, self.unsent):
            part.show_picture(picture)
        for subject in self.subjects.all:
            subject.show_picture(picture)
        for _, panel in self._panels:
            panel.show_picture(picture)
        self._layout.show_picture(picture)
        self._refresh_lasting_message()

    @Slot()
    def _show_badges(self) -> None:
        words, muted = self._appearance.words, mute_badges(self.sounds, self._appearance.words)
        self.map.set_badges((*muted, *badges(self._port.city, self._picture, words, self._settings.area)))

    @Slot()
    def _refresh_lasting_message(self) -> None:
        silent = monotonic() - self._heard_at
        told = lasting_message(self._picture, self.focus.incident, silent, self._appearance.words, self._down_since_us)
        self.messages.show_lasting(told)

    def settle(self, most_s: float = 20.0) -> None:
        """Wait until reads and answers have arrived and every part shows the newest picture (screenshots, tests)."""
        until = monotonic() + most_s
        self.show_picture(self._port.latest())
        while (self.tasks.busy or self.finder.busy or self.session.busy or self.dispatcher.waiting) and monotonic() < until:
            QApplication.processEvents()
            QThread.msleep(1)  # the work waited for needs the interpreter's lock
        QApplication.processEvents()

    # Commands

    def run_command(self, name: str) -> None:
        """Run a command by name."""
        self.commands.run(name)

    @Slot(object)
    def pick(self, asset: Asset | None) -> None:
        """An asset of the map was clicked while no tool was in use; None: an empty place."""
        self.map_commands.on_picked(asset)
        self.locator.on_picked(asset)
        self.subjects.tickets.on_map_click((asset.x, asset.y) if asset is not None else self.map.input.cursor_world)

    def search(self, text: str) -> list[Hit]:
        """What the palette finds for a text."""
        return self.finder.now(text).hits()

    def open_hit(self, hit: Hit) -> None:
        """Run the command that was found, or show the asset or case."""
        self.finder.open_hit(hit)

    def undo(self) -> None:
        """Undo one step of the tool in use, else of the case."""
        if not self.tools.undo():
            self.case.response.undo()

    def dismiss(self) -> None:
        """Esc: close the tool in use, else end what the map has open, else dismiss the message."""
        if not (self.fault_notes.dismiss() or self.tools.put_away() or self.map_commands.put_away()):
            self.messages.dismiss()

    def show_shift_log(self) -> None:
        """Bring the shift log up, ready for a search."""
        self._layout.bring_up(self.shift_log)
        self.shift_log.search.setFocus()

    def show_tickets(self, shown: Shown = Shown.OPEN, text: str = "") -> None:
        """Bring the list of tickets up, ready for a search."""
        self._layout.bring_up(self.tickets)
        self.tickets.show_only(shown)
        self.tickets.search.setText(text)
        self.tickets.search.setFocus()

    def toggle_full_screen(self) -> None:
        """Fill the screen, or stop filling it."""
        self.showNormal() if self.isFullScreen() else self.showFullScreen()

    def reset_layout(self) -> None:
        """Restore the default places and sizes of the panels."""
        self.layouts.reset()

    def show_panel(self, panel: Panel, focus: QWidget | None = None) -> None:
        """Bring a panel up, wherever it is, with the focus in it."""
        self._layout.bring_up(panel)
        (focus or panel).setFocus()

    def bring_own_data(self) -> None:
        """Open the window that imports one's own data."""
        self.own_data.open(self._appearance)

    def test_feed(self) -> None:
        """Open the window that maps topics of a broker to stations."""
        self.own_data.test_live(self._appearance, self._port.city)

    def compare_versions(self) -> None:
        """Open the window that compares a newer dataset with the one in use."""
        self.own_data.compare(self._appearance, self._port.city, self._picture.incidents)

    @Slot(str)
    def _break_pipe(self, pipe_id: str) -> None:
        """An instructor breaks a pipe in a drill."""
        if self._drill is None:
            return
        try:
            flow_m3h = self._drill.burst(pipe_id)
        except QuanmaiError as fault:
            self.messages.show_message(self._appearance.words.fault(fault))
        else:
            self.messages.show_note(self._appearance.words("messages.drill_burst", pipe=pipe_id, flow=f"{flow_m3h:.0f}"))

    # Theme and language

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language, everywhere at once."""
        self._appearance = appearance
        apply_theme(cast(QApplication, QApplication.instance()), appearance.theme)
        for _, panel in self._panels:
            panel.set_appearance(appearance)
        for part in (self.messages, self.unsent, self.questions, self.seat, self.locator, self.station_cards, self.packages):
            part.set_appearance(appearance)
        for subject in self.subjects.all:
            subject.set_appearance(appearance)
        self.tools.set_appearance(appearance)
        self.attributes.set_appearance(appearance)
        self.map_commands.set_appearance(appearance)
        self.help.set_appearance(appearance)
        self._permitted.set_appearance(appearance)
        self.map.set_appearance(appearance.theme, appearance.words)
        self.commands.set_words(appearance.words)
        self._name_panels()
        self.show_picture(self._picture)

    def _tell_size(self, px: int) -> None:
        self.messages.show_note(self._appearance.words("messages.letters", px=px))

    def _name_panels(self) -> None:
        """The window's title, and names of panels for screen readers."""
        words, sight = self._appearance.words, self._settings.area
        parts = [words("app.name"), self._port.city.info.name, *([words("area.window", area=sight.name)] if sight else [])]
        self.setWindowTitle(" · ".join(parts))
        for spec, panel in self._panels:
            panel.setAccessibleName(self._appearance.words(f"panels.{spec.title}"))
        self._layout.set_titles({spec.title: self._appearance.words(f"panels.{spec.title}") for spec, _ in self._panels})

    def _fault_text(self, fault: QuanmaiError) -> str:
        return self._appearance.words.fault(fault)

    def _look_who_may(self, fault: object) -> None:
        if isinstance(fault, SignInRefused):
            self.session.check_standing()

    # End

    def _restore(self) -> None:
        geometry = self._stored.get("geometry")
        self.placed = isinstance(geometry, QByteArray) and self.restoreGeometry(geometry)
        """Whether the window has its place of the last session."""
        self.layouts.restore()

    @Slot(object)
    def _end_for(self, actor: Actor) -> None:
        """Show nothing more at once: all that is on the screen is of the former person's areas. Close in the next turn."""
        for one in (self, *(child for child in self.findChildren(QWidget) if child.isWindow())):
            one.hide()
        QTimer.singleShot(0, self, lambda: self._close_for(actor))

    def _close_for(self, actor: Actor) -> None:
        self.close()
        self.ended_for.emit(actor)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask where something is open; then store the layout, end threads and processes, close."""
        if not self.may_close():
            event.ignore()
            return
        self._watch.stop()
        self._stored.put("geometry", self.saveGeometry())
        self.layouts.save()
        self.map_commands.save()
        self._stored.flush()
        self._bridge.close()
        self.map_commands.close()
        self.tools.close()
        self.map.shut()
        self.dispatcher.close()
        self.sounds.close()
        self.seat.close()
        self.session.close()
        self.tasks.close()
        self.finder.close()
        self.attributes.close()
        self.packages.close()
        self.own_data.close()
        for one in self.subjects.all:
            one.close()
        self.shift_log.close_tasks()
        self.tickets.close_tasks()
        super().closeEvent(event)
