"""Users: who may sign in, the same rules on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from console.domain.actors import SYSTEM, Actor, Proof, Role
from console.domain.users import pause_s
from console.services.access.records import SeatEvent
from console.services.access.sign_in import SignInRefused
from console.services.ports import StoreUnavailable
from console.store import SqlStore, open_store
from console.store.passwords import result_of
from maps.errors import InputFault
from tests.console.store.values import opening

NOW = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)
ROOT = Actor.named("root")
GOOD, BAD = "spring-of-72", "spring-of-73"

pytestmark = pytest.mark.usefixtures("quick_passwords")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """A store with an administrator and a dispatcher."""
    target: str | Path = tmp_path / "store.sqlite"
    if request.param == "postgresql":
        pytest.importorskip("psycopg", reason="psycopg is not installed")
        target = request.getfixturevalue("database")
    store = open_store(target)
    store.users.add("管理员", Role.ADMIN, (), GOOD, ROOT, NOW)
    store.users.add("王芳", Role.DISPATCHER, ("A1",), GOOD, ROOT, NOW)
    yield store
    store.close()


def refused(store: SqlStore, name: str, password: str) -> SignInRefused:
    with pytest.raises(SignInRefused) as fault:
        store.users.authenticate(name, password, seat="D2")
    return fault.value


def as_if_ago(store: SqlStore, seconds: float) -> None:
    """Move the last failure into the past, instead of waiting."""
    with store._durable.begin() as connection:
        connection.execute(text("UPDATE sign_in_failures SET last_us = last_us - :us"), {"us": round(seconds * 1e6)})


def test_a_new_store_has_no_users_and_needs_no_sign_in(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.sqlite")
    assert not store.users.are_needed
    store.close()


def test_the_right_password_gives_the_user_with_role_areas_seat_and_proof(held: SqlStore) -> None:
    actor = held.users.authenticate(" 王芳 ", GOOD, seat="D2")
    (user,) = [one for one in held.users.listed() if one.name == "王芳"]
    assert actor == Actor(user.user_id, "王芳", Role.DISPATCHER, ("A1",), "D2", Proof.PASSWORD)
    assert held.users.are_needed


def test_a_wrong_password_and_an_unknown_name_are_refused_alike(held: SqlStore) -> None:
    wrong, unknown = refused(held, "王芳", BAD), refused(held, "nobody", BAD)
    assert wrong.text("en") == unknown.text("en") == "Name or password is wrong."
    assert wrong.text("zh_CN") == unknown.text("zh_CN")


def test_argon2_is_computed_for_an_unknown_name_too(held: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[str] = []

    def counted(password: str, parameters: str) -> bytes:
        computed.append(parameters)
        return result_of(password, parameters)

    monkeypatch.setattr("console.store.users.result_of", counted)
    for name in ("王芳", "nobody"):
        refused(held, name, BAD)
    known, unknown = (one.rsplit("$", 1)[0] for one in computed)
    assert known == unknown  # the same costs, so the same time


def test_a_user_disabled_or_changed_after_the_sign_in_is_found_and_a_disabled_one_decides_nothing(held: SqlStore) -> None:
    actor = held.users.authenticate("王芳", GOOD, seat="D2")
    assert held.users.standing(actor) is None
    held.commit(opening(1), actor, NOW)
    held.users.change("王芳", ROOT, NOW, role=Role.SUPERVISOR)
    found = held.users.standing(actor)
    assert found is not None
    assert found.key == "sign_in_changed"
    assert not held.users.recognised(actor, GOOD)
    held.users.change("王芳", ROOT, NOW, is_enabled=False)
    found = held.users.standing(actor)
    assert found is not None
    assert found.key == "sign_in_disabled"
    before = held.head()
    with pytest.raises(SignInRefused, match="disabled"):
        held.commit(opening(2), actor, NOW)
    assert held.head() == before
    held.commit(opening(2), SYSTEM, NOW)
    assert held.verify_chain() is None


def test_a_disabled_user_is_told_so_only_with_the_right_password(held: SqlStore) -> None:
    held.users.change("王芳", ROOT, NOW, is_enabled=False)
    assert refused(held, "王芳", GOOD).key == "sign_in_disabled"
    assert refused(held, "王芳", BAD).key == "sign_in_wrong"


@pytest.mark.parametrize("name", ["王芳", "nobody"])
def test_after_five_failures_even_the_right_password_has_to_wait_longer_each_time(held: SqlStore, name: str) -> None:
    for _ in range(5):
        assert refused(held, name, BAD).key == "sign_in_wrong"
    early = refused(held, name, GOOD)
    assert early.key == "sign_in_wait"
    assert early.params["seconds"] in ("4", "5")
    as_if_ago(held, pause_s(5))
    assert refused(held, name, BAD).key == "sign_in_wrong"
    assert refused(held, name, BAD).params["seconds"] in ("9", "10")
    as_if_ago(held, pause_s(6))
    if name == "王芳":
        held.users.authenticate(name, GOOD)
        assert refused(held, name, BAD).key == "sign_in_wrong"  # counted anew


def test_the_pause_is_by_name_and_ends_after_a_minute_at_most() -> None:
    assert [pause_s(n) for n in (0, 4, 5, 6, 7, 8, 9, 50, 5000)] == [0, 0, 5, 10, 20, 40, 60, 60, 60]


def test_failures_of_one_name_hold_up_no_other(held: SqlStore) -> None:
    for _ in range(6):
        refused(held, "nobody", BAD)
    assert held.users.authenticate("王芳", GOOD).name == "王芳"


def test_a_new_password_replaces_the_old_one_at_once(held: SqlStore) -> None:
    for _ in range(6):
        refused(held, "王芳", BAD)
    held.users.change("王芳", ROOT, NOW, password="autumn-of-72")
    assert held.users.authenticate("王芳", "autumn-of-72").name == "王芳"
    assert refused(held, "王芳", GOOD).key == "sign_in_wrong"


def test_what_is_kept_of_a_password_is_never_in_the_chain_and_signs_nobody_in(held: SqlStore) -> None:
    refused(held, "王芳", BAD)
    refused(held, BAD, GOOD)  # a password typed into the field of the name
    held.users.change("王芳", ROOT, NOW, password="autumn-of-72")
    with held._looking() as connection:
        secrets = [str(one) for row in connection.execute(text("SELECT parameters, verifier FROM users")) for one in row]
        chain = "".join(map(str, connection.execute(text("SELECT * FROM changes")).all()))
    assert len(secrets) == 4
    assert not [one for one in (*secrets, GOOD, BAD, "autumn-of-72") if one in chain]
    assert all(refused(held, "管理员", secret[:200]).key == "sign_in_wrong" for secret in secrets)


def test_every_act_is_in_the_log_of_actions_with_who_did_it(held: SqlStore) -> None:
    boss = held.users.authenticate("管理员", GOOD, seat="D1")
    held.users.change("王芳", boss, NOW, role=Role.SUPERVISOR, areas=(), new_name="王芳芳")
    held.users.change("王芳芳", boss, NOW, password="autumn-of-72")
    refused(held, "王芳芳", BAD)
    held.users.record(SeatEvent.LOCKED, boss, NOW)
    made = held.changes()
    assert [one.kind for one in made] == [
        "user_added", "user_added", "user_changed", "user_changed", "sign_in_failed", "seat_locked",
    ]  # fmt: skip
    assert made[2].actor == boss
    assert made[2].after == {"name": "王芳芳", "role": "supervisor", "areas": []}
    assert held.verify_chain() is None


def test_the_only_administrator_cannot_be_disabled_or_get_another_role(held: SqlStore) -> None:
    for change in ({"is_enabled": False}, {"role": Role.AUDITOR}):
        with pytest.raises(InputFault, match="only enabled administrator"):
            held.users.change("管理员", ROOT, NOW, **change)
    held.users.add("second", Role.ADMIN, (), GOOD, ROOT, NOW)
    held.users.change("管理员", ROOT, NOW, is_enabled=False)


@pytest.mark.parametrize(
    ("name", "role", "password", "told"),
    [
        ("王芳", Role.GIS, GOOD, "in use"),
        ("ＫＬＭ", Role.GIS, "klm", "8 to 200"),
        ("", Role.GIS, GOOD, "1 to 40"),
        ("a\nb", Role.GIS, GOOD, "control"),
        ("long-enough", Role.GIS, "Long-Enough", "not the name"),
        ("crew", Role.CREW, GOOD, "expected one of"),
    ],
)
def test_what_cannot_be_a_user_is_refused_in_one_line(held: SqlStore, name: str, role: Role, password: str, told: str) -> None:
    with pytest.raises(InputFault, match=told) as fault:
        held.users.add(name, role, (), password, ROOT, NOW)
    assert "\n" not in str(fault.value)
    assert len(held.users.listed()) == 2


def test_a_seat_whose_store_is_away_recognises_who_signed_in_there_and_nobody_else(held: SqlStore) -> None:
    actor = held.users.authenticate("王芳", GOOD)
    assert held.users.recognised(actor, GOOD)
    assert not held.users.recognised(actor, BAD)
    assert not held.users.recognised(Actor.named("管理员"), GOOD)


def test_a_clock_set_back_does_not_lock_anybody_out(held: SqlStore) -> None:
    for _ in range(5):
        refused(held, "王芳", BAD)
    as_if_ago(held, -timedelta(days=3).total_seconds())
    assert float(refused(held, "王芳", GOOD).params["seconds"]) <= pause_s(5)
    as_if_ago(held, pause_s(5))
    assert held.users.authenticate("王芳", GOOD).name == "王芳"


@pytest.mark.parametrize("name", ["\x00", "王\x00芳", "王\ud800芳", "\udcff", "\u202e芳王", "<b>王芳</b>", "芳" * 100_000])
def test_a_name_that_nobody_can_have_is_refused_like_an_unknown_one(held: SqlStore, name: str) -> None:
    assert refused(held, name, GOOD).key == refused(held, "nobody", GOOD).key


def test_a_user_gets_no_name_that_another_one_has(held: SqlStore) -> None:
    before = held.users.listed()
    with pytest.raises(InputFault, match="in use"):
        held.users.change("王芳", ROOT, NOW, new_name="管理员 ")
    assert held.users.listed() == before
    assert held.users.change("王芳", ROOT, NOW, new_name=" 王芳").name == "王芳"


@pytest.mark.parametrize("areas", [(), ("",), ("A1", " "), ("\udcff",)])
def test_a_user_of_an_area_has_an_area(held: SqlStore, areas: tuple[str, ...]) -> None:
    with pytest.raises(InputFault, match="area") as fault:
        held.users.add("周", Role.AREA, areas, GOOD, ROOT, NOW)
    assert "\n" not in str(fault.value)
    with pytest.raises(InputFault, match="area"):
        held.users.change("王芳", ROOT, NOW, role=Role.AREA, areas=areas)


def test_a_store_that_is_full_or_read_only_signs_nobody_in_and_says_so_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = open_store(path)
    store.users.add("王芳", Role.DISPATCHER, (), GOOD, ROOT, NOW)
    for pragma, told in (("query_only = ON", "it is read-only"), ("max_page_count = 1", "the disk is full")):
        store.close()
        store = open_store(path)

        @event.listens_for(store._durable, "connect")
        def _limit(connection: Any, _record: object, pragma: str = pragma) -> None:
            connection.execute(f"PRAGMA {pragma}")

        store._durable.dispose()  # the next connection has the limit
        with pytest.raises(StoreUnavailable, match=told) as fault:
            store.users.add("x" * 40, Role.GIS, tuple(f"area-{number}" * 50 for number in range(500)), GOOD, ROOT, NOW)
        assert "\n" not in str(fault.value)
        assert len(store.users.listed()) == 1
    store.close()
