"""Jobs with their attempts, and readings rolled up to minutes and quarters of an hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_DAY_US = 86_400_000_000


def upgrade() -> None:
    """New tables. Each day with readings is due to be rolled up: found by the index on time, without reading the blocks."""
    op.create_table(
        "jobs",
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(200), primary_key=True),
        sa.Column("basis", sa.String(200), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_us", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger),
    )
    op.create_index("jobs_by_time", "jobs", ["at_us"])
    op.create_table(
        "rollups",
        sa.Column("width_s", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("station", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("channel", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("block_no", sa.BigInteger, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
    )
    op.create_index("rollups_by_day", "rollups", ["width_s", "day"])
    op.create_table(
        "rollup_due",
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("block_no", sa.BigInteger, nullable=False),
    )
    connection = op.get_bind()
    # Division of negative numbers rounds to zero here; readings of before 1970 do not exist.
    days = "SELECT DISTINCT from_us / :day AS day FROM reading_blocks UNION SELECT DISTINCT to_us / :day FROM reading_blocks"
    connection.execute(sa.text(f"INSERT INTO rollup_due (day, block_no) SELECT day, 0 FROM ({days}) AS days"), {"day": _DAY_US})
