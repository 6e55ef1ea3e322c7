"""Separates environment faults from defects: StoreUnavailable with advice."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from console.services.ports import RecordRefused, StoreUnavailable

_ADVICE = (
    ("disk is full", "the disk is full; free some space, nothing was written"),
    ("readonly database", "it is read-only; check the folder's rights or the disk, nothing was written"),
    ("database is locked", "another program holds it locked; close that one and try again, nothing was written"),
    ("unable to open database file", "it cannot be opened; check that the folder exists and may be written"),
    ("disk i/o error", "the disk reports an error; check it before going on"),
    ("no such table", "a table is missing: moved, replaced or damaged? put the file back, or restore the last backup"),
    ("read-only transaction", "the server takes no writes now (a standby, or set read-only); nothing was written"),
    (
        'authentication failed|role ".*" does not exist',
        "the server refuses this account: its name or password is wrong; check both",
    ),
    ("no password supplied", "the server asks for a password; put it into the credentials file or QUANMAI_STORE"),
    ("pg_hba.conf", "the server admits no such account from this machine; its pg_hba.conf says who may connect"),
    ("is not permitted to log in", "this name is a role, no account; use one that 'quanmai server init' made"),
    (
        'database ".*" does not exist',
        "the server has no database of this name; make it (createdb NAME), then: quanmai server init",
    ),
    ("could not translate host name", "the server's name is not known here; check the address, or the network"),
    (
        "connection refused",
        "the server does not answer: nothing listens there; check that PostgreSQL runs, its port and listen_addresses",
    ),
    ("too many (clients|connections)|remaining connection slots", "the server has no connection left; raise its max_connections"),
    ("no space left on device|could not extend file", "the server's disk is full; free some space there, nothing was written"),
    ("permission denied", "the account may not do this there; check its rights ('quanmai server init' grants them)"),
    ("malformed", "the file is damaged; keep it aside and restore the last backup"),
    ("no such column", "the file is damaged: a column is missing; keep it aside and restore the last backup"),
    ("could not decode", "the file is damaged: it holds text that is not UTF-8; keep it aside and restore the last backup"),
    ("not a database", "the file is no store of Quanmai; name another file"),
)
_ADVICE_BY_STATE = {
    "53100": "the server's disk is full; free some space there, nothing was written",
    "25006": "the server takes no writes now (a standby, or set read-only); nothing was written",
    "42501": "the account may not do this there; check its rights ('quanmai server init' grants them)",
    "53300": "the server has no connection left; raise its max_connections",
}
"""By SQLSTATE, since a server may speak another language than English. A refused connection has none."""


class Damaged(ValueError):
    """A row of the store that is invalid; the message names it."""


@contextmanager
def told(where: str) -> Iterator[None]:
    """Convert disk and server errors to StoreUnavailable with ``where``, and values that cannot be stored to RecordRefused.

    Defects are passed through.
    """
    try:
        yield
    except exc.DataError as fault:
        raise RecordRefused(f"store {where}: it cannot keep this value ({_first_line(fault)}); nothing was written") from fault
    except exc.DBAPIError as fault:
        advice = _advice_for(fault)
        if advice is None:
            raise
        raise StoreUnavailable(f"store {where}: {advice}") from fault
    except UnicodeDecodeError as fault:
        advice = "the file is damaged: it holds text that is not UTF-8; keep it aside and restore the last backup"
        raise StoreUnavailable(f"store {where}: {advice}") from fault
    except Damaged as fault:
        raise StoreUnavailable(f"store {where}: {fault}; keep the file aside and restore the last backup") from fault
    except exc.TimeoutError as fault:
        raise StoreUnavailable(f"store {where}: all its connections are busy; try again") from fault
    except OSError as fault:
        raise StoreUnavailable(f"store {where}: {_advice_on_file(fault)}") from fault


def _advice_for(fault: exc.DBAPIError) -> str | None:
    if advice := _ADVICE_BY_STATE.get(getattr(fault.orig, "sqlstate", None) or ""):
        return advice
    words = str(fault.orig).lower()
    for symptom, advice in _ADVICE:
        if re.search(symptom, words):
            return advice
    if fault.connection_invalidated or (isinstance(fault, exc.OperationalError) and "psycopg" in type(fault.orig).__module__):
        return f"the server does not answer ({_first_line(fault)}); check that it runs and that the address is right"
    return None


def _advice_on_file(fault: OSError) -> str:
    what = f"{fault.strerror or fault}" + (f" ({fault.filename})" if fault.filename else "")
    match fault.errno:
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"{what}; this account must be able to write the file, and in its folder, where SQLite keeps files beside it"
        case errno.ENOSPC | errno.EDQUOT:
            return "the disk is full; free some space, nothing was written"
    return f"{what}; check the disk and its rights"


def _first_line(fault: exc.DBAPIError) -> str:
    return (str(fault.orig).strip().splitlines() or [type(fault.orig).__name__])[0]
