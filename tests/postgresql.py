"""A real PostgreSQL server for tests, started in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from console.store import open_store
from console.store.connection import engine_for, store_url


@dataclass
class Server:
    """A server on a socket in its own folder."""

    folder: Path
    programs: Path
    user: str | None
    is_running: bool = False

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs; root runs it under the package's account, since PostgreSQL refuses root."""
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            user=self.user,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off"
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start")
        self.is_running = True

    def stop(self) -> None:
        """Stop at once."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")
        self.is_running = False

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running server; skips where PostgreSQL is not installed. A test that stops it starts it again."""
    if _programs() is None:
        pytest.skip("PostgreSQL's server programs are not installed")
    with running_server() as made:
        yield made


@contextmanager
def running_server() -> Iterator[Server]:
    """A server in a folder of its own, stopped at the end."""
    programs = _programs()
    assert programs is not None, "PostgreSQL's server programs are not installed"
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="quanmai-pg-") as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        made = Server(folder, programs, user)
        made.run("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", "postgres", "-N")
        made.start()
        yield made
        if made.is_running:
            made.stop()


@pytest.fixture(scope="session")
def migrated(server: Server) -> str:
    """Name of a database with the tables of this version; copied, never opened."""
    _create(server, "migrated")
    open_store(server.url("migrated")).close()
    return "migrated"


@pytest.fixture
def database(server: Server, migrated: str, request: pytest.FixtureRequest) -> str:
    """The address of a database of its own, with the tables of this version and no rows."""
    return _own(server, request, migrated)


@pytest.fixture(scope="module")
def module_database(server: Server, migrated: str, request: pytest.FixtureRequest) -> str:
    """The same for all tests of a module."""
    return _own(server, request, migrated)


@pytest.fixture
def empty_database(server: Server, request: pytest.FixtureRequest) -> str:
    """The address of a database of its own, without tables."""
    return _own(server, request, "template1")


def _own(server: Server, request: pytest.FixtureRequest, template: str) -> str:
    if not server.is_running:  # a test failed between stop and start
        server.start()
    name = f"t{uuid.uuid5(uuid.NAMESPACE_URL, request.node.nodeid).hex}"
    _create(server, name, template)
    return server.url(name)


def _create(server: Server, name: str, template: str = "template1") -> None:
    admin = open_engine(server.url("postgres"))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    admin.dispose()


def open_engine(url: str) -> Engine:
    """A bare engine."""
    return engine_for(store_url(url), durable=True)
