"""First tables: changes, incidents, alarms, outgoing, counters, readings, tracks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create everything."""
    _changes()
    _cases()
    _readings()


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("seq", _SERIAL, primary_key=True, autoincrement=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("undoes", sa.BigInteger),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("changes_by_subject", "changes", ["subject", "seq"])
    op.create_table(
        "counters", sa.Column("kind", sa.String(40), primary_key=True), sa.Column("last", sa.BigInteger, nullable=False)
    )
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER changes_no_{act.lower()} BEFORE {act} ON changes "
                "BEGIN SELECT RAISE(ABORT, 'changes is append-only'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION changes_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'changes is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON changes "
            "FOR EACH STATEMENT EXECUTE FUNCTION changes_refuse()"
        )


def _cases() -> None:
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.String(40), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("phase", sa.String(20), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("opened_us", sa.BigInteger, nullable=False),
        sa.Column("closed_us", sa.BigInteger),
        sa.Column("is_drill", sa.Boolean, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("incidents_by_phase", "incidents", ["phase", "closed_us"])
    op.create_table(
        "alarms",
        sa.Column("alarm_id", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("raised_us", sa.BigInteger, nullable=False),
        sa.Column("incident_id", sa.String(40), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("alarms_by_state", "alarms", ["state", "raised_us"])
    op.create_table(
        "outgoing",
        sa.Column("outgoing_id", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("change_seq", _SERIAL, sa.ForeignKey("changes.seq"), nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("content_type", sa.String(80), nullable=False),
        sa.Column("qos", sa.SmallInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("sent_us", sa.BigInteger),
    )
    op.create_index("outgoing_pending", "outgoing", ["sent_us", "outgoing_id"])


def _readings() -> None:
    op.create_table(
        "reading_log",
        sa.Column("log_id", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "reading_blocks",
        sa.Column("station", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("channel", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("from_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("block_no", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("to_us", sa.BigInteger, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tracks",
        sa.Column("crew_id", sa.String(80), primary_key=True),
        sa.Column("at_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("x", sa.Float(53), nullable=False),
        sa.Column("y", sa.Float(53), nullable=False),
        sqlite_with_rowid=False,
    )
