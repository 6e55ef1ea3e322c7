"""Pictures of the shift log on disk."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from console.domain.attachments import Attachment
from console.store.tables import attachments


def write(connection: Connection, new: Sequence[Attachment]) -> None:
    """Keep pictures; one that is kept already (the same bytes) is left as it is. The caller holds the write lock."""
    by_hash = {one.sha256: one for one in new}
    if not by_hash:
        return
    known = set(connection.execute(select(attachments.c.sha256).where(attachments.c.sha256.in_(by_hash))).scalars())
    rows = [
        {"sha256": one.sha256, "media_type": one.media_type, "content": one.content}
        for one in by_hash.values()
        if one.sha256 not in known
    ]
    if rows:
        connection.execute(insert(attachments), rows)


def read(connection: Connection, sha256: str) -> Attachment | None:
    """A picture by its hash; None when there is none, or when its bytes are not those any more."""
    row = connection.execute(select(attachments).where(attachments.c.sha256 == sha256)).one_or_none()
    if row is None:
        return None
    try:
        found = Attachment.of(bytes(row.content))
    except ValueError:
        return None
    return found if found.sha256 == sha256 else None
