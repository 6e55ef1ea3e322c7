"""How much stations scatter around what was expected. Of the time before it stays unknown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """A column that may be empty."""
    op.add_column("expected_ticks", sa.Column("sigma", sa.LargeBinary))
