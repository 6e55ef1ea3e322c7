"""Expected values of stations per tick. None for the time before the migration."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "expected_ticks",
        sa.Column("at_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stations", sa.Integer, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
    )
