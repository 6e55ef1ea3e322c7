"""Functions that tests run in other processes."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

from console.children import end_with_parent
from maps.errors import Fault, InputFault, Severity


def busy_in_c() -> None:
    """C code that holds the interpreter lock and never returns, as EPANET's solver may."""
    end_with_parent()
    sum(range(10**15))


def own_pid() -> int:
    """Id of the process it runs in."""
    return os.getpid()


def refused(path: Path) -> None:
    """Raises InputFault with a fault beside it."""
    raise InputFault(f"{path}: refused", [Fault(Severity.FATAL, "code", "message")])


def defect() -> None:
    """Raises what no command expects."""
    raise ZeroDivisionError("a defect")


def segmentation_fault() -> None:
    """Reads from address 0."""
    ctypes.string_at(0)


def epanet_reads(inp: Path) -> str:
    """EPANET opens a file; "read"."""
    from epanet import toolkit as en

    project = en.createproject()
    en.open(project, str(inp), os.devnull, "")
    en.deleteproject(project)
    return "read"


def silent() -> None:
    """Never answers."""
    while True:
        pass


def counted(most: int, *, progress: object = None) -> Iterator[int]:
    """Numbers below ``most``."""
    for number in range(most):
        if callable(progress):
            progress(number / most)
        yield number


def text_of(name: str) -> str:
    """A file of the working folder."""
    return Path(name).read_text()


class Held:
    """An object in a process of its own."""

    def own_pid(self) -> int:
        """Id of its process."""
        return own_pid()

    def busy_in_c(self) -> None:
        """C code that holds the interpreter lock and never returns; the process arranged its end with its parent before."""
        sum(range(10**15))
