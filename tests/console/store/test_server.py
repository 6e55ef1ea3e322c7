"""A real PostgreSQL, prepared for a control room: what each account may do there, and what the server refuses it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import exc, make_url, text

from console.domain.actors import Actor, Proof, Role
from console.domain.crew_links import Answered
from console.domain.lease import NOBODY
from console.domain.readings import Channel
from console.services.access.sign_in import SignInRefused
from console.services.ports import StoreNewer, StoreOlder, StoreUnavailable
from console.store import SqlStore, open_store
from console.store.server import ADMIN, CONSOLE, ENGINE, Account, prepare
from console.store.tables import metadata
from maps.errors import InputFault
from tests.console.store.older import a_store_of_revision
from tests.console.store.values import NOW, opening, readings
from tests.postgresql import Server, open_engine

pytest.importorskip("psycopg", reason="psycopg is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_passwords")]
GOOD = "spring-of-72"
ACCOUNTS = (Account("q_engine", ENGINE, "e"), Account("q_console", CONSOLE, "c"), Account("q_admin", ADMIN, "a"))


@pytest.fixture
def prepared(empty_database: str) -> str:
    """The address of a prepared database with a case, a reading and a user; as its owner."""
    prepare(empty_database, ACCOUNTS)
    store = open_store(empty_database)
    store.users.add("管理员", Role.ADMIN, (), GOOD, Actor.named("root"), NOW)
    store.commit(opening(1), Actor.named("王"), NOW)
    store.use_stations(["S1", "S2"])
    store.append_readings(readings(0, (1_000_000, 300.0, 0)))
    store.close()
    return empty_database


def as_account(url: str, account: str) -> str:
    return url.replace("//postgres@", f"//{account}@")


HISTORY = (
    "UPDATE changes SET note = 'x'",
    "DELETE FROM changes",
    "TRUNCATE changes CASCADE",
    "ALTER TABLE changes DISABLE TRIGGER ALL",
    "DROP TABLE changes CASCADE",
    "UPDATE reading_log SET rows = 0",
    "UPDATE reading_blocks SET to_us = 0",
    "UPDATE tracks SET x = 0",
    "UPDATE expected_ticks SET stations = 0",
    "TRUNCATE reading_log",
    "DELETE FROM records",
    "DELETE FROM outgoing",
)
READINGS = ("DELETE FROM reading_log", "DELETE FROM reading_blocks", "DELETE FROM tracks", "UPDATE lease SET epoch = 99")
PASSWORDS = (
    "SELECT verifier FROM users",
    "SELECT * FROM users",
    "UPDATE users SET role = 'admin'",
    "DELETE FROM users",
    "SELECT * FROM sign_in_failures",
    "UPDATE sign_in_failures SET failures = 0",
    "DELETE FROM sign_in_failures",
    "CREATE OR REPLACE FUNCTION quanmai_sign_in(a text, b text, c bytea) RETURNS text LANGUAGE sql AS 'SELECT 1'",
)


@pytest.mark.parametrize(
    ("account", "acts"), [("q_console", HISTORY + READINGS + PASSWORDS), ("q_engine", HISTORY + PASSWORDS), ("q_admin", HISTORY)]
)
def test_the_server_refuses_to_rewrite_history_and_to_show_passwords(prepared: str, account: str, acts: tuple[str, ...]) -> None:
    engine = open_engine(as_account(prepared, account))
    for act in acts:
        with pytest.raises(exc.DBAPIError, match=r"permission denied|must be owner"), engine.begin() as connection:
            connection.execute(text(act))
    engine.dispose()


def test_a_console_s_account_decides_signs_people_in_and_follows_but_never_leads(prepared: str) -> None:
    console = open_store(as_account(prepared, "q_console"), "console", is_shared=True)
    console.use_stations(["S1", "S2", "S3"])
    done = console.commit(opening(2), Actor.named("王"), NOW)
    assert len(done.changes) == 2
    assert console.follow(0).changes[-1] == done.changes[-1]
    assert console.users.authenticate("管理员", GOOD, seat="D1").proof is Proof.PASSWORD
    with pytest.raises(SignInRefused):
        console.users.authenticate("管理员", "wrong-one")
    assert console.hold_lease() == NOBODY
    assert console.verify_chain() is None
    assert [user.name for user in console.users.listed()] == ["管理员"]
    with pytest.raises(StoreUnavailable, match="check its rights"):
        console.users.add("王", Role.DISPATCHER, (), GOOD, Actor.named("王"), NOW)
    console.close()


def test_an_engine_s_account_leads_writes_readings_and_moves_them(prepared: str) -> None:
    engine = open_store(as_account(prepared, "q_engine"), "engine", is_shared=True)
    engine.use_stations(["S1", "S2"])
    assert engine.hold_lease().is_ours
    engine.append_readings(readings(0, (2_000_000, 310.0, 0)))
    engine.flush()
    engine.probe()
    at_us, _ = engine.readings(0, Channel.PRESSURE, 0, 2**62)
    assert len(at_us)
    engine.close()


def test_every_table_is_read_by_consoles_and_written_by_engines(prepared: str) -> None:
    owner = open_engine(prepared)
    with owner.begin() as connection:
        for right, role in (("SELECT", CONSOLE), ("INSERT", ENGINE)):
            query = text("SELECT has_table_privilege(:role, :name, :right)")
            without = {
                name
                for name in metadata.tables
                if not connection.execute(query, {"role": role, "name": name, "right": right}).scalar()
            }
            assert without == {"users", "sign_in_failures"}, right
    owner.dispose()


def test_an_administrator_s_account_administers_users_and_its_acts_are_in_the_chain(prepared: str) -> None:
    store = open_store(as_account(prepared, "q_admin"))
    boss = store.users.authenticate("管理员", GOOD)
    store.users.add("王", Role.DISPATCHER, (), GOOD, boss, NOW)
    store.users.change("王", boss, NOW, password="autumn-of-72", is_enabled=False)
    assert [change.kind for change in store.changes()][-2:] == ["user_added", "user_changed"]
    store.close()


def test_preparing_again_changes_nothing_and_gives_back_rights_that_were_taken(prepared: str) -> None:
    owner = open_engine(prepared)
    with owner.begin() as connection:
        connection.execute(text("GRANT ALL ON changes, users TO quanmai_console"))
        connection.execute(text("REVOKE INSERT ON changes FROM quanmai_engine"))
    said = prepare(prepared, tuple(Account(one.name, one.role) for one in ACCOUNTS))
    assert [line for line in said if "made" in line] == []
    rights = text("SELECT has_table_privilege('quanmai_console', 'changes', 'DELETE'), "
                  "has_column_privilege('quanmai_console', 'users', 'verifier', 'SELECT'), "
                  "has_table_privilege('quanmai_engine', 'changes', 'INSERT')")  # fmt: skip
    with owner.begin() as connection:
        assert tuple(connection.execute(rights).one()) == (False, False, True)
        assert connection.execute(text("SELECT count(*) FROM changes")).scalar() == 3
    owner.dispose()


def test_the_server_keeps_no_password_of_an_account_in_clear(prepared: str) -> None:
    owner = open_engine(prepared)
    with owner.begin() as connection:
        kept = connection.execute(text("SELECT rolpassword FROM pg_authid WHERE rolname = 'q_console'")).scalar()
    owner.dispose()
    assert str(kept).startswith("SCRAM-SHA-256$")


def test_each_refusal_of_the_server_says_what_is_wrong_and_what_to_do(prepared: str, server: Server) -> None:
    """With the server's own words in no case: these are long, and in its language."""
    hba = server.folder / "data" / "pg_hba.conf"
    before = hba.read_text()
    owner = open_engine(prepared)
    try:
        hba.write_text(f"local all q_engine scram-sha-256\nlocal all q_console reject\n{before}")
        with owner.begin() as connection:
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text("CREATE ROLE q_full LOGIN CONNECTION LIMIT 0"))
        said = {
            name: refusal(address)
            for name, address in {
                "wrong password": as_account(prepared, "q_engine:wrong"),
                "no password": as_account(prepared, "q_engine"),
                "unknown": as_account(prepared, "q_nobody"),
                "role": as_account(prepared, CONSOLE),
                "not admitted": as_account(prepared, "q_console"),
                "full": as_account(prepared, "q_full"),
                "no database": prepared.replace(str(make_url(prepared).database), "none"),
            }.items()
        }
    finally:
        hba.write_text(before)
        with owner.begin() as connection:
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text("DROP ROLE q_full"))
        owner.dispose()
    assert "name or password is wrong" in said["wrong password"]
    assert "name or password is wrong" in said["unknown"]
    assert "asks for a password" in said["no password"]
    assert "is a role, no account" in said["role"]
    assert "pg_hba.conf" in said["not admitted"]
    assert "no connection left" in said["full"]
    assert "createdb" in said["no database"]
    assert not [line for line in said.values() if "\n" in line or "wrong@" in line or "does not answer" in line]


