"""ImportWindow: files are chosen or dropped, matched, corrected and imported; then what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QProgressBar, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from console.children import CallProcess
from console.services.network.own_data import Imported, Preview, base_lines
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.import_window.matching import MatchingView
from console.ui.import_window.place import PlaceView
from console.ui.import_window.repair_steps import RepairSteps, load_or_tell
from console.ui.import_window.result import ResultView
from console.ui.import_window.saved_profile import choices_of, profile_beside
from console.ui.import_window.target import TargetForm
from console.ui.import_window.work import network_segments, profile_of, read_preview, run_import, taken, write_faults
from console.ui.map.ground.tile_store import MbTiles
from console.ui.widgets import ElidedLabel, button, label, make_primary, row, tip
from console.ui.words import one_line
from maps.errors import InputFault
from maps.importers.readers.profile import read_profile

_STAGES = ((0.8, "score"), (0.7, "write"), (0.1, "build"), (0.0, "guess"))
_NOTHING, _MATCHING, _RESULT = 0, 1, 2


def dropped(mime: QMimeData) -> list[Path]:
    """Local files of a drop."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


class ImportWindow(QWidget):
    """A window of its own. The files are read and imported in a child process; closing the window ends it."""

    opened = Signal(object)
    """Path of the city that is to be opened."""
    _progressed = Signal(float)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._appearance = appearance
        self._tasks, self._calls = BackgroundTasks("import", self), CallProcess()
        self.sources: list[Path] = []
        self._seen: list[Path] = []
        """The files of the preview: one that cannot be read is dropped again."""
        self.preview: Preview | None = None
        self.outcome: Imported | InputFault | None = None
        self.repairs = RepairSteps()
        self._steps_before = self.repairs.state()
        self._busy = self._notice = self._next_line = ""
        self._cancelled = False
        self.setObjectName("window")
        self.setWindowTitle(self._t("title"))
        self.setAcceptDrops(True)
        self.resize(1240, 720)
        self.files = ElidedLabel("", "strong")
        self.choose, self.clear = button(self._t("choose")), button(self._t("clear"))
        self.matching, self.form, self.result = MatchingView(appearance), TargetForm(appearance), ResultView(appearance)
        self.place, self.tabs = PlaceView(appearance), QTabWidget()
        self.pages = QStackedWidget()
        self.told, self.bar = ElidedLabel("", "warning"), QProgressBar()
        self.back, self.stop, self.leave = button(self._t("back")), button(self._t("cancel")), button(self._t("close"))
        self.mend, self.unmend = button(""), button(self._t("undo_repairs"))
        self.profile = button("")
        self._kept: Path | None = None
        """A saved column profile that fits these files."""
        self.save, self.start, self.open = button(self._t("save_list")), button(self._t("import")), button(self._t("open"))
        self._build()
        self._connect()
        self._show_state()

    # Files

    def add_files(self, paths: Sequence[Path]) -> None:
        """Take files in addition to those there are; others than those that can be read are refused in one line."""
        read, others = taken(paths)
        new = [path for path in dict.fromkeys(read) if path not in self.sources]
        self._say(self._t("not_read", name=one_line(others[0].name)) if others else "")
        if not new or self._busy == "import":
            return
        self.sources += new
        self._look()

    def forget_files(self) -> None:
        """Start anew."""
        if self._busy == "import":
            return
        self.sources, self._seen, self.preview, self.outcome = [], [], None, None
        self.matching.forget()
        self._kept = None
        if self.form.path.exists():  # the city just written stays: the next one goes beside it
            self.form.propose_anew()
        self.repairs.clear()
        self.result.forget()
        self._say("")
        self._show_state()

    @Slot()
    def _look(self) -> None:
        """Read and guess in the background; what was corrected stays."""
        self.outcome = None
        self._busy = "look"
        choices, sources = self.matching.choices(), list(self.sources)
        self._tasks.request("preview", lambda: read_preview(self._calls, sources, choices), self._show_preview)
        self._show_state()

    def _show_preview(self, found: Preview) -> None:
        if self._seen != self.sources:
            self._kept = profile_beside(self.sources, found)
        self._busy, self.preview, self._seen = "", found, list(self.sources)
        self.matching.show_preview(found)
        self.place.show_preview(found)
        self.form.show_sources(self.sources, found.guess.crs)
        self._say(self._t("only_model") if not found.layers else self._next_line)
        self._next_line = ""
        if self.sources and not self.repairs.steps:
            count, why = load_or_tell(self.repairs, self.sources[0], self.form.name.text().strip())
            if count or why:
                self._say(one_line(why) or self._t("repairs_kept", n=count))
        self._show_state()

    # Import

    @Slot()
    def run(self) -> None:
        """Import as shown, unless something is wrong with a field."""
        if not self._busy and not self._faults():
            self._steps_before = self.repairs.state()
            self._run()

    @Slot()
    def repair(self) -> None:
        """Import anew with the repairs that are ticked."""
        if not self._busy and (chosen := self.result.list.chosen()):
            self._steps_before = self.repairs.state()
            self.repairs.add(chosen)
            self._run()

    @Slot()
    def undo_repairs(self) -> None:
        """Import anew without the last repairs."""
        if not self._busy and self.repairs.steps:
            self._steps_before = self.repairs.state()
            self.repairs.undo()
            self._run()

    def _run(self) -> None:
        self._busy, self._cancelled = "import", False
        options: dict[str, object] = {
            "crs": self.form.chosen_crs(),
            "name": self.form.name.text().strip(),
            "snap_m": self.form.tolerance.value(),
            "repairs": self.repairs.repairs,
        }
        sources, choices, to = list(self.sources), self.matching.choices(), self.form.path
        self._say("")
        self._show_progress(0.0)
        self._tasks.request(
            "import",
            lambda: run_import(self._calls, sources, options, choices, to, self._progressed.emit, lambda: self._cancelled),
            self._show_outcome,
        )
        self._show_state()

    @Slot()
    def cancel(self) -> None:
        """End the child process; nothing is written."""
        if self._busy:
            self._cancelled = True
            self._calls.interrupt()

    def _show_outcome(self, outcome: Imported | InputFault) -> None:
        self._busy, self.outcome = "", outcome
        self._say("")
        if isinstance(outcome, InputFault):
            self.result.show_refused(outcome)
        else:
            to = self.form.path
            self.result.show_imported(outcome, to, profile_of(to), len(self.repairs.repairs))
            try:
                self.repairs.save(to)
            except InputFault as fault:
                self._say(one_line(str(fault)))
            self._tasks.request("map", lambda: network_segments(to), lambda found: self.result.show_network(*found))
        self._show_state()

    @Slot(str)
    def _on_failed(self, line: str) -> None:
        was, self._busy = self._busy, ""
        self._say(self._t("cancelled") if self._cancelled else one_line(line))
        self._cancelled = False
        if was == "import":
            self.repairs.restore(self._steps_before)
        if was == "look":
            self.sources = list(self._seen)
        self._show_state()

    @Slot()
    def _open(self) -> None:
        if isinstance(self.outcome, Imported):
            self.opened.emit(self.form.path)

    @Slot()
    def _save_list(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self._t("save_list"), "", "CSV (*.csv)")
        if name:
            self.write_list(Path(name))

    def write_list(self, path: Path) -> None:
        """Write the faults as CSV; a file that cannot be written is told in one line."""
        try:
            write_faults(path, self.result.faults)
        except InputFault as fault:
            self._say(one_line(str(fault)))

    # Qt

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped."""
        if dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Files dropped here are added."""
        self.add_files(dropped(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the child process and its thread."""
        self._cancelled = True
        self._calls.interrupt()
        self._tasks.close()
        self._calls.close()
        super().closeEvent(event)

    # Parts

    def _build(self) -> None:
        empty = QWidget()
        middle = QVBoxLayout(empty)
        middle.addStretch(1)
        for text, name in ((self._t("drop"), "big"), (self._t("kinds"), "muted")):
            line = label(text, name)
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            middle.addWidget(line)
        middle.addStretch(1)
        matching = QWidget()
        box = QVBoxLayout(matching)
        box.setContentsMargins(0, 0, 0, 0)
        self.tabs.addTab(self.matching, self._t("tab_columns"))
        self.tabs.addTab(self.place, self._t("tab_place"))
        box.addWidget(self.tabs, 1)
        box.addStretch(0)  # above the form where an EPANET model leaves nothing to match
        box.addWidget(self.form)
        for page in (empty, matching, self.result):
            self.pages.addWidget(page)
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(140)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 14)
        whole.setSpacing(10)
        top = row(self.choose, self.clear)
        top.insertWidget(0, self.files, 1)
        whole.addLayout(top)
        whole.addWidget(self.pages, 1)
        below = row(
            self.bar, self.profile, self.back, self.save, self.unmend, self.mend, self.stop, self.leave, self.start, self.open
        )
        below.insertWidget(0, self.told, 1)
        whole.addLayout(below)

    def _connect(self) -> None:
        self.choose.clicked.connect(self._on_choose)
        self.clear.clicked.connect(self.forget_files)
        self.profile.clicked.connect(self._on_profile)
        self.matching.kind_changed.connect(self._look)
        self.matching.changed.connect(self._show_state)
        self.form.changed.connect(self._show_state)
        self.place.chosen.connect(self.form.crs.setEditText)
        self.place.base_asked.connect(self._on_base)
        self.form.crs.editTextChanged.connect(self.place.select)
        self.start.clicked.connect(self.run)
        self.stop.clicked.connect(self.cancel)
        self.leave.clicked.connect(self.close)
        self.back.clicked.connect(self._on_back)
        self.mend.clicked.connect(self.repair)
        self.unmend.clicked.connect(self.undo_repairs)
        self.result.list.ticked.connect(self._show_state)
        self.save.clicked.connect(self._save_list)
        self.open.clicked.connect(self._open)
        self._tasks.failed.connect(self._on_failed)
        self._progressed.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)

    def _t(self, key: str, **params: object) -> str:
        return self._appearance.words.catalogue.text(f"import.window.{key}", **params)

    def _say(self, line: str) -> None:
        """Tell something until the next step; a fault of the matching is told in its place as long as it is there."""
        self._notice = line
        self._tell(line)

    def _tell(self, line: str) -> None:
        self.told.setText(line)
        self.told.setToolTip(tip(line))

    def _faults(self) -> list[str]:
        """What keeps this from being imported; shown beside the fields, those of layers below."""
        if self.preview is None:
            return []
        has_model = any(path.suffix.lower() == ".inp" for path in self.sources)
        matching = [] if has_model else self.matching.faults()
        return [*matching, *self.form.look(needs_crs=not has_model)]

    @Slot(float)
    def _show_progress(self, share: float) -> None:
        if self._busy == "import":
            stage = next(key for least, key in _STAGES if share >= least)
            self._say(self._t(f"stage_{stage}"))

    @Slot()
    def _show_state(self) -> None:
        """Which page and buttons are seen; one primary button at a time."""
        is_done = self.outcome is not None
        is_ready = self.preview is not None and bool(self.sources)
        self.pages.setCurrentIndex(_RESULT if is_done else _MATCHING if is_ready else _NOTHING)
        self.files.setText(self._appearance.words.listed(one_line(path.name) for path in self.sources))
        faults = self._faults() if is_ready and not is_done else []
        beside = set(self.form.lines)
        if self._busy == "look":
            self._tell(self._t("looking"))
        else:
            self._tell(next((line for line in faults if line not in beside), self._notice))
        self.bar.setVisible(bool(self._busy))
        self.stop.setVisible(self._busy == "import")
        self.leave.setVisible(self._busy != "import")
        self.back.setVisible(is_done)
        self.back.setEnabled(not self._busy)
        self.open.setEnabled(not self._busy)
        self.save.setVisible(is_done and bool(self.result.faults))
        ticked = len(self.result.list.chosen()) if is_done else 0
        self.mend.setText(self._t("repair", n=ticked))
        self.mend.setVisible(is_done)
        self.mend.setEnabled(bool(ticked) and not self._busy)
        self.unmend.setVisible(is_done and bool(self.repairs.steps))
        self.unmend.setEnabled(not self._busy)
        self.profile.setVisible(is_ready and not is_done and self.preview is not None and bool(self.preview.layers))
        self.profile.setEnabled(not self._busy)
        self.profile.setText(self._t("kept_profile", name=one_line(self._kept.name)) if self._kept else self._t("read_profile"))
        self.start.setVisible(is_ready and not is_done)
        self.start.setEnabled(not self._busy and not faults)
        self.open.setVisible(isinstance(self.outcome, Imported))
        self.tabs.setVisible(self.preview is None or bool(self.preview.layers))
        for page in (self.tabs, self.form, self.result.list):
            page.setEnabled(not self._busy)
        self.choose.setVisible(not is_done)
        self.clear.setVisible(not is_done and bool(self.sources))
        self.choose.setEnabled(self._busy != "import")
        self.clear.setEnabled(self._busy != "import")
        make_primary(self.choose, not is_ready)
        make_primary(self.start, is_ready)
        make_primary(self.mend, bool(ticked))
        make_primary(self.open, not ticked)

    @Slot()
    def _on_choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self._t("title"), "", self._t("filter"))
        self.add_files([Path(name) for name in names])

    @Slot()
    def _on_profile(self) -> None:
        """The profile that fits; where none does, one that a person chooses."""
        path = self._kept
        if path is None:
            name, _ = QFileDialog.getOpenFileName(self, self._t("read_profile"), "", self._t("profile_filter"))
            path = Path(name) if name else None
        if path is not None:
            self.use_profile(path)

    def use_profile(self, path: Path) -> None:
        """Match the columns as a saved profile says; one that fits no layer is told in one line."""
        try:
            decided = choices_of(read_profile(path), self.preview) if self.preview is not None else None
        except InputFault as fault:
            self._say(one_line(str(fault)))
            return
        self._kept = None
        if decided is None:
            self._say(self._t("profile_of_others", name=one_line(path.name)))
            return
        self._next_line = self._t("profile_taken", name=one_line(path.name))
        self.matching.take(decided)

    @Slot()
    def _on_base(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self._t("base_file"), "", self._t("base_filter"))
        if name:
            self.show_base(Path(name))

    def show_base(self, path: Path) -> None:
        """A base map for the place of the data: own tiles (.mbtiles), streets, or the roads of another city."""
        if path.suffix.lower() != ".mbtiles":
            self._tasks.request(
                "base",
                lambda: self._calls.call(base_lines, path, reads=path.name),
                lambda found: self.place.show_base(found, path.name),
            )
            return
        try:
            self.place.show_tiles(MbTiles(path), path.name)
        except InputFault as fault:
            self._say(one_line(str(fault)))

    @Slot()
    def _on_back(self) -> None:
        self.outcome = None
        self._say("")
        if self.form.path.exists():
            self.form.propose_anew()
        self._show_state()
