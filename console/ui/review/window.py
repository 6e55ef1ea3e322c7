"""ReviewWindow: the console's own window over a recording, with a time bar below and the review beside."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDockWidget, QFileDialog, QScrollArea, QTabWidget, QToolBar, QWidget

from console.domain.clock import micros
from console.domain.incidents import Incident
from console.domain.picture import Picture
from console.package import with_notes
from console.services.review.notes import ReviewNotes
from console.services.review.questions import answers_to
from console.services.review.record import CaseRecord
from console.ui.appearance import Appearance
from console.ui.commands.key_bindings import LIVE_ONLY
from console.ui.help.key_sheet import REPLAY_KEYS
from console.ui.map.live.decorations import Badge
from console.ui.review.answers import AnswersPanel
from console.ui.review.notes import NotesPanel
from console.ui.review.port import ReplayPort
from console.ui.review.rerun import RerunPanel
from console.ui.review.then_now import ThenNow
from console.ui.review.time_bar import TimeBar
from console.ui.settings import WindowSettings
from console.ui.status_banners import badges, lasting_message
from console.ui.window import MainWindow
from maps.errors import QuanmaiError

_LIST_MS, _CHART_MS = 500, 1000
_LAYERS_PX = 326
_TABS = ("then_now", "questions", "what_if", "notes")


class ReviewWindow(MainWindow):
    """``path``: the package the record came from; notes are saved into a copy of it."""

    moved = Signal(object)
    """µs UTC that is shown now."""

    def __init__(
        self, record: CaseRecord, path: Path | None = None, settings: WindowSettings | None = None, parent: QWidget | None = None
    ) -> None:
        self.record, self.path = record, path
        self.replaying = ReplayPort(record)
        self._series_of: Incident | None = None
        self._beside: tuple[TimeBar | ThenNow | AnswersPanel | RerunPanel | NotesPanel, ...] = ()
        super().__init__(self.replaying, settings, parent=parent)
        appearance, zone = self._appearance, record.city.info.time_zone
        self.bar = TimeBar(self.replaying.replay, appearance, self._title_at)
        self.then_now = ThenNow(record, appearance)
        self.answers = AnswersPanel(answers_to(record, replay=self.replaying.replay), zone, appearance)
        self.rerun = RerunPanel(record, self.tasks, appearance)
        self.notes = NotesPanel(record.notes, self.replaying.now, appearance)
        self._beside = (self.bar, self.then_now, self.answers, self.rerun, self.notes)
        self._build_review()
        self.set_appearance(appearance)
        self._permitted.withhold()
        self.commands.withhold(LIVE_ONLY, REPLAY_KEYS)
        events = self.replaying.replay.events_us
        self.go(events[0] if events else micros(record.incident.opened_at))

    # Time

    @Slot(object)
    def go(self, at_us: int) -> None:
        """Show another moment."""
        picture = self.replaying.go(at_us)
        self.show_picture(picture)
        self.bar.show_at(self.replaying.at_us)
        self.then_now.show_then(self.replaying.replay.incident(self.replaying.at_us))
        self.moved.emit(self.replaying.at_us)

    def show_picture(self, picture: Picture) -> None:
        """As the console; the map says that this is a recording."""
        super().show_picture(picture)
        words = self._appearance.words
        mark = Badge(words.catalogue.text("review.replay.recording"), "state.high")
        self.map.set_badges((mark, *badges(self._port.city, picture, words)))

    def _refresh_lasting_message(self) -> None:
        """The lasting message, without the check for a silent engine."""
        self.messages.show_lasting(lasting_message(self._picture, self.focus.incident, 0.0, self._appearance.words))

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language, everywhere at once."""
        super().set_appearance(appearance)
        text = appearance.words.catalogue.text
        self.replaying.refusal = text("review.replay.refused")
        self.setWindowTitle(text("review.replay.title", incident=self.record.incident.incident_id))
        for view in self._beside:
            view.set_appearance(appearance)
        if self._beside:
            for number, tab in enumerate(_TABS):
                self.tabs.setTabText(number, text(f"review.replay.{tab}"))
            self.tabs.setTabText(len(_TABS), appearance.words("panels.layers"))

    @Slot(object)
    def _on_series_wanted(self, incident: Incident) -> None:
        """Charts follow once a second, the list of stations twice: at ×600 they would else be drawn anew with every frame."""
        self._series_of = incident
        if not self._series_timer.isActive():
            self._read_series()

    @Slot()
    def _read_series(self) -> None:
        incident, self._series_of = self._series_of, None
        if incident is not None:
            self.focus.read_series(incident)
            self._series_timer.start()

    # Notes

    def save_copy(self, to: Path) -> bool:
        """Write the notes into a copy of the package; False (with a message) when that failed."""
        if self.path is None:
            return False
        try:
            if to.exists() and to.samefile(self.path):
                raise QuanmaiError(f"{to}: the package itself stays as it is; choose another name for the copy")
            with_notes(self.path, self.notes.notes, to)
        except QuanmaiError as fault:
            self.messages.show_message(str(fault))
            return False
        self.messages.show_message(self._appearance.words.catalogue.text("review.replay.saved", path=to))
        return True

    @Slot()
    def _ask_copy(self) -> None:
        if self.path is None:
            return
        proposed = self.path.with_name(f"{self.path.stem}-review.incident")
        name, _ = QFileDialog.getSaveFileName(self, "", str(proposed), "*.incident")
        if name:
            self.save_copy(Path(name))

    @Slot(object)
    def _on_notes(self, notes: ReviewNotes) -> None:
        if notes != self.record.notes:
            self.record = replace(self.record, notes=notes)
            self.then_now.show_record(self.record)
            self.answers.show_answers(answers_to(self.record, replay=self.replaying.replay), self._appearance)
        self.bar.axis.marks_us = tuple(micros(remark.at) for remark in notes.remarks)
        self.bar.axis.update()

    # Building

    def compact(self) -> None:
        """Map, case, lists and time only: half a screen is enough."""
        for part in (self.strip, self.layers, self._dock):
            part.hide()

    def _build_review(self) -> None:
        self.strip.leave_out_live()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for panel in (self.then_now, self.answers, self.rerun, self.notes):
            self.tabs.addTab(_scrolling(panel) if panel in (self.then_now, self.notes) else panel, "")
        dock = self._dock = QDockWidget()
        dock.setObjectName("review")
        dock.setTitleBarWidget(QWidget())
        dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        dock.setWidget(self.tabs)
        dock.setMinimumWidth(250)
        # In the layers' place, and the layers among its tabs: the map is as large as it is live.
        self.tabs.addTab(self.layers, "")
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        self.resizeDocks([dock], [_LAYERS_PX], Qt.Orientation.Horizontal)
        below = QToolBar()
        below.setObjectName("time")
        below.setMovable(False)
        below.addWidget(self.bar)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, below)
        self._layout.spare_px = below.sizeHint().height()
        self.layers.stations.slow_down(_LIST_MS)
        self._series_timer = QTimer(self)
        self._series_timer.setSingleShot(True)
        self._series_timer.setInterval(_CHART_MS)
        self._series_timer.timeout.connect(self._read_series)
        self.case.evidence.history_wanted.disconnect(self.focus.read_series)
        self.case.evidence.history_wanted.connect(self._on_series_wanted)
        self.bar.wanted.connect(self.go)
        self.notes.wanted.connect(self.go)
        self.notes.changed.connect(self._on_notes)
        self.notes.save_asked.connect(self._ask_copy)
        self._on_notes(self.record.notes)
        self.log.table.activated.connect(lambda index: self._jump(index.row()))
        self.log.table.clicked.connect(lambda index: self._jump(index.row()))
        for keys, action in (
            ("Ctrl+Space", self.bar.toggle),
            ("Ctrl+Right", self.bar.next),
            ("Ctrl+Left", self.bar.previous),
            ("Ctrl+B", self.notes.bookmark),
            ("Ctrl+S", self._ask_copy),
            ("Ctrl+D", lambda: self._dock.setVisible(self._dock.isHidden())),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(action)

    def _jump(self, row: int) -> None:
        """To the moment of a line of the log."""
        change = self.log.model.item(row)
        if change is not None:
            with QSignalBlocker(self.log.table):
                self.go(micros(change.at))

    def _title_at(self, at_us: int) -> str:
        """What happened at an event: the notes of its changes, or the bookmark's text."""
        words = self._appearance.words
        titles = [remark.text or "★" for remark in self.notes.notes.remarks if micros(remark.at) == at_us]
        changes = self.record.changes
        last = bisect_right([micros(change.at) for change in changes], at_us)
        titles += [words.note(change.note) for change in changes[max(last - 6, 0) : last] if micros(change.at) == at_us]
        text = "\n".join(f"{title[:120]}" for title in titles)
        return f"{words.time(self.replaying.now())}\n{text}".replace("<", "‹") if text else ""

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop the replay, then close."""
        self.bar.pause()
        self._series_timer.stop()
        super().closeEvent(event)


def _scrolling(panel: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setObjectName("panel")
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(panel)
    return area