def refusal(address: str) -> str:
    """What is said when a store there is opened."""
    with pytest.raises(StoreUnavailable) as refused:
        open_store(address)
    return str(refused.value)


def test_what_stands_in_the_way_is_told_in_one_line(prepared: str, tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="PostgreSQL"):
        prepare(tmp_path / "store.sqlite")
    with pytest.raises(InputFault, match=r"may not prepare it .*; use its owner") as no_rights:
        prepare(as_account(prepared, "q_console"))
    with pytest.raises(StoreUnavailable, match="does not answer"):
        prepare("postgresql://postgres@127.0.0.1:9/none?connect_timeout=1")
    with pytest.raises(InputFault, match="needs a password"):
        prepare(prepared, (Account("q_new", CONSOLE),))
    assert "\n" not in str(no_rights.value)


def test_an_older_or_newer_store_is_told_to_a_console_that_may_not_change_it(prepared: str, server: Server) -> None:
    owner = open_engine(prepared)
    with owner.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreNewer, match="newer version"):
        open_store(as_account(prepared, "q_console"))
    with owner.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0010'"))
        later = "users, sign_in_failures, jobs, rollups, rollup_due, attachments, crew_links, crew_answers, api_keys"
        connection.execute(text(f"DROP FUNCTION quanmai_sign_in; DROP TABLE {later}"))
    owner.dispose()
    with pytest.raises(StoreOlder, match="server init"):
        open_store(as_account(prepared, "q_console"))
    prepare(prepared)
    console = open_store(as_account(prepared, "q_console"))
    assert console.verify_chain() is None
    console.close()


