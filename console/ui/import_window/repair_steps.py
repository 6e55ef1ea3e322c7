"""RepairSteps: the repairs of this import, step by step; kept in a file beside the column profile for the next import."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from console.ui.import_window.work import file_stem
from maps.errors import InputFault
from maps.files import write_aside
from maps.importers.repairs import Repair, read_repairs, repairs_toml

_ENDING = ".repairs.toml"


class RepairSteps:
    """Each step is what was applied at once; undoing takes the last one back."""

    def __init__(self) -> None:
        self._steps: list[tuple[Repair, ...]] = []

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """All repairs, in the order in which they are made."""
        return tuple(one for step in self._steps for one in step)

    @property
    def steps(self) -> int:
        """Number of steps that can be undone."""
        return len(self._steps)

    def add(self, repairs: Sequence[Repair]) -> None:
        """A further step."""
        if repairs:
            self._steps.append(tuple(repairs))

    def undo(self) -> None:
        """Take the last step back."""
        if self._steps:
            self._steps.pop()

    def state(self) -> tuple[tuple[Repair, ...], ...]:
        """The steps as they are, for ``restore``."""
        return tuple(self._steps)

    def restore(self, state: Sequence[tuple[Repair, ...]]) -> None:
        """The steps as they were: what was asked for since did not happen."""
        self._steps = list(state)

    def clear(self) -> None:
        """Other files: nothing of them is repaired."""
        self._steps.clear()

    def load_beside(self, source: Path, name: str) -> int:
        """Take the repairs of the last import of this name beside ``source`` as the first step; returns how many there are.

        Raises InputFault for a list that cannot be read.
        """
        own = re.compile(rf"{re.escape(file_stem(name))}(-\d+)?{re.escape(_ENDING)}")
        found = [path for path in source.parent.iterdir() if own.fullmatch(path.name)] if source.parent.is_dir() else []
        found.sort(key=lambda path: path.stat().st_mtime)
        self._steps = [read_repairs(found[-1])] if found else []
        self._steps = [step for step in self._steps if step]
        return len(self.repairs)

    def save(self, to: Path) -> None:
        """Write the list beside the city; without repairs there is none. Raises InputFault."""
        path = repairs_of(to)
        if self.repairs:
            write_aside(path, repairs_toml(self.repairs).encode("utf-8"))
        else:
            path.unlink(missing_ok=True)


def repairs_of(to: Path) -> Path:
    """Where the repairs of a city are kept: beside it."""
    return to.with_suffix(_ENDING)


def load_or_tell(steps: RepairSteps, source: Path, name: str) -> tuple[int, str]:
    """(number of repairs taken over, why none could be read)."""
    try:
        return steps.load_beside(source, name), ""
    except InputFault as fault:
        steps.clear()
        return 0, str(fault)
