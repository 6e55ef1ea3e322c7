"""Notes of changes as a key with parameters. Changes from before keep their text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """A column that may be empty: then the note is a text."""
    op.add_column("changes", sa.Column("note_params", sa.Text))
