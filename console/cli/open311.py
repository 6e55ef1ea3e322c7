"""Commands for keys of other programs (Open311), and the figures of tickets."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.administration import AtStore, opened_store
from console.cli.output import AsJson, print_result
from console.cli.users import ByFile, ByName, account_actor, given_password
from console.domain.actors import Actor, Role
from maps.errors import InputFault

if TYPE_CHECKING:
    from console.domain.api_keys import ApiKey
    from console.store.api_keys import SqlApiKeys

commands = typer.Typer()
open311 = typer.Typer(no_args_is_help=True, help="Keys of other programs that send and read tickets (Open311 GeoReport v2).")
commands.add_typer(open311, name="open311")

_CLIENT_MOST = 80
_MAY = (Role.ADMIN, Role.SUPERVISOR)


@open311.command()
def key(
    client: Annotated[str, typer.Argument(help="name of the other program, such as 12345")],
    by: ByName = "",
    by_password_file: ByFile = None,
    store: AtStore = "",
    as_json: AsJson = False,
) -> None:
    """Make a key of a client and show it, once."""
    if not client.strip() or len(client) > _CLIENT_MOST or not client.isprintable():
        raise InputFault(f"client {client!r}: expected a name, at most {_CLIENT_MOST} characters")
    with _work(store, by, by_password_file) as (keys, actor):
        made, token = keys.make(client, actor, datetime.now(UTC))
    print_result({**_about(made), "api_key": token}, as_json, f"{token}\nkey {made.key_id} of {client}; it is not shown again")


@open311.command()
def keys(store: AtStore = "", as_json: AsJson = False) -> None:
    """List the keys; the keys themselves are not kept."""
    with opened_store(store) as opened:
        found = opened.api_keys.listed()
    print_result({"keys": [_about(one) for one in found]}, as_json, "\n".join(map(_line, found)) or "no keys")


@open311.command()
def revoke(
    client: Annotated[str, typer.Argument(help="name of a client (all its keys) or id of a key")],
    by: ByName = "",
    by_password_file: ByFile = None,
    store: AtStore = "",
    as_json: AsJson = False,
) -> None:
    """Revoke keys: from the next request on they are refused."""
    with _work(store, by, by_password_file) as (held, actor):
        ended = held.revoke(client, actor, datetime.now(UTC))
    print_result({"revoked": [_about(one) for one in ended]}, as_json, "\n".join(map(_line, ended)))


@commands.command()
def tickets(
    days: Annotated[int, typer.Option(help="of the last so many days", min=1, max=3660)] = 30,
    store: AtStore = "",
    as_json: AsJson = False,
) -> None:
    """Figures of tickets: counts, calls back, satisfaction with number asked, share answered and 95 % interval."""
    from console.domain.clock import micros
    from console.domain.tickets import TICKET, Ticket
    from console.services.tickets.figures import figures, satisfaction

    now = datetime.now(UTC)
    since = now - timedelta(days=days)
    with opened_store(store) as opened:
        found = opened.records_of((TICKET,), micros(since), micros(now + timedelta(days=1)))
    called = [one for one in found if isinstance(one, Ticket) and one.called_at >= since]
    lines = [f"{len(called)} tickets in {days} days, {sum(one.is_open for one in called)} open"]
    for one in satisfaction(called):
        if one.stage is None and one.interval is not None:
            low, high = one.interval
            share = one.satisfied / one.answered
            told = f"asked {one.asked}, answered {one.answered}, satisfied {share:.1%} (95 %: {low:.1%} to {high:.1%})"
            lines.append(f"{one.aspect.value}: {told}")
    print_result({"days": days, **figures(called)}, as_json, "\n".join(lines))


@contextmanager
def _work(store: str, by: str, by_file: Path | None) -> Iterator[tuple[SqlApiKeys, Actor]]:
    with opened_store(store) as opened:
        if not opened.users.are_needed:
            yield opened.api_keys, account_actor()
            return
        if not by:
            raise InputFault("this store has users: give --by NAME of a supervisor or administrator")
        actor = opened.users.authenticate(by, given_password(by_file, f"password of {by}"), seat=platform.node())
        if actor.role not in _MAY:
            raise InputFault(f"{actor.name} ({actor.role}) may not give keys to other programs")
        yield opened.api_keys, actor


def _about(one: ApiKey) -> dict[str, object]:
    ended = None if one.revoked_at is None else one.revoked_at.isoformat(timespec="seconds")
    return {"key": one.key_id, "client": one.client, "made": one.made_at.isoformat(timespec="seconds"), "revoked": ended}


def _line(one: ApiKey) -> str:
    state = "accepted" if one.revoked_at is None else f"revoked {one.revoked_at:%Y-%m-%d %H:%M}Z"
    return f"{one.key_id}  {one.client}  made {one.made_at:%Y-%m-%d %H:%M}Z  {state}"
