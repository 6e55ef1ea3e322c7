"""Commands for users of a store: add, list, disable, enable, password, role, rename. A password is never on the command line."""

from __future__ import annotations

import getpass
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.administration import AtStore, opened_store
from console.cli.output import AsJson, print_result
from console.domain.actors import PEOPLE, Actor, Permission, Proof, Role
from maps.errors import InputFault

if TYPE_CHECKING:
    from console.domain.users import User
    from console.store.users import SqlUsers

commands = typer.Typer()
users = typer.Typer(no_args_is_help=True, help="Users that sign in to a store, their roles and areas.")
commands.add_typer(users, name="users")

Name = Annotated[str, typer.Argument(help="the user's name, as it is shown and signed in with")]
ByName = Annotated[str, typer.Option("--by", help="administrator who does it; asked for by default")]
ByFile = Annotated[Path | None, typer.Option("--by-password-file", help="file with that administrator's password")]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="file with the user's password (mode 0600); '-' reads standard input")
]
Recover = Annotated[bool, typer.Option("--recover", help="no administrator can sign in: act by rights on the store; recorded")]
RoleName = Annotated[Role, typer.Option("--role", help=", ".join(PEOPLE))]
Areas = Annotated[list[str] | None, typer.Option("--area", help="id of an area; several are possible; none: the whole city")]


@dataclass(frozen=True)
class _Work:
    users: SqlUsers
    by: Actor
    is_recovery: bool


@users.command()
def add(
    name: Name,
    role: RoleName,
    area: Areas = None,
    password_file: PasswordFile = None,
    by: ByName = "",
    by_password_file: ByFile = None,
    recover: Recover = False,
    store: AtStore = "",
    as_json: AsJson = False,
) -> None:
    """Add a user. The first one of a store is an administrator; from then on everybody signs in.

    On a single seat supervisors alone may be added: they approve notices there by password, and nobody signs in.
    """
    with _work(store, by, by_password_file, recover) as work:
        if not work.users.has_administrator() and role not in (Role.ADMIN, Role.SUPERVISOR):
            raise InputFault(
                "the first user of a store is an administrator: give --role admin, and everybody signs in; or --role supervisor "
                "for who approves notices at a single seat where nobody signs in"
            )
        password = given_password(password_file, f"password for {name}", twice=True)
        made = work.users.add(name, role, area or (), password, work.by, datetime.now(UTC), is_recovery=work.is_recovery)
    _print(made, as_json, "added")


@users.command("list")
def list_(store: AtStore = "", as_json: AsJson = False) -> None:
    """List the users with role, areas and state."""
    with opened_store(store) as opened:
        found = opened.users.listed()
    print_result({"users": [_about(one) for one in found]}, as_json, "\n".join(map(_line, found)) or "no users")


@users.command()
def disable(
    name: Name, by: ByName = "", by_password_file: ByFile = None, recover: Recover = False, store: AtStore = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let a user sign in no longer; what the user did stays in the log of actions."""
    with _work(store, by, by_password_file, recover) as work:
        changed = work.users.change(name, work.by, datetime.now(UTC), is_enabled=False, is_recovery=work.is_recovery)
    _print(changed, as_json, "disabled")


@users.command()
def enable(
    name: Name, by: ByName = "", by_password_file: ByFile = None, recover: Recover = False, store: AtStore = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let a disabled user sign in again."""
    with _work(store, by, by_password_file, recover) as work:
        changed = work.users.change(name, work.by, datetime.now(UTC), is_enabled=True, is_recovery=work.is_recovery)
    _print(changed, as_json, "enabled")


@users.command()
def password(
    name: Name,
    password_file: PasswordFile = None,
    by: ByName = "",
    by_password_file: ByFile = None,
    recover: Recover = False,
    store: AtStore = "",
    as_json: AsJson = False,
) -> None:
    """Give a user a new password."""
    with _work(store, by, by_password_file, recover) as work:
        work.users.named(name)
        fresh = given_password(password_file, f"new password for {name}", twice=True)
        changed = work.users.change(name, work.by, datetime.now(UTC), password=fresh, is_recovery=work.is_recovery)
    _print(changed, as_json, "has a new password")


@users.command()
def role(
    name: Name,
    role: RoleName,
    area: Areas = None,
    by: ByName = "",
    by_password_file: ByFile = None,
    recover: Recover = False,
    store: AtStore = "",
    as_json: AsJson = False,
) -> None:
    """Give a user another role, with the areas named here alone."""
    with _work(store, by, by_password_file, recover) as work:
        now = datetime.now(UTC)
        changed = work.users.change(name, work.by, now, role=role, areas=area or (), is_recovery=work.is_recovery)
    _print(changed, as_json, "changed")


@users.command()
def rename(
    name: Name,
    new_name: Annotated[str, typer.Argument(help="the new name")],
    by: ByName = "",
    by_password_file: ByFile = None,
    recover: Recover = False,
    store: AtStore = "",
    as_json: AsJson = False,
) -> None:
    """Give a user another shown name; the id and all records stay."""
    with _work(store, by, by_password_file, recover) as work:
        changed = work.users.change(name, work.by, datetime.now(UTC), new_name=new_name, is_recovery=work.is_recovery)
    _print(changed, as_json, "renamed")


def given_password(file: Path | None, asked: str, *, twice: bool = False) -> str:
    """A password from a file, from standard input, or typed at a prompt that shows nothing. Raises InputFault."""
    from console.secret_files import read_secret

    if file is not None and str(file) != "-":
        return read_secret(file)
    if file is not None or not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line:
            raise InputFault(f"{asked}: standard input is empty; give --password-file, or type it at a terminal")
        return line.rstrip("\r\n")
    typed = getpass.getpass(f"{asked}: ")
    if twice and getpass.getpass("once more: ") != typed:
        raise InputFault(f"{asked}: the two are not the same; nothing was changed")
    return typed


def account_actor() -> Actor:
    """The account of the operating system that runs this command."""
    from console.settings import account

    return Actor(account(), account(), Role.ADMIN, seat=platform.node(), proof=Proof.ACCOUNT)


@contextmanager
def _work(store: str, by: str, by_file: Path | None, recover: bool) -> Iterator[_Work]:
    with opened_store(store) as opened:
        has_one = opened.users.has_administrator()
        if recover or not has_one:
            yield _Work(opened.users, account_actor(), is_recovery=has_one)
            return
        name = by or (input("administrator: ").strip() if sys.stdin.isatty() else "")
        if not name:
            raise InputFault("which administrator does this? give --by NAME")
        word = given_password(by_file, f"password of {name}")
        actor = opened.users.authenticate(name, word, seat=platform.node())
        if not actor.may(Permission.USERS):
            raise InputFault(f"{actor.name} ({actor.role}) may not administer users: an administrator does")
        yield _Work(opened.users, actor, is_recovery=False)


def _print(user: User, as_json: bool, what: str) -> None:
    print_result(_about(user), as_json, f"user {user.name} {what}: {_line(user)}")


def _about(user: User) -> dict[str, object]:
    return {
        "id": user.user_id, "name": user.name, "role": user.role.value, "areas": list(user.areas), "enabled": user.is_enabled,
        "created": user.created_at.isoformat(timespec="seconds"), "changed": user.changed_at.isoformat(timespec="seconds"),
    }  # fmt: skip


def _line(user: User) -> str:
    where = ", ".join(user.areas) or "whole city"
    return f"{user.name}  {user.role}  {where}  {'enabled' if user.is_enabled else 'disabled'}  {user.user_id}"
