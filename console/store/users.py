"""Users in the store: administration, and signing in. Each act is in the change chain; nothing made from a password is."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, text, update

from console.domain.actors import PEOPLE, SYSTEM, Actor, Proof, Role
from console.domain.changes import ChangeSet, Draft
from console.domain.clock import micros, moment
from console.domain.users import User, areas_fault, name_fault, name_key, password_fault, pause_s
from console.services.access.records import SeatEvent, refused_sign_in, seat_event, user_changed
from console.services.access.sign_in import SignInRefused, changed, disabled, must_wait, wrong
from console.store.passwords import fresh_parameters, result_of, verifier_of
from console.store.tables import sign_in_failures, users
from maps.errors import InputFault

_FORGOTTEN_US = 86_400_000_000
_SHOWN_LETTERS = 50
"""Of a name in a message: a far too long one does not fill the screen."""
_SHOWN = [one for one in users.c if one.name not in ("parameters", "verifier")]
_UNKNOWN = fresh_parameters()
"""For unknown names: their check takes as long as that of a known one."""


@dataclass(frozen=True, slots=True)
class StoreAccess:
    """How users reach their store: a write transaction, a read transaction, and appending to the chain inside a transaction."""

    writing: Callable[[], AbstractContextManager[Connection]]
    looking: Callable[[], AbstractContextManager[Connection]]
    append: Callable[[Connection, ChangeSet, Actor, datetime], object]


@dataclass(frozen=True, slots=True)
class _Checked:
    outcome: str
    failures: int
    pause_s: float
    user_id: str | None


class SqlUsers:
    """Implements the services' Authenticator. Safe to use from several threads."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access
        self._remembered: dict[str, tuple[Actor, str, str]] = {}
        """Who signed in here, with parameters and verifier, by name: for unlocking while the store is away."""

    @property
    def are_needed(self) -> bool:
        """Whether people must sign in: the store has users other than supervisors.

        Supervisors alone approve notices at a seat where nobody signs in.
        """
        others = select(func.count()).select_from(users).where(users.c.role != Role.SUPERVISOR.value)
        with self._access.looking() as connection:
            return connection.execute(others).scalar_one() > 0

    def listed(self) -> tuple[User, ...]:
        """Every user, by name."""
        with self._access.looking() as connection:
            return tuple(_user(row) for row in connection.execute(select(*_SHOWN).order_by(users.c.name_key)))

    def named(self, name: str) -> User:
        """One user. Raises InputFault."""
        with self._access.looking() as connection:
            return _found(connection, name)

    # Administration. ``by``: who does it.

    def add(
        self, name: str, role: Role, areas: Sequence[str], password: str, by: Actor, now: datetime, *, is_recovery: bool = False
    ) -> User:
        """A new user, enabled. Raises InputFault for a name in use, a role or a password that is not allowed."""
        made = User(f"u-{uuid.uuid4().hex[:8]}", name.strip(), _person(role), tuple(areas), True, now, now)
        _check_user(made)
        _check_password(password, made.name)
        secret = _secret(password)
        with self._access.writing() as connection:
            _check_free(connection, made)
            self._append(connection, user_changed(None, made, True, is_recovery), by, now)
            connection.execute(insert(users).values(**_row(made), **secret))
        return made

    def change(
        self,
        name: str,
        by: Actor,
        now: datetime,
        *,
        role: Role | None = None,
        areas: Sequence[str] | None = None,
        is_enabled: bool | None = None,
        new_name: str | None = None,
        password: str | None = None,
        is_recovery: bool = False,
    ) -> User:
        """Change what is given. Raises InputFault, also for what would leave no enabled administrator."""
        secret = {}
        if password is not None:
            _check_password(password, new_name or name)
            secret = _secret(password)
        with self._access.writing() as connection:
            before = _found(connection, name, locked=True)
            after = replace(
                before,
                name=before.name if new_name is None else new_name.strip(),
                role=before.role if role is None else _person(role),
                areas=before.areas if areas is None else tuple(areas),
                is_enabled=before.is_enabled if is_enabled is None else is_enabled,
                changed_at=now,
            )
            _check_user(after)
            _check_free(connection, after)
            if _administers(before) and not _administers(after) and not _other_administrator(connection, before):
                raise InputFault(f"user {before.name}: is the only enabled administrator; make another one first")
            self._append(connection, user_changed(before, after, password is not None, is_recovery), by, now)
            connection.execute(update(users).where(users.c.user_id == after.user_id).values(**_row(after), **secret))
            if password is not None:
                connection.execute(delete(sign_in_failures).where(sign_in_failures.c.name_key == _hashed(name_key(name))))
        return after

    def has_administrator(self) -> bool:
        """Whether an enabled user can administer the others."""
        return any(_administers(user) for user in self.listed())

    # Signing in.

    def authenticate(self, name: str, password: str, *, seat: str = "", proof: Proof = Proof.PASSWORD) -> Actor:
        """See ``Authenticator``. The name's parameters are read, Argon2id is computed here, the store compares its result."""
        key = name_key(name)
        with self._access.looking() as connection:
            parameters = connection.execute(select(users.c.parameters).where(users.c.name_key == key)).scalar()
        result = result_of(password, parameters or _UNKNOWN)
        with self._access.writing() as connection:
            checked = _check(connection, key, result)
            user = None if checked.user_id is None else _by_id(connection, checked.user_id)
            if checked.outcome == "wrong":
                draft = refused_sign_in(user, seat or "–", checked.failures)
                self._append(connection, draft, replace(SYSTEM, seat=seat), datetime.now(UTC))
        if checked.outcome == "wait":
            raise must_wait(checked.pause_s)
        if checked.outcome == "wrong" or user is None:
            raise wrong()
        if checked.outcome == "disabled":
            raise disabled(user.name)
        actor = user.actor(seat, proof)
        self._remembered[key] = (actor, parameters or "", verifier_of(result))
        return actor

    def recognised(self, actor: Actor, password: str) -> bool:
        """Whether it is the password that ``actor`` signed in with in this process: for a seat whose store is away."""
        remembered = self._remembered.get(name_key(actor.name))
        if remembered is None or remembered[0].actor_id != actor.actor_id:
            return False
        return verifier_of(result_of(password, remembered[1])) == remembered[2]

    def standing(self, actor: Actor) -> SignInRefused | None:
        """Why ``actor`` has lost the seat since signing in; None while nothing has changed. See ``SeatAccess``."""
        with self._access.looking() as connection:
            found = connection.execute(select(*_SHOWN).where(users.c.user_id == actor.actor_id)).one_or_none()
        user = None if found is None else _user(found)
        if user is None or (user.is_enabled and (user.role, user.areas) == (actor.role, actor.areas)):
            return None
        self._remembered = {key: one for key, one in self._remembered.items() if one[0].actor_id != actor.actor_id}
        return changed(user.name) if user.is_enabled else disabled(user.name)

    @staticmethod
    def require_enabled(connection: Connection, actor: Actor) -> None:
        """Inside the transaction of what ``actor`` decided: raises SignInRefused for a user who is disabled meanwhile."""
        if actor.is_signed_in:
            is_enabled = connection.execute(select(users.c.is_enabled).where(users.c.user_id == actor.actor_id)).scalar()
            if is_enabled is not None and not is_enabled:
                raise disabled(actor.name)

    def record(self, event: SeatEvent, actor: Actor, now: datetime, by: str = "") -> None:
        """Write what happened at a seat to the log of actions. Raises StoreUnavailable."""
        with self._access.writing() as connection:
            self._append(connection, seat_event(event, actor.name, actor.seat or "–", by), actor, now)

    def _append(self, connection: Connection, draft: Draft, by: Actor, now: datetime) -> None:
        self._access.append(connection, ChangeSet((draft,)), by, now)


