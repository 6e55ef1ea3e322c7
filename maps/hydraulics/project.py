"""One EPANET project: vectors as arrays, warnings as text. Units here are the model's own."""

from __future__ import annotations

import ctypes
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from epanet import toolkit as en

from maps.columns import Floats
from maps.errors import InputFault
from maps.units import is_us_flow_unit

FLOW_UNITS = ("CFS", "GPM", "MGD", "IMGD", "AFD", "LPS", "LPM", "MLD", "CMH", "CMD", "CMS")
"""EPANET's flow units in the order of its codes."""
_KW_PER_HP = 0.7457

_WORDS = (
    # text in EPANET's report, our text, whether the numbers are still valid
    ("unbalanced", "EPANET did not converge within its trials", False),
    ("maximum trials exceeded", "EPANET did not converge within its trials", False),
    ("unstable", "EPANET's solution is unstable", False),
    ("ill-conditioned", "EPANET's equations are ill-conditioned", False),
    ("cannot solve", "EPANET cannot solve the network's equations", False),
    ("disconnected", "part of the network is cut off from every source", True),
    ("negative pressures", "negative pressures where water is demanded", True),
    ("pump", "a pump cannot deliver the head or flow asked of it", True),
    ("fcv", "a flow control valve cannot deliver its flow", True),
    ("prv", "a pressure valve cannot hold its setting", True),
    ("psv", "a pressure valve cannot hold its setting", True),
)


@contextmanager
def quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Collect EPANET's warnings, which arrive as Python warnings without their code, instead of printing them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


class Project:
    """An open model with its solver kept open. Raises InputFault when EPANET refuses the text."""

    def __init__(self, inp: str, name: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="quanmai-epanet-", ignore_cleanup_errors=True)
        self._report = Path(self._folder.name) / "model.rpt"
        model = Path(self._folder.name) / "model.inp"
        model.write_text(inp, encoding="utf-8")
        self.handle: Any = en.createproject()
        self._hydraulics = False
        try:
            with quiet():
                en.open(self.handle, str(model), str(self._report), "")
        except Exception as refusal:
            # The toolkit raises bare Exception; its report names the line, but is readable only after the project has closed it.
            with quiet():
                en.close(self.handle)
                en.deleteproject(self.handle)
            self.handle = None
            told = self._refused()
            self._folder.cleanup()
            raise InputFault(f"{name}: EPANET refuses the model: {told or refusal}") from refusal
        self.nodes, self.links = en.getcount(self.handle, en.NODECOUNT), en.getcount(self.handle, en.LINKCOUNT)
        self._raw, self._view = value_array(max(self.nodes, self.links, 1))
        self.flow_unit = FLOW_UNITS[en.getflowunits(self.handle)]
        self._mend_power()
        en.setreport(self.handle, "MESSAGES YES")
        en.setstatusreport(self.handle, en.NO_REPORT)

    def _mend_power(self) -> None:
        """EPANET 2.3.5 divides a POWER in kW by 0.7457 twice when it reads a metric file: 10 kW acts like 13.4 kW.

        Set through the toolkit, the same value acts correctly (power = weight of water x flow x head).
        """
        if is_us_flow_unit(self.flow_unit):
            return
        for link in range(1, self.links + 1):
            if en.getlinktype(self.handle, link) == en.PUMP and en.getpumptype(self.handle, link) == en.CONST_HP:
                power = en.getlinkvalue(self.handle, link, en.PUMP_POWER)
                en.setlinkvalue(self.handle, link, en.PUMP_POWER, float(power) * _KW_PER_HP)

    def open_hydraulics(self) -> None:
        """Allocate the solver once; it stays open until ``close``."""
        try:
            with quiet():
                en.openH(self.handle)
        except Exception as refusal:
            # A node without links, or a part without a fixed head, is found here, not when the text is read.
            self.close()
            raise InputFault(f"EPANET refuses the model: {refusal}") from refusal
        self._hydraulics = True

    def close(self) -> None:
        """Close the model and its files; a second call does nothing."""
        if self.handle is not None:
            with quiet():
                if self._hydraulics:
                    en.closeH(self.handle)
                en.close(self.handle)
                en.deleteproject(self.handle)
            self.handle = None
            self._folder.cleanup()

    def node_values(self, code: int) -> Floats:
        """One property of all nodes, by EPANET index - 1."""
        en.getnodevalues(self.handle, code, self._raw)
        return self._view[: self.nodes].copy()

    def link_values(self, code: int) -> Floats:
        """One property of all links, by EPANET index - 1."""
        en.getlinkvalues(self.handle, code, self._raw)
        return self._view[: self.links].copy()

    def run(self) -> tuple[bool, str]:
        """Solve the present period: (whether it converged, EPANET's warnings in our text)."""
        _, converged, message = self.guarded(lambda: en.runH(self.handle))
        if converged and not en.getstatistic(self.handle, en.RELATIVEERROR) <= en.getoption(self.handle, en.ACCURACY):
            return False, _WORDS[0][1]
        return converged, message

    def guarded(self, step: Callable[[], Any]) -> tuple[Any, bool, str]:
        """(result of a toolkit call, whether its numbers are valid, its warnings as text)."""
        en.clearreport(self.handle)
        with quiet() as caught:
            try:
                result = step()
            except Exception as failure:  # noqa: BLE001 — the toolkit raises bare Exception
                return None, False, f"EPANET stopped: {failure}"
        if not caught:
            return result, True, ""
        return result, *self._told()

    def _told(self) -> tuple[bool, str]:
        copy = self._report.with_name("copy.rpt")
        en.copyreport(self.handle, str(copy))
        lines = [line.lower() for line in copy.read_text(errors="replace").splitlines() if "warning" in line.lower()]
        text = " ".join(lines)
        found = [(words, usable) for key, words, usable in _WORDS if key in text]
        if not found:
            return True, "EPANET gave a warning without words"
        return all(usable for _, usable in found), "; ".join(dict.fromkeys(words for words, _ in found))

    def _refused(self) -> str:
        if not self._report.exists():
            return ""
        lines = [line.strip() for line in self._report.read_text(errors="replace").splitlines()]
        at = next((place for place, line in enumerate(lines) if "Error" in line), None)
        return "" if at is None else " ".join(line for line in lines[at : at + 2] if line)


def value_array(size: int) -> tuple[Any, Floats]:
    """(array that the toolkit fills, numpy view of the same memory, (size,)); the first must outlive the second.

    The view avoids a Python object for each of a hundred thousand values.
    """
    raw = en.doubleArray(size)
    return raw, np.ctypeslib.as_array((ctypes.c_double * size).from_address(int(raw.cast())))
