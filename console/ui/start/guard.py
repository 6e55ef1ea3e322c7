"""Guards of a session: the question before closing, the kept drafts, and crash reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject

from console.domain.intents import Intent
from console.ui.bridge import CrossThreadCall
from console.ui.start.closing import Open, may_close, running_cases
from console.ui.start.drafts import Draft, DraftKeeper, LeftOver, drop_left_over, open_drafts, take_left_over
from console.ui.start.recovered import RecoveredDialog
from console.ui.window import MainWindow


class Reports(Protocol):
    """Crash reports, as ``console.crash_report`` writes them."""

    told: Callable[[tuple[str, Path]], None]
    """Called with the exception's type and the report, from any thread."""

    def note(self, kind: str) -> None:
        """A command of this kind was given."""
        ...

    def newest_before(self) -> Path | None:
        """The newest report that an earlier run left."""
        ...


class SessionGuards:
    """The guard of the present window of a seat, one after the other; a window's drafts of the last session are offered once."""

    def __init__(self, reports: Reports | None, kept: Path | None, *, is_drill: bool = False) -> None:
        self._reports, self._kept, self._is_drill = reports, kept, is_drill
        self._left = take_left_over(kept) if kept is not None else None
        self._guard: SessionGuard | None = None

    def watch(self, window: MainWindow) -> None:
        """Guard a new window, before it is shown."""
        self._guard = SessionGuard(window, self._reports, self._kept, is_drill=self._is_drill)

    def offer_left_over(self) -> None:
        """Show what the last session left, if it did not end properly."""
        if self._left is not None and self._guard is not None:
            self._guard.offer(self._left, self._reports.newest_before() if self._reports is not None else None)

    def end(self) -> None:
        """The windows are gone."""
        if self._reports is not None:
            self._reports.told = lambda _: None


class SessionGuard(QObject):
    """``kept``: the file of the seat's drafts; None keeps none (a drill's session leaves nothing)."""

    def __init__(self, window: MainWindow, reports: Reports | None, kept: Path | None, *, is_drill: bool = False) -> None:
        super().__init__(window)
        self._window, self._kept, self._is_drill = window, kept, is_drill
        self._keeper = DraftKeeper(window, kept, self._unsent) if kept is not None else None
        window.may_close = self.may_close
        if reports is not None:
            reports.told = CrossThreadCall(self._tell, self).push
            window.commands.noted = reports.note
            window.dispatcher.done.connect(lambda intent: reports.note(type(intent).__name__))
            window.dispatcher.refused.connect(lambda fault: reports.note(f"refused: {type(fault).__name__}"))

    def may_close(self) -> bool:
        """Ask if something is open. A window that is hidden already closes for another person, whom the session has asked."""
        window = self._window
        if window.isVisible() and not may_close(self._open(), window.appearance, window):
            return False
        if self._keeper is not None:
            self._keeper.end()
        return True

    def offer(self, left: LeftOver, report: Path | None) -> RecoveredDialog:
        """Show what the last session left; the dialog does not hold the window up."""
        dialog = RecoveredDialog(left, report, self._window.appearance, self._window)
        if self._kept is not None:
            kept = self._kept
            dialog.dropped.connect(lambda: drop_left_over(kept))
            if not left.drafts:
                drop_left_over(kept)
        dialog.open()
        return dialog

    def _open(self) -> Open:
        window, picture = self._window, self._window.picture
        lease = picture.lease
        return Open(
            running_cases(picture),
            window.dispatcher.waiting,
            len(window.unsent.held),
            tuple(dict.fromkeys(one.window for one in open_drafts())),
            self._is_drill,
            is_watched=lease is not None and bool(lease.holder) and not lease.is_ours,
        )

    def _unsent(self) -> Iterable[Draft]:
        title = self._window.appearance.words.catalogue.text("start.recovered.unsent")
        return [Draft(title, _kind(row.intent), text) for row, text in self._window.unsent.described()]

    def _tell(self, told: tuple[str, Path]) -> None:
        if self._keeper is not None:
            self._keeper.keep()
        kind, path = told
        text = self._window.appearance.words.catalogue.text("start.defect.noted", kind=kind, path=str(path))
        self._window.messages.show_message(text)


def _kind(intent: Intent) -> str:
    return type(intent).__name__
