"""Faults of external input: each with its place and advice, all reported at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Severity of a fault: a fatal one refuses the input, the others are reported and the input is imported."""

    FATAL = "fatal"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an input, with its location.

    ``code`` is stable (``dangling_end``); ``row`` counts from 1 in the source; ``x``/``y`` are in the
    network's CRS where the position is known.
    """

    severity: Severity
    code: str
    message: str
    layer: str = ""
    asset_id: str = ""
    row: int | None = None
    column: str = ""
    x: float | None = None
    y: float | None = None

    def line(self) -> str:
        """The fault in one line: location (coordinates where no row of the source is known), fault, advice."""
        place = ", ".join(
            part
            for part in (
                self.layer,
                f"row {self.row}" if self.row is not None else "",
                self.asset_id,
                self.column,
                f"at {self.x:.1f} {self.y:.1f}" if self.row is None and self.x is not None and self.y is not None else "",
            )
            if part
        )
        return f"{place}: {self.message}" if place else self.message


class QuanmaiError(Exception):
    """An error that is not a defect: shown to the user in one line, exit code 2."""


class InputFault(QuanmaiError):
    """An input that cannot be used; carries every fatal fault found, not only the first."""

    def __init__(self, message: str, faults: Iterable[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)

    @classmethod
    def from_faults(cls, source: str, faults: Iterable[Fault]) -> InputFault:
        """One error for all fatal ``faults`` of ``source``; its text has the first few in full."""
        fatal = [fault for fault in faults if fault.severity is Severity.FATAL]
        shown = "; ".join(fault.line() for fault in fatal[:3])
        more = f" (and {len(fatal) - 3} more)" if len(fatal) > 3 else ""
        return cls(f"{source}: {shown}{more}", fatal)


class UnknownAsset(QuanmaiError):
    """An asset id that the network does not contain."""
