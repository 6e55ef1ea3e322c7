"""Keys of other programs. Making and revoking a key is in the change chain, without the key itself."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Row, insert, select, update

from console.domain.actors import Actor
from console.domain.api_keys import ApiKey
from console.domain.changes import ChangeSet
from console.domain.clock import micros, moment
from console.domain.crew_links import fresh_token, token_hash
from console.services.access.records import api_key_changed
from console.store.tables import api_keys
from console.store.users import StoreAccess
from maps.errors import InputFault

_SHOWN = [one for one in api_keys.c if one.name != "key_hash"]


class SqlApiKeys:
    """Safe to use from several threads. Every method raises StoreUnavailable when the disk or server fails."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    def make(self, client: str, by: Actor, now: datetime) -> tuple[ApiKey, str]:
        """A new key of a client, and its text, which cannot be read again later."""
        token = fresh_token()
        key = ApiKey(f"K{uuid.uuid4().hex[:8]}", client, now)
        row = {"key_hash": token_hash(token), "key_id": key.key_id, "client": client, "made_us": micros(now)}
        with self._access.writing() as connection:
            self._access.append(connection, ChangeSet((api_key_changed(key),)), by, now)
            connection.execute(insert(api_keys).values(**row))
        return key, token

    def listed(self) -> tuple[ApiKey, ...]:
        """All keys, the revoked ones too, oldest first."""
        with self._access.looking() as connection:
            rows = connection.execute(select(*_SHOWN).order_by(api_keys.c.made_us, api_keys.c.key_id))
            return tuple(_key(row) for row in rows)

    def revoke(self, client_or_key: str, by: Actor, now: datetime) -> tuple[ApiKey, ...]:
        """Revoke one key by its id, or all of a client; those revoked now. Raises InputFault when none is left to revoke."""
        of = api_keys.c
        named = (of.client == client_or_key) | (of.key_id == client_or_key)
        with self._access.writing() as connection:
            found = [_key(row) for row in connection.execute(select(*_SHOWN).where(named, of.revoked_us.is_(None)))]
            if not found:
                raise InputFault(f"{client_or_key}: no client or key to revoke; 'quanmai open311 keys' shows all")
            ended = tuple(ApiKey(one.key_id, one.client, one.made_at, now) for one in found)
            self._access.append(connection, ChangeSet(tuple(api_key_changed(one) for one in ended)), by, now)
            ids = [one.key_id for one in ended]
            connection.execute(update(api_keys).where(of.key_id.in_(ids)).values(revoked_us=micros(now)))
        return ended

    def client_of(self, token: str) -> str | None:
        """The client whose key this is; None for an unknown or revoked one."""
        of, hashed = api_keys.c, token_hash(token)
        if not hashed:
            return None
        with self._access.looking() as connection:
            row = connection.execute(select(of.client).where(of.key_hash == hashed, of.revoked_us.is_(None))).one_or_none()
        return None if row is None else str(row.client)


def _key(row: Row[tuple[str, str, int, int | None]]) -> ApiKey:
    return ApiKey(row.key_id, row.client, moment(row.made_us), None if row.revoked_us is None else moment(row.revoked_us))