def _check(connection: Connection, key: str, result: bytes) -> _Checked:
    """Compare a result with the stored one, and count failures."""
    if connection.dialect.name == "postgresql":
        call = text("SELECT outcome, failed, pause, found_id FROM quanmai_sign_in(:name, :hash, :result)")
        row = connection.execute(call, {"name": key, "hash": _hashed(key), "result": result}).one()
        return _Checked(str(row.outcome), int(row.failed), float(row.pause), row.found_id)
    return _check_here(connection, key, result)


def _check_here(connection: Connection, key: str, result: bytes) -> _Checked:
    """The same as the function ``quanmai_sign_in`` of PostgreSQL (migration 0015); the caller holds SQLite's write lock."""
    of, now_us = sign_in_failures.c, micros(datetime.now(UTC))
    mine = of.name_key == _hashed(key)
    connection.execute(delete(sign_in_failures).where(of.last_us < now_us - _FORGOTTEN_US))
    row = connection.execute(select(of.failures, of.last_us).where(mine)).one_or_none()
    failures, last_us = (0, 0) if row is None else (int(row.failures), int(row.last_us))
    if last_us > now_us:  # the clock was set back: the pause begins anew, else it would last until the clock has caught up
        connection.execute(update(sign_in_failures).where(mine).values(last_us=now_us))
        last_us = now_us
    left_s = pause_s(failures) - (now_us - last_us) / 1e6
    if left_s > 0:
        return _Checked("wait", failures, left_s, None)
    person = connection.execute(
        select(users.c.user_id, users.c.verifier, users.c.is_enabled).where(users.c.name_key == key)
    ).one_or_none()
    connection.execute(delete(sign_in_failures).where(mine))
    if person is not None and person.verifier == verifier_of(result):
        return _Checked("ok" if person.is_enabled else "disabled", failures, 0.0, str(person.user_id))
    connection.execute(insert(sign_in_failures).values(name_key=_hashed(key), failures=failures + 1, last_us=now_us))
    return _Checked("wrong", failures + 1, 0.0, None if person is None else str(person.user_id))


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _secret(password: str) -> dict[str, str]:
    parameters = fresh_parameters()
    return {"parameters": parameters, "verifier": verifier_of(result_of(password, parameters))}


