"""MainWindow: puts the parts together over one port; holds no rule of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import cast

from PySide6.QtCore import QByteArray, QPoint, QTimer, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from console.domain.alarms import Alarm
from console.domain.clock import moment
from console.domain.incidents import Incident
from console.domain.intents import Intent
from console.domain.picture import Picture
from console.ui.background_tasks import BackgroundTasks
from console.ui.bridge import PictureBridge
from console.ui.commands.actions import Commands
from console.ui.commands.dispatch import Dispatcher
from console.ui.commands.guide import Guide
from console.ui.commands.network_tools import NetworkTools
from console.ui.commands.package_export import CasePackages
from console.ui.commands.questions import Questions
from console.ui.commands.search import Hit, Search
from console.ui.commands.station_cards import StationCards
from console.ui.dialogs.palette import Palette
from console.ui.focus import CaseFocus
from console.ui.layout import Division
from console.ui.map.canvas import MapCanvas
from console.ui.map.live.stations import main_channels
from console.ui.map.live.tracks import TRACK_US
from console.ui.map.scene import Scene
from console.ui.map.view.picking import Asset
from console.ui.map_desk import MapDesk, MapParts
from console.ui.models.alarms import AlarmModel
from console.ui.models.stations import StationModel
from console.ui.models.timeline import TimelineModel
from console.ui.panels.alarm_list import AlarmList
from console.ui.panels.case.column import CaseColumn
from console.ui.panels.map.layers import LayersPanel
from console.ui.panels.messages import MessageBar
from console.ui.panels.tables import LogList
from console.ui.panels.top_strip import Seat, TopStrip
from console.ui.port import ConsolePort, DrillPort
from console.ui.settings import Memory, WindowSettings
from console.ui.status_banners import badges, lasting_message
from console.ui.style import Looks
from console.ui.theme import NAMES as THEMES
from console.ui.theme import Theme, apply_theme
from console.ui.words import Words
from maps.errors import QuanmaiError
from resources.texts import LANGUAGES


class MainWindow(QMainWindow):
    """The console's window."""

    def __init__(
        self,
        port: ConsolePort,
        settings: WindowSettings | None = None,
        drill: DrillPort | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._port, self._drill = port, drill
        self._settings = settings or WindowSettings()
        self._memory = Memory(self._settings.folder)
        self._looks = self._first_looks()
        self._picture = port.latest()
        self._heard_at = monotonic()
        self._framed: tuple[object, ...] = ()
        apply_theme(cast(QApplication, QApplication.instance()), self._looks.theme)
        self._build_workers()
        self._build_views()
        self._connect()
        self._commands = Commands(self, self._deeds(), self._looks.words)
        self._restore()
        self.show_picture(self._picture)
        self._recall_tracks()
        self._watch = QTimer(self)
        self._watch.setInterval(1000)
        self._watch.timeout.connect(self._look_after)
        self._watch.start()
        port.subscribe(self._bridge.push)

    # Building

    def _first_looks(self) -> Looks:
        given, memory = self._settings, self._memory
        language = given.language or memory.choice("language", LANGUAGES, given.usual_language)
        theme = given.theme or memory.choice("theme", THEMES, given.usual_theme)
        return Looks(Theme.load(theme), Words(language, self._port.city.info.time_zone))

    def _build_workers(self) -> None:
        self._bridge, self._tasks = PictureBridge(self), BackgroundTasks("window-reads", self)
        self._dispatcher = Dispatcher(self._port, self._settings.user, self)
        self.questions = Questions(self._port, self._settings.user, self._looks, self)
        self._focus = CaseFocus(self._port, self._tasks, self)
        self.station_cards = StationCards(self._port, self._tasks, self._looks, self)
        self.packages = CasePackages(self._looks, self)
        self._search = Search(self._port.city)
        self._tasks.request("search", self._search.prepare, lambda _: None)

    def _build_views(self) -> None:
        city, looks, picture = self._port.city, self._looks, self._picture
        scene = Scene(city)
        self._alarm_model = AlarmModel(city, looks.theme, looks.words, self)
        self._log_model = TimelineModel(looks.theme, looks.words, self)
        self._station_model = StationModel(city, main_channels(city), picture, looks.theme, looks.words, self)
        self.strip = TopStrip(looks, Seat(city.info.name, self._settings.user))
        self.messages = MessageBar(looks)
        self.map = MapCanvas(scene, picture, looks.theme, looks.words)
        self.layers = LayersPanel(city, looks, self._station_model, self.map.visible_layers)
        self.case = CaseColumn(city, looks)
        self.guide = Guide(self._port.city, self.map, self.case, self._focus, self.questions, looks, self)
        self.tools = NetworkTools(city, self.map, self._tasks, looks, self)
        self.desk = MapDesk(MapParts(city, self.map, self.layers, self._memory, self._settings.tiles), looks, picture, self)
        self.desk.strip.add("trace", self.tools.toggle_trace)
        self.desk.strip.add("trial", self.tools.toggle_burst)
        self.alarms, self.log = AlarmList(self._alarm_model, looks), LogList(self._log_model, looks)
        self._division = Division(self.strip, self.messages, (self.layers, self.map), (self.alarms, self.log), self.case)
        self.setCentralWidget(self._division)
        self.setWindowTitle(f"{looks.words('app.name')} · {city.info.name}")
        self.resize(1600, 900)
        self.map.setFocus()

    def _connect(self) -> None:
        self._bridge.arrived.connect(self.show_picture)
        self._dispatcher.refused.connect(lambda fault: self.messages.tell(self._looks.words.fault(fault)))
        self._dispatcher.refused.connect(self.questions.show_refused)
        self._dispatcher.broken.connect(lambda text: self.messages.tell(self._looks.words("messages.defect", text=text)))
        self._dispatcher.done.connect(lambda _: self._focus.read_log())
        self._tasks.failed.connect(self.messages.tell)
        self.packages.told.connect(self.messages.tell)
        self.questions.asked.connect(self.ask)
        self.case.intent_asked.connect(self.ask)
        self.alarms.intent_asked.connect(self.ask)
        self.alarms.shelving_asked.connect(self.questions.shelving)
        self.alarms.alarm_chosen.connect(lambda alarm: self.guide.on_alarm(alarm, self._picture))
        self.alarms.alarm_opened.connect(self._open_alarm)
        self._focus.changed.connect(self._show_case)
        self._focus.marks_ready.connect(self.tools.show_case)
        self._focus.log_ready.connect(self._log_model.apply)
        self._focus.log_ready.connect(self.case.response.take_log)
        self.case.response.withdrawal_asked.connect(self.questions.withdrawal)
        self._focus.series_ready.connect(self.case.evidence.show_series)
        self.case.evidence.history_wanted.connect(self._focus.read_series)
        self.case.location.pipe_chosen.connect(self.guide.select_pipe)
        self.case.location.judgement_asked.connect(self.questions.judgement)
        self.case.location.dismissal_asked.connect(self.questions.dismissal)
        self.case.location.place_chosen.connect(self.guide.show_reading_place)
        self.case.location.reading_asked.connect(self.questions.reading)
        self.case.plan.valve_chosen.connect(self.guide.show_valve)
        self.case.plan.unable_asked.connect(self.questions.why_unable)
        self.case.response.restoration_asked.connect(lambda _: self._with_case(self.questions.restoration))
        self.case.response.sample_asked.connect(self.questions.sample)
        self.case.response.phase_asked.connect(self.questions.phase)
        self.case.notice.notice_opened.connect(
            lambda _, notice_id: self._with_case(lambda i: self.questions.notice(i, notice_id))
        )
        self.strip.case_chosen.connect(lambda case_id: self.guide.choose_case(case_id, self._picture))
        self.strip.search_requested.connect(self._open_palette)
        self.strip.language_requested.connect(self.toggle_language)
        self.strip.theme_requested.connect(self.toggle_theme)
        self.layers.layers_changed.connect(self.map.set_visible)
        self.layers.station_chosen.connect(self.guide.show_station)
        self.layers.station_opened.connect(self.station_cards.show)
        self.station_cards.place_asked.connect(self.guide.show_station)
        self.tools.not_taken.connect(self._on_picked)
        self.map.input.picked.connect(self.tools.on_picked)
        self.tools.told.connect(self.messages.tell)
        self.desk.told.connect(self.messages.tell)
        self.desk.noted.connect(self.messages.note)
        self.tools.report_asked.connect(self.questions.report)
        self.tools.valve_asked.connect(self.guide.show_valve)
        self.case.plan.cards_asked.connect(self.tools.print_cards)
        self.map.input.menu_requested.connect(self.guide.on_menu)
        self.guide.in_drill = self._drill is not None
        self.guide.drill_burst_asked.connect(self._break_pipe)

    def _on_picked(self, asset: Asset | None) -> None:
        self.desk.on_picked(asset)
        self.guide.on_picked(asset)

    def _dismiss(self) -> None:
        if not self.desk.put_away():
            self.messages.dismiss()

    def _open_alarm(self, alarm: Alarm) -> None:
        """A case's alarm leads to the case, another one to its station's card."""
        stations = self._port.city.stations
        if not alarm.incident_id and stations.has(alarm.subject):
            self.station_cards.show(stations.row(alarm.subject))
        else:
            self.guide.on_alarm(alarm, self._picture)

    def _with_case(self, deed: Callable[[Incident], None]) -> None:
        if self._focus.incident is not None:
            deed(self._focus.incident)

    def _recall_tracks(self) -> None:
        """Where crews were before the window opened."""
        port, since_us = self._port, self._picture.now_us - TRACK_US
        crews = [str(crew) for crew in port.city.crews.asset_id]
        self._tasks.request(
            "tracks", lambda: {crew: port.track(crew, since_us) for crew in crews}, self.map.overlay.crews.tracks.recall
        )

    # What arrives

    @Slot(object)
    def show_picture(self, picture: Picture) -> None:
        """The newest picture to every view."""
        self._picture, self._heard_at = picture, monotonic()
        self.strip.show_picture(picture)
        self._alarm_model.show(picture.alarms, moment(picture.now_us))
        self._log_model.show_now(moment(picture.now_us))
        self._station_model.show_picture(picture)
        self.map.show_picture(picture)
        self.tools.show_picture(picture)
        self.desk.show_picture(picture)
        self.map.set_badges(badges(self._port.city, picture, self._looks.words))
        self._focus.show_picture(picture)
        self.station_cards.show_picture(picture)
        self.questions.show_picture(picture)
        if self._focus.incident is not None:
            self.case.show_case(self._focus.incident, picture)
        self._look_after()

    def _show_case(self) -> None:
        incident = self._focus.incident
        if incident is None:
            self.case.show_nothing(self._looks)
            self.log.show_of("")
            return
        self.case.show_case(incident, self._picture)
        self.log.show_of(incident.incident_id)
        if not self.map.navigation.touched and (framed := (incident.incident_id, incident.plan)) != self._framed:
            self._framed = framed
            self.guide.show_case()

    @Slot()
    def _look_after(self) -> None:
        silent = monotonic() - self._heard_at
        self.messages.keep(lasting_message(self._picture, self._focus.incident, silent, self._looks.words))

    def settle(self, most_s: float = 2.0) -> None:
        """Wait until reads and answers have arrived and every view shows the newest picture (screenshots, tests)."""
        until = monotonic() + most_s
        self.show_picture(self._port.latest())
        while (self._tasks.busy or self._dispatcher.waiting) and monotonic() < until:
            QApplication.processEvents()
        QApplication.processEvents()

    # What is asked

    @Slot(object)
    @Slot(object, str)
    def ask(self, intent: Intent, user: str = "") -> None:
        """Carry out an intent."""
        self._dispatcher.ask(intent, user)

    @Slot(str)
    def _break_pipe(self, pipe_id: str) -> None:
        """The instructor's hand in a drill."""
        if self._drill is None:
            return
        try:
            flow_m3h = self._drill.burst(pipe_id)
        except QuanmaiError as fault:
            self.messages.tell(self._looks.words.fault(fault))
        else:
            self.messages.note(self._looks.words("messages.drill_burst", pipe=pipe_id, flow=f"{flow_m3h:.0f}"))

    def _open_palette(self) -> None:
        palette = Palette(self._looks, self.search, self)
        palette.chosen.connect(self._on_hit)
        palette.move(self.mapToGlobal(QPoint((self.width() - palette.width()) // 2, 60)))
        palette.show()

    def search(self, text: str) -> list[Hit]:
        """What the palette finds for a text."""
        return self._search.find(text, self._picture, self._commands.listed(), self._looks.words)

    def _on_hit(self, hit: Hit) -> None:
        if hit.kind == "command":
            self._commands.run(hit.key)
        else:
            self.guide.go_to(hit, self._picture)

    # Looks

    def set_looks(self, looks: Looks) -> None:
        """Another theme or language, everywhere at once."""
        self._looks = looks
        apply_theme(cast(QApplication, QApplication.instance()), looks.theme)
        for model in (self._alarm_model, self._log_model, self._station_model):
            model.set_looks(looks.theme, looks.words)
        for view in (
            self.strip,
            self.messages,
            self.layers,
            self.case,
            self.alarms,
            self.log,
            self.questions,
            self.guide,
            self.station_cards,
            self.packages,
            self.tools,
            self.desk,
        ):
            view.set_looks(looks)
        self.map.set_looks(looks.theme, looks.words)
        self._commands.set_words(looks.words)
        self.show_picture(self._picture)

    def toggle_language(self) -> None:
        """The other language, from now on."""
        language = "en" if self._looks.words.language == "zh_CN" else "zh_CN"
        self._choose("language", language, Looks(self._looks.theme, Words(language, self._port.city.info.time_zone)))

    def toggle_theme(self) -> None:
        """The other theme, from now on."""
        theme = "light" if self._looks.theme.name == "dark" else "dark"
        self._choose("theme", theme, Looks(Theme.load(theme), self._looks.words))

    def _choose(self, key: str, value: str, looks: Looks) -> None:
        """Only what somebody chose is remembered, and at once: a window that is killed forgets nothing."""
        self.set_looks(looks)
        self._memory.put(key, value)
        self._memory.flush()

    def _deeds(self) -> Mapping[str, Callable[[], object]]:
        case, map_ = self.case, self.map
        return {
            "search": self._open_palette,
            "judge": lambda: case.location.judge(by_key=True),
            "crew": case.response.send_crew,
            "notice": case.notice.next_step,
            "acknowledge": self.alarms.acknowledge,
            "operation": self.questions.operation,
            "package": lambda: self._with_case(self.packages.ask),
            "next_case": lambda: self._focus.next(self._picture),
            "show_case": self.guide.show_case,
            "fit": map_.navigation.fit_all,
            "map": map_.setFocus,
            "case": case.setFocus,
            "alarms": self.alarms.table.setFocus,
            "stations": self.layers.table.setFocus,
            "fullscreen": lambda: self.showNormal() if self.isFullScreen() else self.showFullScreen(),
            "language": self.toggle_language,
            "theme": self.toggle_theme,
            "layout": self._division.reset,
            **self.tools.deeds(case.plan, case.response.undo, self._dismiss),
            **self.desk.deeds(),
        }

    # End

    def _restore(self) -> None:
        geometry = self._memory.get("geometry")
        self.placed = isinstance(geometry, QByteArray) and self.restoreGeometry(geometry)
        """Whether the window stands where it stood last time."""
        self._division.restore(self._memory)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._watch.stop()
        self._memory.put("geometry", self.saveGeometry())
        self._division.save(self._memory)
        self.desk.save()
        self._memory.flush()
        self._bridge.close()
        self.desk.close()
        self.tools.close()
        self.map.shut()
        self._dispatcher.close()
        self._tasks.close()
        self.packages.close()
        super().closeEvent(event)
