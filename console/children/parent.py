"""Child processes end with the process that started them, also when that one was killed; how a child ended, in words."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.process import BaseProcess

_SIGNALS = {"SIGSEGV": "segmentation fault", "SIGABRT": "aborted", "SIGFPE": "arithmetic fault", "SIGBUS": "bus fault"}


def end_with_parent() -> None:
    """Call first in the entry point of every child process: the child ends as soon as its parent is gone.

    The parent holds one end of a pipe (on Windows: its process handle) that the system closes however the parent ends. A
    thread waits for that. The thread stands still while C code such as EPANET's solver holds the interpreter lock; on Linux
    the kernel therefore signals the closing as well (SIGIO, which ends the process). PR_SET_PDEATHSIG is not used: it fires
    when the *thread* that started the child ends.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    threading.Thread(target=_end_after, args=(parent,), name="end-with-parent", daemon=True).start()
    if sys.platform.startswith("linux"):
        _signal_when_closed(parent.sentinel)
        if not parent.is_alive():  # it ended before the signal was asked for
            os._exit(1)


def how_ended(code: int | None) -> str:
    """A process's exit code in words: "segmentation fault", "ended by SIGKILL", "exit code 1"."""
    if code is None or code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name
    return _SIGNALS.get(name, f"ended by {name}")


def ended(process: BaseProcess, patience_s: float = 3.0) -> int | None:
    """Wait for a child that is to end, kill it when it does not, and give its exit code. Its handle is closed."""
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
