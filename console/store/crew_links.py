"""Links of crews and settled answers of their pages. Making and revoking a link is in the change chain, without its token."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Row, insert, select, update

from console.domain.actors import Actor
from console.domain.changes import ChangeSet
from console.domain.clock import micros, moment
from console.domain.crew_links import Answered, CrewLink, fresh_token, token_hash
from console.services.access.records import crew_link_changed
from console.store.tables import crew_answers, crew_links
from console.store.users import StoreAccess
from maps.errors import InputFault

_SHOWN = [one for one in crew_links.c if one.name != "token_hash"]


class SqlCrewLinks:
    """Safe to use from several threads. Every method raises StoreUnavailable when the disk or server fails."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    def make(self, crew_id: str, by: Actor, now: datetime) -> tuple[CrewLink, str]:
        """A new link of a crew, and its token, which cannot be read again later."""
        token = fresh_token()
        link = CrewLink(f"L{uuid.uuid4().hex[:8]}", crew_id, now)
        row = {"token_hash": token_hash(token), "link_id": link.link_id, "crew_id": crew_id, "made_us": micros(now)}
        with self._access.writing() as connection:
            self._access.append(connection, ChangeSet((crew_link_changed(link),)), by, now)
            connection.execute(insert(crew_links).values(**row))
        return link, token

    def listed(self, crew_id: str = "") -> tuple[CrewLink, ...]:
        """Links of a crew, or all; the revoked ones too, oldest first."""
        query = select(*_SHOWN).order_by(crew_links.c.made_us, crew_links.c.link_id)
        with self._access.looking() as connection:
            rows = connection.execute(query.where(crew_links.c.crew_id == crew_id) if crew_id else query)
            return tuple(_link(row) for row in rows)

    def revoke(self, crew_or_link: str, by: Actor, now: datetime) -> tuple[CrewLink, ...]:
        """Revoke one link by its id, or all of a crew; those revoked now. Raises InputFault when none is left to revoke."""
        of = crew_links.c
        named = (of.crew_id == crew_or_link) | (of.link_id == crew_or_link)
        with self._access.writing() as connection:
            found = [_link(row) for row in connection.execute(select(*_SHOWN).where(named, of.revoked_us.is_(None)))]
            if not found:
                raise InputFault(f"{crew_or_link}: no crew or link with a link to revoke; 'quanmai crews links' shows all")
            ended = tuple(CrewLink(one.link_id, one.crew_id, one.made_at, now) for one in found)
            drafts = tuple(crew_link_changed(one) for one in ended)
            self._access.append(connection, ChangeSet(drafts), by, now)
            ids = [one.link_id for one in ended]
            connection.execute(update(crew_links).where(of.link_id.in_(ids)).values(revoked_us=micros(now)))
        return ended

    def crew_of(self, token: str) -> str | None:
        """The crew whose page a token opens now; None for an unknown or revoked one."""
        of, hashed = crew_links.c, token_hash(token)
        if not hashed:
            return None
        with self._access.looking() as connection:
            row = connection.execute(select(of.crew_id).where(of.token_hash == hashed, of.revoked_us.is_(None))).one_or_none()
        return None if row is None else str(row.crew_id)

    def crews(self) -> frozenset[str]:
        """Crews with a link that opens the page."""
        of = crew_links.c
        with self._access.looking() as connection:
            return frozenset(connection.execute(select(of.crew_id).where(of.revoked_us.is_(None)).distinct()).scalars())

    def answered(self, crew_id: str, answer_id: str) -> Answered | None:
        """What became of an answer; None while it is not settled."""
        of = crew_answers.c
        query = select(of.outcome).where(of.crew_id == crew_id, of.answer_id == answer_id)
        with self._access.looking() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else msgspec.json.decode(found, type=Answered)

    def settle(self, crew_id: str, answer_id: str, outcome: Answered) -> None:
        """Keep what became of an answer; the first outcome of an id stays."""
        of, text = crew_answers.c, msgspec.json.encode(outcome).decode()
        with self._access.writing() as connection:
            known = select(of.crew_id).where(of.crew_id == crew_id, of.answer_id == answer_id)
            if connection.execute(known).first() is None:
                row = {"crew_id": crew_id, "answer_id": answer_id, "taken_us": micros(datetime.now(UTC)), "outcome": text}
                connection.execute(insert(crew_answers).values(**row))


def _link(row: Row[tuple[str, str, int, int | None]]) -> CrewLink:
    ended = None if row.revoked_us is None else moment(row.revoked_us)
    return CrewLink(row.link_id, row.crew_id, moment(row.made_us), ended)
