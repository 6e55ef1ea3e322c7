"""Links of crews to their page, and the answers taken from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "crew_links",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("link_id", sa.String(20), nullable=False, unique=True),
        sa.Column("crew_id", sa.String(80), nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("revoked_us", sa.BigInteger),
    )
    op.create_table(
        "crew_answers",
        sa.Column("crew_id", sa.String(80), primary_key=True),
        sa.Column("answer_id", sa.String(64), primary_key=True),
        sa.Column("taken_us", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
    )
