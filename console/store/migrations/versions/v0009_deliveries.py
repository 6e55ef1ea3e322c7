"""A message may leave by several channels: what is recorded of its way by each. Messages of before have no such rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """A new table."""
    op.create_table(
        "deliveries",
        sa.Column("outgoing_id", _SERIAL, sa.ForeignKey("outgoing.outgoing_id"), primary_key=True, autoincrement=False),
        sa.Column("channel", sa.String(40), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_us", sa.BigInteger),
        sa.Column("failure", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
    )
