"""Runs one case in this process and checks it: exit 0 or 2, one line, no traceback, nothing half-written."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from console.cli import main
from tests.fuzz.cases import Case, case_of
from tests.fuzz.corpus import Corpus

_LIMIT_S = 60
_LOG = re.compile(r"(DEBUG|INFO|WARNING|ERROR) [\w.]+: |  (warning|info): |  … and \d+ more")
"""Log lines, and the faults that an import lists."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``fault``: the rule that the case broke, "" when none."""

    seed: int
    case: Case
    code: int | None
    said: str
    fault: str


class _Hangs(BaseException):
    """Not an Exception: no command may catch it."""


def run_seed(seed: int, corpus: Corpus) -> Outcome:
    """The case of a seed, in a folder of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{seed}-") as name:
        folder = Path(name)
        case = case_of(seed, corpus, folder)
        before = _content(folder)
        code, said, trace = _run(case, folder)
        fault = trace or _judged(code, said) or _left(before, folder, case, code)
        return Outcome(seed, case, code, said, fault)


def _run(case: Case, folder: Path) -> tuple[int | None, str, str]:
    """(exit code, stderr, traceback)."""
    environment = {"QUANMAI_DATA_FOLDER": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config"), **case.environment}
    err, home = io.StringIO(), Path.cwd()
    with (
        mock.patch.object(sys, "argv", ["quanmai", *case.words]),
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape")),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(record=True) as warned,
        _limited(),
    ):
        warnings.simplefilter("always")
        os.chdir(folder)
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        except _Hangs:
            return None, err.getvalue(), f"still running after {_LIMIT_S} s"
        except BaseException:  # noqa: BLE001 — whatever a command lets through is what is looked for
            return 1, err.getvalue(), traceback.format_exc()
        else:
            code = 0
        finally:
            os.chdir(home)
    noise = [f"{one.category.__name__}: {one.message} ({one.filename}:{one.lineno})" for one in warned if _told(one.category)]
    return int(code or 0) if not isinstance(code, str) else 1, err.getvalue(), "".join(noise[:1])


def _told(category: type[Warning]) -> bool:
    """Whether Python shows a warning of this kind to users."""
    return not issubclass(category, DeprecationWarning | PendingDeprecationWarning | ImportWarning | ResourceWarning)


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    def ends(*_: object) -> None:
        raise _Hangs

    if sys.platform == "win32":
        yield
        return
    before = signal.signal(signal.SIGALRM, ends)
    signal.alarm(_LIMIT_S)
    logging.getLogger().handlers.clear()
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        logging.getLogger().handlers.clear()


def _judged(code: int | None, said: str) -> str:
    if code not in (0, 2):
        return f"exit code {code}"
    lines = [line for line in said.splitlines() if line.strip() and not _LOG.match(line) and not line.startswith("note: ")]
    if "Traceback" in said:
        return "a traceback is logged"
    if code == 0:
        return f"exit 0, yet it says {lines[0]!r}" if lines else ""
    told = [line for line in lines if line.startswith("quanmai: ")]
    if len(told) != 1 or len(lines) != 1:
        return f"{len(lines)} lines instead of one: {lines[:3]}"
    return "a line without a place or a word of advice" if len(told[0]) < 20 else ""


def _left(before: dict[str, bytes], folder: Path, case: Case, code: int | None) -> str:
    after = _content(folder)
    changed = [name for name, content in before.items() if after.get(name) != content]
    if changed:
        return f"changed its input {changed[0]}"
    new = [name for name in after if name not in before]
    foreign = [name for name in new if name.partition("/")[0] not in (*case.out, "data", "config")]
    if foreign:
        return f"left {foreign[0]}"
    if code == 2 and any(name.partition("/")[0].startswith("x.") for name in new):
        return f"failed and left {new[0]}"
    half = [name for name in new if Path(name).name.startswith(".") or name.endswith((".part", "-journal"))]
    return f"left the half-written {half[0]}" if half else ""


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
