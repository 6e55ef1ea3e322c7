"""The command line. Results go to stdout, everything else to stderr; exit 0 ok, 2 usage or input fault, 1 defect."""

from __future__ import annotations

import logging
import sys

import typer

from console.cli import bench, cities, detection, network, review, running
from console.cli.output import fail
from maps.errors import QuanmaiError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Quanmai 泉脉: water dispatch."
)
for room in (cities, network, detection, running, review, bench):
    app.add_typer(room.commands)


def main() -> None:
    """Entry point: turns a told fault into one line and exit 2."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for name in ("pyogrio", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        app()
    except QuanmaiError as fault:
        fail(str(fault))
    except (PermissionError, FileNotFoundError, IsADirectoryError, NotADirectoryError) as fault:
        fail(f"{fault.filename}: {fault.strerror}; check the path and your rights")
    except OSError as fault:
        fail(f"{fault.filename or 'system'}: {fault.strerror}; free space or choose another folder")
    except KeyboardInterrupt:
        sys.exit(130)
