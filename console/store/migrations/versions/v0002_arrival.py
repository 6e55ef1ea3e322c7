"""When readings arrived: one time per batch of the log, packed times per block. Arrivals of existing readings stay unknown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Two columns that may be empty."""
    op.add_column("reading_log", sa.Column("arrived_us", sa.BigInteger))
    op.add_column("reading_blocks", sa.Column("arrivals", sa.LargeBinary))
