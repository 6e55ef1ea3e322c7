"""Secrets: files whose rights are checked, and the keyring of the desktop where the extra ``keyring`` is installed."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from maps.errors import InputFault

_SERVICE = "quanmai"
_MOST_BYTES = 65_536


def read_secret(path: Path) -> str:
    """The text of a secret file without the line end. Raises InputFault when others may read it, or nobody can.

    On Windows rights are not checked: there a file has no mode, its access list is up to the administrator.
    """
    try:
        with path.open("rb") as file:
            _check_rights(path, os.fstat(file.fileno()))
            return file.read(_MOST_BYTES).decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as fault:
        raise InputFault(f"{path}: the secret cannot be read ({getattr(fault, 'strerror', None) or 'no UTF-8 text'})") from fault


def _check_rights(path: Path, found: os.stat_result) -> None:
    if sys.platform == "win32":
        return
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(found.st_mode)
        raise InputFault(f"{path}: other accounts may use this secret (mode {mode:04o}); make it yours alone: chmod 600 {path}")
    if found.st_uid not in (os.geteuid(), 0):
        raise InputFault(f"{path}: this secret belongs to another account; make it yours: chown {os.geteuid()} {path}")


def from_keyring(name: str) -> str | None:
    """The password that the desktop's keyring holds for ``name``; None without one, or without the extra ``keyring``."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(_SERVICE, name)
    except KeyringError:
        return None
