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


def closing_text(found: Open, appearance: Appearance) -> str:
    """What is open and what becomes of it, a line each."""
    words = appearance.words
    text, lines = words.catalogue.text, []
    if found.cases:
        lines.append(text("start.closing.cases", cases=words.listed(one_line(one) for one in found.cases)))
        kind = "drill" if found.is_drill else "cases_text" if found.is_watched else "cases_alone"
        lines.append(text(f"start.closing.{kind}"))
    if found.waiting:
        lines.append(text("start.closing.waiting", n=found.waiting))
    if found.unsent:
        lines.append(text("start.closing.unsent", n=found.unsent))
    if found.drafts:
        lines.append(text("start.closing.drafts", windows=words.listed(one_line(one) for one in found.drafts)))
    return "\n".join(lines)


def may_close(found: Open, appearance: Appearance, parent: QWidget) -> bool:
    """Whether the window may close: at once when nothing is open, else as the person answers. *Stay* is the default."""
    if not found:
        return True
    text = appearance.words.catalogue.text
    question = Confirmation(
        appearance, text("start.closing.title"), closing_text(found, appearance), text("start.closing.do"), parent=parent
    )
    question.cancel.setText(text("start.closing.stay"))
    return bool(question.exec())
