"""Commands for the server of a control room: init."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from console.cli.output import AsJson, print_result
from console.cli.users import account_actor, given_password
from maps.errors import InputFault

commands = typer.Typer()
server = typer.Typer(no_args_is_help=True, help="The database server of a control room.")
commands.add_typer(server, name="server")

File = Path | None


@server.callback()
def _group() -> None:
    """The database server of a control room."""


@server.command()
def init(
    store: Annotated[str, typer.Option(help="postgresql://owner@host/database; default: QUANMAI_STORE or the settings")] = "",
    admin: Annotated[str, typer.Option(help="name of the first administrator, made when the store has none")] = "",
    admin_password_file: Annotated[File, typer.Option(help="file with that password (mode 0600); '-': standard input")] = None,
    engine_account: Annotated[str, typer.Option(help="account that engines log in with, made when it is not there")] = "",
    engine_password_file: Annotated[File, typer.Option(help="file with its password")] = None,
    console_account: Annotated[str, typer.Option(help="account that consoles log in with")] = "",
    console_password_file: Annotated[File, typer.Option(help="file with its password")] = None,
    admin_account: Annotated[str, typer.Option(help="account for 'quanmai users', where it is not the owner's")] = "",
    admin_account_password_file: Annotated[File, typer.Option(help="file with its password")] = None,
    as_json: AsJson = False,
) -> None:
    """Prepare PostgreSQL: tables, roles with their rights, accounts and the first administrator. Safe to run again."""
    from console.settings import load_settings
    from console.store import open_store
    from console.store.server import ADMIN, CONSOLE, ENGINE, Account, prepare

    target = store or load_settings().store
    if not target:
        raise InputFault("which server? give --store postgresql://owner@host/database")
    wanted = (
        (engine_account, ENGINE, engine_password_file),
        (console_account, CONSOLE, console_password_file),
        (admin_account, ADMIN, admin_account_password_file),
    )
    accounts = tuple(
        Account(name, role, "" if file is None else given_password(file, f"password of {name}"))
        for name, role, file in wanted
        if name
    )
    done = list(prepare(target, accounts))
    opened = open_store(target)
    try:
        if opened.users.has_administrator():
            done.append("an administrator of users was there")
        elif admin:
            from console.domain.actors import Role

            password = given_password(admin_password_file, f"password for {admin}", twice=True)
            made = opened.users.add(admin, Role.ADMIN, (), password, account_actor(), datetime.now(UTC))
            done.append(f"first administrator {made.name} made")
        else:
            done.append("no administrator of users yet: run again with --admin NAME, or 'quanmai users add NAME --role admin'")
    finally:
        opened.close()
    print_result({"done": done}, as_json, "\n".join(done))
