"""The engine on a real PostgreSQL server that is stopped and started; text that PostgreSQL cannot hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from console.domain.actors import Actor
from console.domain.changes import ChangeSet
from console.domain.incidents import OrderState
from console.domain.readings import Channel
from console.services.incidents.judging import DismissIncident
from console.services.incidents.opening import OpenIncident
from console.services.ports import OutcomeUnknown, RecordRefused, StoreUnavailable
from tests.console.engine.room import Room, done
from tests.console.engine.test_store_away import case_with_order, is_down, reply
from tests.console.services.town import a_finding
from tests.postgresql import Server, open_engine

pytest.importorskip("psycopg", reason="psycopg is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture
def room(tmp_path: Path, database: str) -> Iterator[Room]:
    opened = Room(tmp_path, store=database)
    yield opened
    opened.close()


def test_what_happens_while_the_server_is_stopped_is_shown_and_is_on_disk_after_its_start(
    room: Room,
    server: Server,
) -> None:
    case, order_id, crew_id = case_with_order(room)
    room.settles()
    server.stop()
    try:
        for step in range(3):
            room.clock.sleep(1)
            room.hears({str(name): {"pressure_mpa": 0.3 + step / 100} for name in room.city.stations.asset_id})
            room.settles()
        reply(room, order_id, crew_id)
        pipes = tuple(str(pipe) for pipe in room.city.network.pipes.asset_id[200:203])
        room.finds(a_finding(pipes, at=room.clock.at, stations=("Q-001", "Q-002")))
        room.sees(lambda p: len(p.incidents) == 2 and p.value[1, Channel.PRESSURE] == pytest.approx(320.0))
        room.sees(is_down)
        with pytest.raises(StoreUnavailable):
            done(room.engine.submit(OpenIncident("P-104041"), Actor.named("王")))
    finally:
        server.start()
    room.sees(lambda p: not is_down(p), within_s=20)
    kept = room.store.load_desk().incidents
    assert len(kept) == 2
    assert kept[case].orders[-1].state is OrderState.ACKNOWLEDGED
    assert room.store.verify_chain() is None
    assert room.store.readings(1, Channel.PRESSURE, 0, 2**62)[1].tolist() == pytest.approx([300.0, 310.0, 320.0])


def test_u_0000_in_an_intent_is_replaced_and_the_intent_is_carried_out(room: Room) -> None:
    done(room.engine.submit(OpenIncident("P-104040"), Actor.named("王")))
    (case,) = room.sees(lambda p: len(p.incidents) == 1).incidents
    done(room.engine.submit(DismissIncident(case.incident_id, "用\x00水"), Actor.named("王\x00")))
    assert room.store.load_desk().incidents[case.incident_id].close_reason == "用\ufffd水"


def test_u_0000_that_reaches_the_store_is_refused_in_one_line_and_the_next_step_is_served(room: Room) -> None:
    done(room.engine.submit(OpenIncident("P-104040"), Actor.named("王")))
    (case,) = room.sees(lambda p: len(p.incidents) == 1).incidents
    answer: Future[ChangeSet] = Future()
    # A name, put in behind ``submit``, which would replace it: unlike notes and records it is kept as it is, not as JSON.
    ask, odd, desk = DismissIncident(case.incident_id, "用水"), Actor.named("王\x00"), room.desk
    decide = partial(desk.carry_out, intent=ask, actor=odd, now=room.clock.at)
    room.engine._commands.call(lambda: room.engine._decisions.ask(decide, odd, answer))
    with pytest.raises(RecordRefused, match="cannot keep this value"):
        done(answer)
    assert room.engine.latest().incidents[0].is_open()
    done(room.engine.submit(DismissIncident(case.incident_id, "用水"), Actor.named("王")))
    assert room.store.verify_chain() is None


def test_u_0000_in_a_reply_loses_at_most_that_reply(room: Room) -> None:
    case, order_id, crew_id = case_with_order(room)
    reply(room, order_id, crew_id, text="到\x00了")
    body = json.dumps({"order_id": order_id, "state": "on_site"}).encode()
    room.feed.offer(f"quanmai/v1/test/orders/{crew_id}/ack", body)
    room.sees(lambda p: p.incidents[0].orders[-1].state is OrderState.ON_SITE)
    room.settles()
    assert room.store.load_desk().incidents[case].orders[-1].state is OrderState.ON_SITE


def test_a_connection_lost_before_the_commit_wrote_nothing_and_one_lost_at_it_leaves_the_outcome_unknown(room: Room) -> None:
    admin = open_engine(room.store._durable.url.render_as_string(hide_password=False))

    def ends(pid: int) -> None:
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    def writes(*, is_lost_at_commit: bool) -> None:
        with room.store._writing() as connection:
            ends(int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one()))
            if not is_lost_at_commit:
                connection.execute(text("SELECT 1"))

    for is_at_commit in (False, True):
        with pytest.raises(StoreUnavailable) as lost:
            writes(is_lost_at_commit=is_at_commit)
        assert isinstance(lost.value, OutcomeUnknown) is is_at_commit
    admin.dispose()


def test_a_server_that_turns_read_only_is_away_and_not_a_defect(room: Room) -> None:
    room.send("Q-001", 0.31)
    room.settles()
    name = str(room.store._durable.url.database)
    _set_read_only(room, name, "on")
    room.clock.sleep(1)
    room.send("Q-001", 0.32)
    pipe = str(room.city.network.pipes.asset_id[200])
    room.finds(a_finding((pipe,), at=room.clock.at, stations=("Q-001", "Q-002")))
    room.sees(lambda p: len(p.incidents) == 1 and any("takes no writes" in feed.message for feed in p.feeds))
    _set_read_only(room, name, "off")
    room.sees(lambda p: not is_down(p), within_s=20)
    assert len(room.store.load_desk().incidents) == 1
    assert len(room.store.readings_between(0, 2**62)) == 2


def _set_read_only(room: Room, name: str, value: str) -> None:
    admin = open_engine(room.store._durable.url.set(database="postgres").render_as_string(hide_password=False))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}"))
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name})
    admin.dispose()
