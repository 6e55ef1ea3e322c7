"""An engine and a console on one real PostgreSQL, each with its own account: the console decides and never leads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from console.domain.actors import Actor
from console.services.incidents.opening import OpenIncident
from console.store.server import CONSOLE, ENGINE, Account, prepare
from maps.city import City
from tests.console.engine.room import Room, done
from tests.console.ui.small_city import build_small_city

pytest.importorskip("psycopg", reason="psycopg is not installed")
pytestmark = pytest.mark.slow
PIPE, OTHER = "P-104040", "P-104050"
WANG = Actor.named("王")


@pytest.fixture(scope="module")
def city() -> City:
    return build_small_city()


@pytest.fixture
def rooms(database: str, tmp_path: Path, city: City) -> Iterator[tuple[Room, Room]]:
    """The engine's and the console's."""
    prepare(database, (Account("r_engine", ENGINE, "e"), Account("r_console", CONSOLE, "c")))
    with ExitStack() as stack:
        made = []
        for account in ("r_engine", "r_console"):
            room = Room(tmp_path, store=database.replace("//postgres@", f"//{account}@"), city=city, is_shared=True)
            stack.callback(_close, room)
            made.append(room)
        yield made[0], made[1]


def _close(room: Room) -> None:
    if room.engine._thread.is_alive():
        room.close()


def test_a_console_decides_with_its_own_account_and_says_when_no_engine_leads(rooms: tuple[Room, Room]) -> None:
    engine, console = rooms
    engine.sees(lambda picture: picture.lease is not None and picture.lease.is_ours)
    console.sees(lambda picture: picture.lease is not None and picture.lease.holder != "")
    done(console.engine.submit(OpenIncident(PIPE), WANG))
    engine.sees(lambda picture: len(picture.incidents) == 1)
    engine.close()
    console.sees(lambda picture: any(feed.name == "leader" for feed in picture.feeds))
    assert not console.engine._leadership.leads
    done(console.engine.submit(OpenIncident(OTHER), WANG))  # deciding goes on
    assert len(console.engine.latest().incidents) == 2
