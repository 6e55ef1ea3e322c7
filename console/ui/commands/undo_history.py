"""Steps: what was tried one after the other, to go back over and forward again, any number of times."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class UndoHistory(Generic[T]):
    """Values in order with a place among them; a new one drops those that were undone."""

    def __init__(self, first: T) -> None:
        self._values, self._at = [first], 0

    @property
    def current(self) -> T:
        """The value in force."""
        return self._values[self._at]

    def push(self, value: T) -> bool:
        """A new value; False when it is the one in force already."""
        if value == self.current:
            return False
        self._values = [*self._values[: self._at + 1], value]
        self._at += 1
        return True

    @property
    def can_undo(self) -> bool:
        """Whether there is something before."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether something was undone."""
        return self._at + 1 < len(self._values)

    def undo(self) -> bool:
        """One back; False at the first."""
        moved = self.can_undo
        self._at -= moved
        return moved

    def redo(self) -> bool:
        """One forward; False at the last."""
        moved = self.can_redo
        self._at += moved
        return moved
