"""The window's search: the palette over it, what is done with a hit, and what was chosen before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint

from console.ui.background_tasks import BackgroundTasks
from console.ui.dialogs.palette import Palette
from console.ui.models.tickets import Shown
from console.ui.search import Found, Hit, Search
from console.ui.search.asking import SearchAsking
from console.ui.search.recent import RecentHits
from console.ui.search.records import PART

if TYPE_CHECKING:
    from console.ui.settings import StoredSettings
    from console.ui.window import MainWindow
    from maps.city import City

_TOP_PX = 60


class Finder(QObject):
    """Search of one window, answered on threads of its own."""

    def __init__(self, city: City, stored: StoredSettings, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.search = Search(city)
        self.recent = RecentHits(stored, f"search/recent/{city.info.site or 'city'}")
        self._asking = SearchAsking(self._find, self)
        # Not with the window's other reads: they would wait for half a minute where a city has a million assets.
        self._indexing = BackgroundTasks("search-index", self)
        self._indexing.request("index", self.search.prepare, lambda _: None)

    def open(self) -> Palette:
        """Open the palette over the window."""
        window = self._window
        palette = Palette(window.appearance, self._asking.ask, window)
        palette.chosen.connect(self.take)
        palette.move(window.mapToGlobal(QPoint((window.width() - palette.width()) // 2, _TOP_PX)))
        palette.show()
        self._asking.prepare(self.search.load_systems)
        return palette

    def now(self, text: str) -> Found:
        """What a text finds, with everything indexed first (tests, scripts)."""
        window, commands = self._window, self._window.commands.listed()
        return self.search.find(text, window.picture, commands, window.words, self.recent.hits(commands))

    def take(self, hit: Hit) -> None:
        """Remember a hit and open it."""
        self.recent.remember(hit)
        self.open_hit(hit)

    def open_hit(self, hit: Hit) -> None:
        """Run the command that was found, or show the thing where it is kept and on the map."""
        window = self._window
        match hit.kind:
            case "command":
                window.run_command(hit.key)
                return
            case "ticket":
                window.show_tickets(Shown.ALL, hit.key)
            case "contact":
                window.subjects.shift.show_contact(hit.key)
            case "outage":
                window.subjects.outages.open(hit.key)
            case "notice":
                self._open_notice(*hit.key.split(PART))
            case "order":
                window.subjects.public.show("orders")
            case "pipes":
                window.map_commands.select_pipes(self.search.pipe_rows(hit.key), fit=True)
                return
        window.locator.go_to(hit)

    @property
    def busy(self) -> bool:
        """Whether an answer has not arrived yet, or names are not indexed yet."""
        return self._asking.busy or self._indexing.busy

    def close(self) -> None:
        """End the threads."""
        self._asking.close()
        self.search.end()
        self._indexing.close()

    def _find(self, text: str) -> Callable[[], Found]:
        """The search with everything that it reads taken now: frozen pictures, words and commands of this moment."""
        window, commands = self._window, self._window.commands.listed()
        picture, words, recent = window.picture, window.words, self.recent.hits(commands)
        return lambda: self.search.find(text, picture, commands, words, recent, wait=False)

    def _open_notice(self, holder: str, notice_id: str) -> None:
        window = self._window
        incident = next((one for one in window.picture.incidents if one.incident_id == holder), None)
        if incident is None:
            window.subjects.outages.open(holder)
        else:
            window.locator.choose_case(holder)
            window.questions.notice(incident, notice_id)
