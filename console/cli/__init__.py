"""The command line. Results go to stdout, everything else to stderr; exit 0 ok, 2 usage or input fault (one line), 1 defect."""

from __future__ import annotations

import logging
import sys
from typing import Any

import typer

from console.cli import (
    administration,
    bench,
    cities,
    crews,
    detection,
    guide,
    importing,
    network,
    open311,
    outages,
    review,
    running,
    server,
    users,
)  # fmt: skip
from console.cli.output import fail
from maps.errors import QuanmaiError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Quanmai 泉脉: water dispatch."
)
_ROOMS = (
    importing, cities, network, detection, running, review, administration, outages, users, crews, open311, server, guide, bench,
)  # fmt: skip
for room in _ROOMS:
    app.add_typer(room.commands)

_UsageFault: type[Exception] = typer.BadParameter.__bases__[0]
"""Typer does not export the class; depending on its version it comes from click or from Typer's copy of click."""


def main() -> None:
    """Entry point: prints an expected fault or a wrong command line as one line with exit code 2; without arguments, the help."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for name in ("pyogrio", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        code = app(standalone_mode=len(sys.argv) < 2)
    except _UsageFault as fault:
        fail(_usage_line(fault))
    except typer.Abort:
        sys.exit(130)
    except QuanmaiError as fault:
        fail(str(fault))
    except (PermissionError, FileNotFoundError, IsADirectoryError, NotADirectoryError) as fault:
        fail(f"{fault.filename}: {fault.strerror}; check the path and your rights")
    except OSError as fault:
        fail(f"{fault.filename or 'system'}: {fault.strerror}; free space or choose another folder")
    except KeyboardInterrupt:
        sys.exit(130)
    else:
        sys.exit(code if isinstance(code, int) else 0)


def _usage_line(fault: Any) -> str:
    """The fault of the command line, and the help command to consult."""
    asked = fault.ctx.command_path if fault.ctx is not None else "quanmai"
    return f"{fault.format_message().rstrip('.')}; see '{asked} --help'"
