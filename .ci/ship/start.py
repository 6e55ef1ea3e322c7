"""Entry of the frozen program: ``quanmai …``, and the modules that the program runs as processes of their own.

A frozen program has no Python beside it: ``sys.executable`` is this program. ``-m console.…`` therefore runs a module of it, as
Python does; pages of a PDF are set so. Processes of ``multiprocessing`` arrive in ``freeze_support``.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Run the command line, or the module of ``-m``."""
    multiprocessing.freeze_support()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # a program without a console window on Windows
            os.environ["QUANMAI_FROM_DESKTOP"] = "1"  # faults are shown in a window
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 — open to the end
    if len(sys.argv) > 2 and sys.argv[1] == "-m" and sys.argv[2].startswith("console."):
        module = sys.argv[2]
        sys.argv = [module, *sys.argv[3:]]
        runpy.run_module(module, run_name="__main__")
        return
    from console.cli import main as program

    program()


if __name__ == "__main__":
    main()
