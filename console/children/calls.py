"""CallProcess: runs functions in another process, so that a crash of a C library loses one answer, not the program."""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import logging
import multiprocessing
import os
import pickle
import shutil
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, TypeVar

from console.children.parent import end_with_parent, ended, how_ended
from maps.errors import QuanmaiError

_T = TypeVar("_T")
_END_S = 3.0
_SILENCE_S = 600.0
_TRACE = "crash.txt"
Progress = Callable[[float], None]


class CallCrashed(QuanmaiError):
    """The process ended or stopped responding before it answered; the message names the file it was reading."""


@dataclass(frozen=True, slots=True)
class _Call:
    task: Callable[..., Any]
    arguments: tuple[Any, ...]
    streamed: bool
    tells_progress: bool
    cwd: str


@dataclass(frozen=True, slots=True)
class _Item:
    value: Any


@dataclass(frozen=True, slots=True)
class _Share:
    done: float


@dataclass(frozen=True, slots=True)
class _Returned:
    value: Any


@dataclass(frozen=True, slots=True)
class _Raised:
    fault: BaseException
    trace: str


class _TraceInChild(Exception):
    """The child's traceback, as the cause of an exception that it raised."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class CallProcess:
    """Runs calls from any thread, one at a time. The process starts with the first call and is restarted after a crash.

    Tasks are functions of modules; arguments and results are pickled. A task's exception is raised here.
    """

    def __init__(self, *, silence_s: float = _SILENCE_S) -> None:
        """``silence_s``: a process that sends neither an answer nor progress for so long is ended."""
        self._silence_s = silence_s
        self._turn = threading.Lock()
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._folder: Path | None = None

    def call(self, task: Callable[..., _T], *arguments: Any, reads: str, progress: Progress | None = None) -> _T:
        """Return ``task(*arguments)``; with ``progress``, the task receives a keyword argument of that name.

        ``reads``: the file that a message names when the process crashes. Raises CallCrashed, and what the task raises.
        """
        with self._turn:
            answers = self._answers(_Call(task, arguments, False, progress is not None, str(Path.cwd())), reads, progress)
            try:
                while True:
                    next(answers)
            except StopIteration as end:
                result: _T = end.value
                return result

    def stream(
        self, task: Callable[..., Iterator[_T]], *arguments: Any, reads: str, progress: Progress | None = None
    ) -> Iterator[_T]:
        """Yield the items of ``task(*arguments)`` as they arrive; otherwise as ``call``."""
        with self._turn:
            yield from self._answers(_Call(task, arguments, True, progress is not None, str(Path.cwd())), reads, progress)

    def interrupt(self) -> None:
        """End the process at once, from any thread; a call that is under way raises CallCrashed. A later call starts another."""
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the process; a later call starts another."""
        with self._turn:
            self._end()

    def _answers(self, call: _Call, reads: str, progress: Progress | None) -> Generator[Any, None, Any]:
        connection = self._running()
        finished = False
        try:
            connection.send(call)
            while True:
                if not connection.poll(self._silence_s):
                    raise CallCrashed(
                        f"{reads}: no answer within {self._silence_s:g} s, so the process that reads it was ended; "
                        "check its time steps and its duration"
                    )
                match connection.recv():
                    case _Item(value=value):
                        yield value
                    case _Share(done=done):
                        if progress is not None:
                            progress(done)
                    case _Returned(value=value):
                        finished = True
                        return value
                    case _Raised(fault=fault, trace=trace):
                        finished = True
                        raise fault from _TraceInChild(trace)
        except (EOFError, ConnectionError) as broken:
            raise CallCrashed(self._crash(reads)) from broken
        finally:
            if not finished:  # crashed, not responding, interrupted, or the caller stopped iterating
                self._end(now=True)

    def _crash(self, reads: str) -> str:
        """One line about the crash; it names EPANET when the child's last frames are in its toolkit."""
        process, folder = self._process, self._folder
        if process is None:
            return f"{reads}: the process that reads it has ended"
        process.join(_END_S)
        how = how_ended(process.exitcode)
        frames = (folder / _TRACE).read_text(errors="replace") if folder is not None and (folder / _TRACE).exists() else ""
        innermost = frames.partition("most recent call first")[2].partition("\n")[2].partition("\n")[0]
        if "epanet" not in innermost.lower():
            return f"the process that reads {reads} ended ({how}); check the file, and whether memory is left"
        doing = "reading" if innermost.endswith(" in open") else "solving"
        return (
            f"EPANET crashed while {doing} {reads} ({how}); open the model in EPANET and save it again, or leave out "
            "[RULES], [CONTROLS] or [CURVES] to find the line"
        )

    def _running(self) -> Connection:
        if self._connection is not None and self._process is not None and self._process.is_alive():
            return self._connection
        self._end(now=True)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        # Temporary files are in a folder that is removed here, because a crashed process cannot remove them.
        self._folder = Path(tempfile.mkdtemp(prefix="quanmai-calls-"))
        level = logging.getLogger().getEffectiveLevel()
        arguments = (theirs, self._folder, level)
        process = context.Process(target=_serve, args=arguments, name="quanmai-calls", daemon=True)
        process.start()
        theirs.close()
        self._process, self._connection = process, ours
        return ours

    def _end(self, *, now: bool = False) -> None:
        connection, process, folder = self._connection, self._process, self._folder
        self._connection = self._process = self._folder = None
        if connection is not None:
            connection.close()
        if process is not None:
            if now:
                process.kill()
            ended(process)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


@cache
def shared_calls() -> CallProcess:
    """The shared call process of a program that runs one command after the other; it ends with the program."""
    calls = CallProcess()
    atexit.register(calls.close)
    return calls


def _serve(connection: Connection, folder: Path, level: int) -> None:
    end_with_parent()
    # Ctrl+C reaches the whole group; the parent ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(stream=sys.stderr, level=level, format="%(levelname)s %(name)s: %(message)s")
    for name in ("pyogrio", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    tempfile.tempdir = str(folder)
    with (folder / _TRACE).open("w") as file, contextlib.suppress(EOFError, OSError):  # the parent has closed its end
        faulthandler.enable(file, all_threads=False)
        while True:
            call = connection.recv()
            if isinstance(call, _Call):
                _carry_out(call, connection)


def _carry_out(call: _Call, connection: Connection) -> None:
    def tell(share: float) -> None:
        connection.send(_Share(share))

    try:
        os.chdir(call.cwd)
        result = call.task(*call.arguments, **({"progress": tell} if call.tells_progress else {}))
        if call.streamed:
            for item in result:
                connection.send(_Item(item))
            result = None
        answer: object = _Returned(result)
    except BaseException as fault:  # noqa: BLE001 — raised again in the parent
        answer = _raised(fault)
    connection.send(answer)


def _raised(fault: BaseException) -> _Raised:
    trace = "".join(traceback.format_exception(fault))
    try:
        pickle.loads(pickle.dumps(fault))
    except Exception:  # noqa: BLE001 — an exception that cannot be sent is described instead
        return _Raised(RuntimeError(f"{type(fault).__name__}: {fault}"), trace)
    return _Raised(fault, trace)
