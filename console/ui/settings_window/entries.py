"""Settings of the installation as the window shows them: by subject, with where each value comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Source(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    """It goes before the file: a value written there would change nothing."""


@dataclass(frozen=True, slots=True)
class FileSetting:
    """One setting. ``value`` and ``usual`` as texts; of a secret only whether it is set (``is_secret``).

    ``is_installation``: an administrator's, not changed here. Texts: ``settings.of.<name>`` and, where more has to be said,
    ``settings.more.<name>``; ``settings.group.<group>``.
    """

    name: str
    group: str
    value: str
    usual: str
    source: Source
    is_installation: bool = False
    is_secret: bool = False


class SettingsFile(Protocol):
    """The settings file of this machine's user."""

    @property
    def path(self) -> Path:
        """Where it is, or would be."""
        ...

    def read(self) -> tuple[FileSetting, ...]:
        """All settings by subject, as they are on disk now. Raises InputFault where the file does not fit."""
        ...

    def write(self, name: str, text: str | None) -> None:
        """Store a value, None for the default. Raises InputFault with what is wrong with it; the file stays then."""
        ...


@dataclass(frozen=True, eq=False)
class SettingParts:
    """What the window changes. ``file``: None where the program was started without one (a test, a replay).

    ``refusal``: why the person at the seat may not change the file, "" when it may.
    """

    file: SettingsFile | None
    refusal: Callable[[], str]
