"""The disk of the PostgreSQL server is full: a real one, a few megabytes of memory mounted as its tablespace."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from console.domain.actors import Actor
from console.domain.readings import Channel
from console.services.incidents.opening import OpenIncident
from console.services.ports import StoreUnavailable
from tests.console.engine.room import Room, done
from tests.console.engine.test_store_away import is_down
from tests.postgresql import Server, open_engine

pytest.importorskip("psycopg", reason="psycopg is not installed")
pytestmark = pytest.mark.slow
SIZE, MOST_DECISIONS, MOST_BATCHES = "24m", 100, 300


class SmallDisk:
    """A database on a file system of ``SIZE``."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self._ballast = url, folder / "ballast"

    def fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(8192)):
                pass

    def free(self) -> None:
        self._ballast.unlink()


@pytest.fixture
def disk(server: Server, migrated: str) -> Iterator[SmallDisk]:
    """Skips where no file system can be mounted."""
    folder, admin = server.folder / "small", open_engine(server.url("postgres"))
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0777", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        folder.rmdir()
        admin.dispose()
        pytest.skip("a file system can be mounted by root only")
    try:
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            place = folder / "space"
            subprocess.run(["install", "-d", "-o", server.user or "root", place], check=True)
            connection.execute(text(f"CREATE TABLESPACE small LOCATION '{place}'"))
            connection.execute(text(f"CREATE DATABASE small TEMPLATE {migrated} TABLESPACE small"))
            yield SmallDisk(server.url("small"), folder)
            connection.execute(text("DROP DATABASE small WITH (FORCE)"))
            connection.execute(text("DROP TABLESPACE small"))
    finally:
        admin.dispose()
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def test_a_full_disk_of_the_server_is_one_line_loses_nothing_and_ends_by_itself(tmp_path: Path, disk: SmallDisk) -> None:
    room = Room(tmp_path, store=disk.url)
    stations = [str(name) for name in room.city.stations.asset_id]
    pipes = [str(pipe) for pipe in room.city.network.pipes.asset_id]
    sent, confirmed = list[float](), list[str]()

    def hears() -> None:
        room.clock.sleep(1)
        sent.append(0.3 + len(sent) / 10_000)
        room.hears({name: {"pressure_mpa": sent[-1]} for name in stations})
        room.settles()

    def decides() -> str:
        """Why not, "" when it is on disk."""
        try:
            changed = done(room.engine.submit(OpenIncident(pipes[len(confirmed)]), Actor.named("王")))
        except StoreUnavailable as fault:
            return str(fault)
        confirmed.append(changed.incidents[0].incident_id)
        return ""

    hears()
    assert decides() == ""
    disk.fill()
    # What is left of the tables' last pages is filled first.
    why = next((why for _ in range(MOST_DECISIONS) if (why := decides())), "")
    assert why.endswith("the server's disk is full; free some space there, nothing was written")
    assert "\n" not in why
    for _ in range(MOST_BATCHES):
        hears()
        if any("disk is full" in feed.message for feed in room.engine.latest().feeds):
            break
    shown = room.sees(is_down)
    assert any("disk is full" in feed.message for feed in shown.feeds)
    hears()
    room.sees(lambda picture: picture.value[0, Channel.PRESSURE] == pytest.approx(sent[-1] * 1000))
    disk.free()
    room.sees(lambda picture: not is_down(picture), within_s=30)
    assert decides() == ""
    room.settles()
    room.waits(lambda: len(room.store.readings(0, Channel.PRESSURE, 0, 2**62)[1]) == len(sent))
    assert room.store.readings(0, Channel.PRESSURE, 0, 2**62)[1].tolist() == pytest.approx([1000 * one for one in sent])
    assert set(room.store.load_desk().incidents) == set(confirmed)
    assert room.store.verify_chain() is None
    room.close()
