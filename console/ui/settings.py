"""Settings of a window: those it is started with, and those it stores in a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QSettings

from console.domain.actors import Actor, Proof
from console.services.access.sign_in import Authenticator, SeatAccess
from console.services.areas.sight import AreaSight
from console.services.tickets.answers import NEWS_MINUTES
from console.ui.appearance import Appearance
from console.ui.session import AreasOf
from console.ui.settings_window.entries import SettingsFile
from console.ui.theme import FONT_PX, Letters, Theme, usual_px
from console.ui.theme import NAMES as THEMES
from console.ui.wall.text_size import WallSettings
from console.ui.words import Words
from resources.texts import LANGUAGES


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """``folder``: where ``window.ini`` lies, None to remember nothing.

    ``language``, ``theme``: given for this start, they win over what is remembered; "" for none. ``usual_language``,
    ``usual_theme``: where nothing is remembered.
    """

    user: str = "dispatcher"
    folder: Path | None = None
    language: str = ""
    theme: str = ""
    usual_language: str = "zh_CN"
    usual_theme: str = "dark"
    area: AreaSight | None = None
    """The areas whose terminal this window is; None for the centre."""
    areas_of: AreasOf | None = None
    """Areas that a window at this seat shows an actor; None: the actor's own."""
    wall: WallSettings = field(default_factory=WallSettings)
    """Who reads the wall view, and from where."""
    tiles: Path | None = None
    """Folder where tiles from a network are kept, None for the program's own cache."""
    actor: Actor | None = None
    """Who is at the seat, None for somebody known as ``user`` only."""
    access: SeatAccess | None = None
    """Of a store whose people sign in; None at a single seat."""
    approvers: Authenticator | None = None
    """At a single seat: checks the password of a second person who approves a notice there."""
    drill_approver: tuple[str, str] | None = None
    """Name and password of the approver in a drill, shown where they are asked for."""
    news_minutes: float = NEWS_MINUTES
    """Callers are promised news of a running case so often; 0: no time is read out."""
    file: SettingsFile | None = None
    """The user's settings file, changed in the settings window; None: there is none to change."""
    has_sound: bool = False
    """Whether alarms sound here; a program started for people turns it on."""
    lock_minutes: float = 0.0
    """Without a key or the mouse for so long the seat is locked; 0: never."""

    @property
    def person(self) -> Actor:
        """Who is at the seat at first."""
        return self.actor or Actor.named(self.user, proof=Proof.ACCOUNT)


class StoredSettings:
    """Settings stored between sessions; without a folder nothing is stored."""

    def __init__(self, folder: Path | None) -> None:
        self._store = None if folder is None else QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)

    def get(self, key: str, default: object = None) -> object:
        """A remembered value."""
        return default if self._store is None else self._store.value(key, default)

    def choice(self, key: str, of: tuple[str, ...], default: str) -> str:
        """A remembered choice; the default where there is none or it is none of ``of`` (another version's)."""
        value = self.get(key)
        return value if isinstance(value, str) and value in of else default

    def put(self, key: str, value: object) -> None:
        """Remember a value."""
        if self._store is not None:
            self._store.setValue(key, value)

    def flush(self) -> None:
        """To disk; a disk that refuses costs only the layout."""
        if self._store is not None:
            self._store.sync()


def first_letters(stored: StoredSettings, screen_height: int) -> Letters:
    """Size of letters and density at the start: as remembered, else as the screen needs."""
    known = tuple(str(px) for px in FONT_PX)
    px = int(stored.choice("font_px", known, str(usual_px(screen_height))))
    return Letters(px, stored.choice("density", ("usual", "compact"), "usual") == "compact")


def first_appearance(given: WindowSettings, stored: StoredSettings, time_zone: str) -> Appearance:
    """Language and theme at the start: as given, else as remembered, else the usual ones."""
    language = given.language or stored.choice("language", LANGUAGES, given.usual_language)
    theme = given.theme or stored.choice("theme", THEMES, given.usual_theme)
    return Appearance(Theme.load(theme), Words(language, time_zone))
