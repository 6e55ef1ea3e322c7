"""UndoHistory: values in order, with undo and redo."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class UndoHistory(Generic[T]):
    """Values in order with a current one; a new value drops those that were undone."""

    def __init__(self, first: T) -> None:
        self._values, self._at = [first], 0

    @property
    def current(self) -> T:
        """The current value."""
        return self._values[self._at]

    def push(self, value: T) -> bool:
        """Add a value and make it current; False when it equals the current one."""
        if value == self.current:
            return False
        self._values = [*self._values[: self._at + 1], value]
        self._at += 1
        return True

    @property
    def can_undo(self) -> bool:
        """Whether ``undo`` has an effect."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether ``redo`` has an effect."""
        return self._at + 1 < len(self._values)

    def undo(self) -> bool:
        """Make the previous value current; False at the first."""
        moved = self.can_undo
        self._at -= moved
        return moved

    def redo(self) -> bool:
        """Make the next value current; False at the last."""
        moved = self.can_redo
        self._at += moved
        return moved
