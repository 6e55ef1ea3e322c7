"""Standard deviation of stations around expected values. Unknown for the time before the migration."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """A column that may be empty."""
    op.add_column("expected_ticks", sa.Column("sigma", sa.LargeBinary))
