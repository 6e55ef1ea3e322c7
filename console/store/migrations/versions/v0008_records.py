"""One table for records of every kind, with versions of alarms too; the schema of the documents in each change.

Rows of incidents and alarms move over as schema 1; alarms begin with version 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_AT_ONCE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    """Create ``records``, fill it, drop the two tables it replaces."""
    records = op.create_table(
        "records",
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("opened_us", sa.BigInteger, nullable=False),
        sa.Column("closed_us", sa.BigInteger),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("schema", sa.SmallInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("opened_as", sa.String(120)),
        sa.UniqueConstraint("opened_as", name="records_opened_as"),
    )
    for name, id_column, row_of in (("incidents", "incident_id", _incident), ("alarms", "alarm_id", _alarm)):
        for rows in _parts(name, id_column):
            op.bulk_insert(records, [row_of(row) for row in rows])
        op.drop_table(name)
    op.create_index("records_by_closed", "records", ["kind", "closed_us"])
    op.create_index("records_by_opened", "records", ["kind", "opened_us"])
    op.add_column("changes", sa.Column("schema", sa.SmallInteger))


def _parts(table: str, id_column: str) -> Iterator[list[Any]]:
    """Rows in parts: a document can have megabytes."""
    last = ""
    query = sa.text(f"SELECT * FROM {table} WHERE {id_column} > :last ORDER BY {id_column} LIMIT {_AT_ONCE}")
    while rows := op.get_bind().execute(query, {"last": last}).all():
        yield list(rows)
        last = str(getattr(rows[-1], id_column))


def _incident(row: Any) -> dict[str, Any]:
    document = _document(row)
    is_closed, place = row.phase == "closed", document.get("place")
    return {
        "kind": "incident",
        "id": row.incident_id,
        "version": row.version,
        "state": row.phase,
        "opened_us": row.opened_us,
        "closed_us": (row.opened_us if row.closed_us is None else row.closed_us) if is_closed else None,
        "area": str(place.get("area_id", "")) if isinstance(place, dict) else "",
        "schema": 1,
        "document": row.document,
        "opened_as": None,
    }


def _alarm(row: Any) -> dict[str, Any]:
    returned_us = _micros(_document(row).get("returned_at"))
    return {
        "kind": "alarm",
        "id": row.alarm_id,
        "version": 1,
        "state": row.state,
        "opened_us": row.raised_us,
        "closed_us": (row.raised_us if returned_us is None else returned_us) if row.state == "cleared" else None,
        "area": "",
        "schema": 1,
        "document": row.document,
        "opened_as": None,
    }


def _document(row: Any) -> dict[str, Any]:
    """A damaged document keeps no store from opening: it is reported when it is read."""
    try:
        document = json.loads(row.document)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _micros(text: Any) -> int | None:
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
    except (TypeError, ValueError):
        return None
