"""Who acted, with id, role and seat, in each change of the chain. Of changes from before only the name is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """A column that may be empty."""
    op.add_column("changes", sa.Column("actor", sa.Text))
