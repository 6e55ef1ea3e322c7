"""Commands for links of crews to their page: link, links, revoke."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.administration import AtStore, opened_store
from console.cli.output import AsJson, print_result
from console.cli.users import ByFile, ByName, account_actor, given_password
from console.domain.actors import Actor, Permission
from maps.errors import InputFault
from maps.files import refuse_overwriting, write_aside

if TYPE_CHECKING:
    from console.domain.crew_links import CrewLink
    from console.store.crew_links import SqlCrewLinks

commands = typer.Typer()
crews = typer.Typer(no_args_is_help=True, help="Links of crews to their page on the phone.")
commands.add_typer(crews, name="crews")

_CREW_MOST = 80


@dataclass(frozen=True)
class _Work:
    links: SqlCrewLinks
    by: Actor


@crews.command()
def link(
    crew: Annotated[str, typer.Argument(help="id of the crew, as in the dataset")],
    address: Annotated[str, typer.Option(help="the page's address as phones reach it; default: by the settings")] = "",
    svg: Annotated[Path | None, typer.Option(help="also write the QR code to this SVG file")] = None,
    by: ByName = "",
    by_password_file: ByFile = None,
    store: AtStore = "",
    as_json: AsJson = False,
) -> None:
    """Make a link of a crew and show it, once, with its QR code. Who has the link is the crew: hand it over in person."""
    if not crew.strip() or len(crew) > _CREW_MOST or not crew.isprintable():
        raise InputFault(f"crew {crew!r}: expected the crew's id, at most {_CREW_MOST} characters")
    base = address.rstrip("/") or _address()
    if svg is not None:
        refuse_overwriting(svg, [])
    _qr(base)  # before a link is made that could not be shown
    with _work(store, by, by_password_file) as work:
        made, token = work.links.make(crew, work.by, datetime.now(UTC))
    url = f"{base}/in/{token}"
    code = _qr(url)
    if svg is not None:
        write_aside(svg, code[1])
        svg.chmod(0o600)
    about = {**_about(made), "url": url}
    print_result(
        about, as_json, f"{code[0]}\n{url}\nlink {made.link_id} of crew {crew}; revoke it: quanmai crews revoke {made.link_id}"
    )


@crews.command()
def links(
    crew: Annotated[str, typer.Argument(help="id of the crew; default: all")] = "", store: AtStore = "", as_json: AsJson = False
) -> None:
    """List the links; the addresses themselves are not kept."""
    with opened_store(store) as opened:
        found = opened.crew_links.listed(crew)
    print_result({"links": [_about(one) for one in found]}, as_json, "\n".join(map(_line, found)) or "no links")


@crews.command()
def revoke(
    crew: Annotated[str, typer.Argument(help="id of a crew (all its links) or of a link")],
    by: ByName = "",
    by_password_file: ByFile = None,
    store: AtStore = "",
    as_json: AsJson = False,
) -> None:
    """Revoke links: from the next request on they open nothing."""
    with _work(store, by, by_password_file) as work:
        ended = work.links.revoke(crew, work.by, datetime.now(UTC))
    print_result({"revoked": [_about(one) for one in ended]}, as_json, "\n".join(map(_line, ended)))


@contextmanager
def _work(store: str, by: str, by_file: Path | None) -> Iterator[_Work]:
    with opened_store(store) as opened:
        if not opened.users.are_needed:
            yield _Work(opened.crew_links, account_actor())
            return
        if not by:
            raise InputFault("this store has users: give --by NAME of one who may send crews")
        actor = opened.users.authenticate(by, given_password(by_file, f"password of {by}"), seat=platform.node())
        if not actor.may(Permission.CREWS):
            raise InputFault(f"{actor.name} ({actor.role}) may not send crews, nor give them links")
        yield _Work(opened.crew_links, actor)


def _address() -> str:
    from console.settings import load_settings

    settings = load_settings()
    if settings.web_public:
        return settings.web_public.rstrip("/")
    if not settings.web:
        raise InputFault("the page's address is not known: give --address https://…, or set web_public in settings.toml")
    return f"{'http' if settings.web_certificate is None else 'https'}://{settings.web}"


def _qr(url: str) -> tuple[str, bytes]:
    """The QR code for a terminal, and as SVG."""
    import io

    try:
        import segno
    except ImportError as fault:
        raise InputFault("QR codes need more packages (segno): pip install 'quanmai[web]'") from fault
    code, text, drawn = segno.make(url, error="m", micro=False), io.StringIO(), io.BytesIO()
    code.terminal(text, compact=True)
    code.save(drawn, kind="svg", scale=6, border=4)
    return text.getvalue(), drawn.getvalue()


def _about(link: CrewLink) -> dict[str, object]:
    ended = None if link.revoked_at is None else link.revoked_at.isoformat(timespec="seconds")
    return {"link": link.link_id, "crew": link.crew_id, "made": link.made_at.isoformat(timespec="seconds"), "revoked": ended}


def _line(link: CrewLink) -> str:
    state = "opens the page" if link.revoked_at is None else f"revoked {link.revoked_at:%Y-%m-%d %H:%M}Z"
    return f"{link.link_id}  {link.crew_id}  made {link.made_at:%Y-%m-%d %H:%M}Z  {state}"
