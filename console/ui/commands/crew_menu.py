"""The menu of crews that can be sent to a case."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QMenu, QWidget

from console.services.crews.choices import CrewChoice, Standing
from console.ui.widgets import menu_over
from console.ui.words import Words


def crew_menu(window: QWidget, choices: Sequence[CrewChoice], words: Words, send: Callable[[str], None]) -> QMenu:
    """``send`` gets the id of the crew that is chosen; one that has the order already cannot be."""
    menu = menu_over(window)
    for one in choices:
        action = menu.addAction(choice_words(one, words))
        action.setEnabled(one.standing is not Standing.ORDERED)
        action.setData(one.crew.crew_id)
    menu.triggered.connect(lambda action: send(str(action.data())))
    return menu


def choice_words(one: CrewChoice, words: Words) -> str:
    """A crew, how long it needs, and what speaks for or against it."""
    when = words("crew.there", time=words.minutes(one.minutes)) if one.minutes is not None else words("crew.no_place")
    why = words(f"crew_standing.{one.standing.value}", case=one.incident_id, kind=words.of("crew_kind", one.crew.kind.value))
    if one.standing is Standing.SILENT:
        known = one.silent_minutes is not None
        why += " · " + (
            words("crew.heard", time=words.age((one.silent_minutes or 0) * 60)) if known else words("crew.never_heard")
        )
    return f"{one.crew.name or one.crew.crew_id} · {when} · {why}"
