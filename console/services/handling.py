"""Handlers: each intent with the function that carries it out, its permission and its undoable changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.intents import Intent
from console.services.state import DeskState
from console.services.tools import Tools


def _never(_intent: Any) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Handler:
    """One entry of a module's ``HANDLERS``.

    ``carry_out(tools, state, intent, actor, now)``: pure, raises Refused and UnknownAsset. ``undoable``: kinds of its changes
    that a user can undo. ``emergency``: whether an intent is an emergency act, which no role of people at work is refused; it is
    recorded with the role. The intent's wording is ``domain.intent.<wording>`` in the catalogue.
    """

    intent: type[Intent]
    carry_out: Callable[[Tools, DeskState, Any, Actor, datetime], ChangeSet]
    permission: Permission
    undoable: tuple[str, ...] = ()
    emergency: Callable[[Any], bool] = _never

    @property
    def wording(self) -> str:
        """The intent's name as a text key: ``MarkValveClosed`` is ``mark_valve_closed``."""
        name = self.intent.__name__
        return "".join(f"_{char.lower()}" if char.isupper() and at else char.lower() for at, char in enumerate(name))


def table(handlers: Iterable[Handler]) -> Mapping[type[Intent], Handler]:
    """Handlers by intent. Raises ValueError when an intent has two."""
    found: dict[type[Intent], Handler] = {}
    for handler in handlers:
        if handler.intent in found:
            raise ValueError(f"{handler.intent.__name__} has two handlers")
        found[handler.intent] = handler
    return found
