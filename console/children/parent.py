"""Ends child processes with the process that started them, even when that one is killed; exit codes in words."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.process import BaseProcess

_SIGNALS = {"SIGSEGV": "segmentation fault", "SIGABRT": "aborted", "SIGFPE": "arithmetic fault", "SIGBUS": "bus fault"}


def end_with_parent() -> None:
    """Call first in the entry point of each child process: the child ends as soon as its parent has ended.

    The parent holds one end of a pipe (on Windows: its process handle) that the system closes however the parent ends. A
    thread waits for that. The thread cannot run while C code such as EPANET's solver holds the interpreter lock; on Linux
    the kernel therefore signals the closing as well (SIGIO, which ends the process). PR_SET_PDEATHSIG is not used: it fires
    when the *thread* that started the child ends.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    threading.Thread(target=_end_after, args=(parent,), name="end-with-parent", daemon=True).start()
    if sys.platform.startswith("linux"):
        _signal_when_closed(parent.sentinel)
        if not parent.is_alive():  # the parent ended before the signal was requested
            os._exit(1)


def how_ended(code: int | None) -> str:
    """A process's exit code in words: "segmentation fault", "ended by SIGKILL", "exit code 1"."""
    if code is None or code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name
    return _SIGNALS.get(name, f"ended by {name}")


def ended(process: BaseProcess, patience_s: float = 3.0) -> int | None:
    """Wait for a child that should end, kill it if it does not, close its handle and return its exit code."""
    process.join(patience_s)
    if process.is_alive():
        process.kill()
        process.join()
    code = process.exitcode
    process.close()
    return code


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _signal_when_closed(sentinel: int) -> None:
    import fcntl

    fcntl.fcntl(sentinel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(sentinel, fcntl.F_SETFL, fcntl.fcntl(sentinel, fcntl.F_GETFL) | os.O_ASYNC)
