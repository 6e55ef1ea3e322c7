"""Preparing a PostgreSQL server: tables of the newest version, roles with their grants, accounts. Safe to run again.

Three roles without login hold the rights; accounts are members of one of them. None of them may update or delete changes.

- ``quanmai_console``: reads everything but what is kept of passwords, and decides. It may not lead: no writing of readings.
- ``quanmai_engine``: leads as well: writes readings and deletes what retention deletes.
- ``quanmai_admin``: a console that may administer users.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, exc, text

from console.store.connection import engine_for, migrate, shown, store_url
from console.store.faults import told
from console.store.tables import metadata, users
from maps.errors import InputFault

CONSOLE, ENGINE, ADMIN = "quanmai_console", "quanmai_engine", "quanmai_admin"
_ROLES = (CONSOLE, ENGINE, ADMIN)
_SECRET = "verifier"
_CREWS = ("crew_links", "crew_answers", "api_keys")
_DECIDES = {
    "INSERT": ("changes", "records", "counters", "outgoing", "stations", "station_orders", "attachments", *_CREWS),
    "UPDATE": ("records", "counters", "crew_links", "api_keys"),
}
_DERIVED = ("jobs", "rollups", "rollup_due")
_LEADS = {
    "INSERT": ("deliveries", "lease", "reading_log", "reading_blocks", "expected_ticks", "tracks", "deletions", *_DERIVED),
    "UPDATE": ("outgoing", "deliveries", "lease", "deletions", *_DERIVED),
    "DELETE": ("reading_log", "reading_blocks", "expected_ticks", "tracks", *_DERIVED),
}
_ADMINISTERS = {"INSERT": ("users",), "UPDATE": ("users",), "SELECT": ("sign_in_failures",), "DELETE": ("sign_in_failures",)}


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the server that logs in, as a member of ``role``. ``password``: "" to leave an existing one as it is."""

    name: str
    role: str
    password: str = field(default="", repr=False)


def prepare(target: str | Path, accounts: tuple[Account, ...] = ()) -> tuple[str, ...]:
    """Bring the tables up to date, make the roles and the accounts, and grant the rights; what was done, in lines.

    Needs an account that owns the database and may create roles. Raises InputFault, StoreNewer, StoreUnavailable.
    """
    url = store_url(target)
    where = shown(url)
    if url.get_backend_name() != "postgresql":
        raise InputFault(f"store {where}: only PostgreSQL is prepared; a file needs only users: quanmai users add")
    engine = engine_for(url, durable=True)
    try:
        with told(where):
            migrate(engine, where)
            return (f"store {where}: tables are those of this version", *_granted(engine, where, accounts))
    finally:
        engine.dispose()


def _granted(engine: Engine, where: str, accounts: tuple[Account, ...]) -> tuple[str, ...]:
    try:
        with engine.begin() as connection:
            made = [*_roles(connection), *_accounts(connection, accounts)]
            for statement in _grants(connection):
                connection.execute(text(statement))
    except exc.ProgrammingError as fault:
        reason = str(fault.orig).strip().splitlines()[0]
        if "permission denied" not in reason and "must be owner" not in reason and "must have" not in reason:
            raise
        raise InputFault(
            f"store {where}: this account may not prepare it ({reason}); use its owner, with CREATEROLE, or a superuser"
        ) from fault
    return (*made, f"rights granted to {', '.join(_ROLES)}: none may change or delete the log of actions")


def _roles(connection: Connection) -> Iterator[str]:
    for role in _ROLES:
        if _exists(connection, role):
            yield f"role {role} was there"
        else:
            connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))
            yield f"role {role} made"


def _accounts(connection: Connection, accounts: tuple[Account, ...]) -> Iterator[str]:
    quote = connection.dialect.identifier_preparer.quote_identifier
    for one in accounts:
        name, was_there = quote(one.name), _exists(connection, one.name)
        if one.name in _ROLES:
            raise InputFault(f"account {one.name}: is the name of a role; choose another one")
        if not was_there and not one.password:
            raise InputFault(f"account {one.name}: a new account needs a password; give it in a file")
        if not was_there:
            connection.execute(text(f"CREATE ROLE {name} LOGIN"))
        if one.password:
            connection.execute(text(f"ALTER ROLE {name} LOGIN PASSWORD '{_scram(connection, one)}'"))
        connection.execute(text(f"GRANT {one.role} TO {name}"))
        yield f"account {one.name} {'was there' if was_there else 'made'}, member of {one.role}"


def _scram(connection: Connection, account: Account) -> str:
    """The password as the server keeps it, computed here: the password itself would be in the server's log."""
    driver = connection.connection.driver_connection
    assert driver is not None
    made: bytes = driver.pgconn.encrypt_password(account.password.encode(), account.name.encode(), b"scram-sha-256")
    return made.decode("ascii").replace("'", "''").replace(":", "\\:")


def _exists(connection: Connection, role: str) -> bool:
    return connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": role}).first() is not None


def _grants(connection: Connection) -> Iterator[str]:
    """Everything is taken away first, inside the same transaction: an earlier version may have granted more."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    schema = quote(str(connection.execute(text("SELECT current_schema()")).scalar_one()))
    base = quote(str(connection.execute(text("SELECT current_database()")).scalar_one()))
    every = ", ".join(_ROLES)
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {every}"
    yield f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"
    yield f"GRANT CONNECT ON DATABASE {base} TO {every}"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {every}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {every}"
    yield "GRANT EXECUTE ON FUNCTION quanmai_sign_in(text, text, bytea) TO " + every
    read = [name for name in metadata.tables if name not in ("users", "sign_in_failures")]
    yield f"GRANT SELECT ON {_listed([*read, 'alembic_version'])} TO {every}"
    shown_columns = ", ".join(quote(column.name) for column in users.columns if column.name != _SECRET)
    yield f"GRANT SELECT ({shown_columns}) ON users TO {every}"
    for right, tables in _DECIDES.items():
        yield f"GRANT {right} ON {_listed(tables)} TO {every}"
    for right, tables in _LEADS.items():
        yield f"GRANT {right} ON {_listed(tables)} TO {ENGINE}"
    for right, tables in _ADMINISTERS.items():
        yield f"GRANT {right} ON {_listed(tables)} TO {ADMIN}"


def _listed(tables: list[str] | tuple[str, ...]) -> str:
    return ", ".join(tables)
