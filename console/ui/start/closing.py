"""Closing the window with something open: what is open, what becomes of it, and the question."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from console.domain.incidents import Phase
from console.domain.picture import Picture
from console.ui.appearance import Appearance
from console.ui.dialogs.confirm import Confirmation
from console.ui.words import one_line


@dataclass(frozen=True, slots=True)
class Open:
    """What is open when the window is asked to close. ``drafts``: titles of the windows with text that was not submitted."""

    cases: tuple[str, ...]
    waiting: int
    unsent: int
    drafts: tuple[str, ...]
    is_drill: bool = False
    is_watched: bool = False
    """Another seat or an engine goes on with the network."""

    def __bool__(self) -> bool:
        return bool(self.cases or self.waiting or self.unsent or self.drafts)


def running_cases(picture: Picture) -> tuple[str, ...]:
    """Cases that are not closed."""
    return tuple(one.incident_id for one in picture.incidents if one.phase is not Phase.CLOSED)


def what_is_open(found: Open, appearance: Appearance) -> list[tuple[str, str]]:
    """(what, how many and what becomes of it), a line each."""
    words = appearance.words
    text, lines = words.catalogue.text, []
    if found.cases:
        becomes = "drill" if found.is_drill else "watched" if found.is_watched else "alone"
        names = words.listed(one_line(one) for one in found.cases)
        lines.append((text("start.closing.cases"), f"{names}\n{text(f'start.closing.{becomes}')}"))
    if found.waiting:
        lines.append((text("start.closing.waiting"), str(found.waiting)))
    if found.unsent:
        lines.append((text("start.closing.unsent"), text("start.closing.dropped", what=found.unsent)))
    if found.drafts:
        windows = words.listed(one_line(one) for one in found.drafts)
        lines.append((text("start.closing.drafts"), text("start.closing.dropped", what=windows)))
    return lines


def may_close(found: Open, appearance: Appearance, parent: QWidget) -> bool:
    """Whether the window may close: at once when nothing is open, else as the person answers. *Stay* is the default."""
    if not found:
        return True
    text = appearance.words.catalogue.text
    question = Confirmation(
        appearance,
        text("start.closing.title"),
        text("start.closing.text"),
        text("start.closing.do"),
        what_is_open(found, appearance),
        parent=parent,
    )
    question.cancel.setText(text("start.closing.stay"))
    return bool(question.exec())