def _check_user(user: User) -> None:
    if fault := name_fault(user.name) or areas_fault(user.role, user.areas):
        raise InputFault(f"user {user.name[:_SHOWN_LETTERS]!r}: {fault}")


def _check_free(connection: Connection, user: User) -> None:
    """Raises InputFault when another user has the name."""
    of = users.c
    if connection.execute(select(of.user_id).where(of.name_key == name_key(user.name), of.user_id != user.user_id)).first():
        raise InputFault(f"user {user.name}: the name is in use; choose another one, names stay with their records")


def _check_password(password: str, name: str) -> None:
    if fault := password_fault(password, name):
        raise InputFault(f"user {name}: {fault}")


def _person(role: Role) -> Role:
    if role not in PEOPLE:
        raise InputFault(f"role {role}: expected one of {', '.join(PEOPLE)}")
    return role


def _administers(user: User) -> bool:
    return user.is_enabled and user.role is Role.ADMIN


def _other_administrator(connection: Connection, user: User) -> bool:
    of = users.c
    others = select(of.user_id).where(of.role == Role.ADMIN.value, of.is_enabled, of.user_id != user.user_id)
    return connection.execute(others).first() is not None


def _found(connection: Connection, name: str, *, locked: bool = False) -> User:
    query = select(*_SHOWN).where(users.c.name_key == name_key(name))
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise InputFault(f"user {name!r}: no such user; 'quanmai users list' shows all")
    return _user(row)


def _by_id(connection: Connection, user_id: str) -> User:
    return _user(connection.execute(select(*_SHOWN).where(users.c.user_id == user_id)).one())


def _row(user: User) -> dict[str, Any]:
    return {
        "user_id": user.user_id,
        "name": user.name,
        "name_key": name_key(user.name),
        "role": user.role.value,
        "areas": json.dumps(list(user.areas), ensure_ascii=False),
        "is_enabled": user.is_enabled,
        "created_us": micros(user.created_at),
        "changed_us": micros(user.changed_at),
    }


def _user(row: Row[Any]) -> User:
    areas: Iterator[str] = map(str, json.loads(row.areas))
    return User(
        row.user_id, row.name, Role(row.role), tuple(areas), bool(row.is_enabled), moment(row.created_us), moment(row.changed_us)
    )