def test_a_store_of_the_revision_before_gets_its_users_table(empty_database: str) -> None:
    a_store_of_revision(empty_database, "0010")
    store: SqlStore = open_store(empty_database)
    assert store.users.listed() == ()
    store.users.add("管理员", Role.ADMIN, (), GOOD, Actor.named("root"), datetime.now(UTC))
    assert store.users.authenticate("管理员", GOOD).name == "管理员"
    store.close()


def test_a_server_set_read_only_is_told_in_one_line(prepared: str) -> None:
    console = open_store(as_account(prepared, "q_console") + "&options=-c%20default_transaction_read_only%3Don")
    with pytest.raises(StoreUnavailable, match="takes no writes now"):
        console.users.authenticate("管理员", GOOD)
    console.close()


def test_a_console_may_give_links_to_crews_and_an_engine_takes_their_answers(prepared: str) -> None:
    console, engine = (open_store(as_account(prepared, name)) for name in ("q_console", "q_engine"))
    made, token = console.crew_links.make("C1", Actor.named("王"), datetime.now(UTC))
    assert engine.crew_links.crew_of(token) == "C1"
    engine.crew_links.settle("C1", "answer-0001", Answered("taken"))
    assert console.crew_links.answered("C1", "answer-0001") == Answered("taken")
    console.crew_links.revoke(made.link_id, Actor.named("王"), datetime.now(UTC))
    assert engine.crew_links.crew_of(token) is None
    console.close()
    engine.close()
