"""History by station number, by time, and for a time.

Readings were filed under the station's row in the dataset; which station a row meant was not recorded. The rows become
numbers; the table ``stations`` stays empty until a program opens the store with a dataset (``console/store/stations.py``).
Blocks that reach over a day or more, after late readings, are cut: a search by time then looks back one day only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_DAY_US = 86_400_000_000
_ROW_BYTES = 8 + 8 + 1
_COPIED_BYTES = 2_000_000_000


def upgrade() -> None:
    """Tables, columns and indexes; the time it takes is that of reading the blocks' keys once."""
    op.create_table(
        "stations",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("station_id", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "station_orders",
        sa.Column("order_no", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("numbers", sa.LargeBinary, nullable=False),
    )
    op.add_column("expected_ticks", sa.Column("order_no", sa.Integer))
    op.create_table(
        "deletions",
        sa.Column("deletion_id", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("from_us", sa.BigInteger, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("is_recorded", sa.Boolean, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        _blocks_with_rowid(op.get_bind())
    op.create_index("reading_blocks_by_time", "reading_blocks", ["from_us", "to_us"])
    op.create_index("tracks_by_time", "tracks", ["at_us"])
    _cut_long_blocks(op.get_bind())
    if op.get_bind().dialect.name == "sqlite":
        _log_with_rising_ids(op.get_bind())


def _blocks_with_rowid(connection: sa.Connection) -> None:
    """The same table with a rowid: found by the index on time five times as fast. A large store is not copied for it."""
    pages, size = (int(connection.execute(sa.text(f"PRAGMA {name}")).scalar_one()) for name in ("page_count", "page_size"))
    if pages * size > _COPIED_BYTES:
        return
    op.rename_table("reading_blocks", "reading_blocks_before")
    op.create_table(
        "reading_blocks",
        sa.Column("station", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("channel", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("from_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("block_no", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("to_us", sa.BigInteger, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
        sa.Column("arrivals", sa.LargeBinary),
    )
    columns = "station, channel, from_us, block_no, to_us, packed, arrivals"
    connection.execute(sa.text(f"INSERT INTO reading_blocks ({columns}) SELECT {columns} FROM reading_blocks_before"))
    op.drop_table("reading_blocks_before")


def _log_with_rising_ids(connection: sa.Connection) -> None:
    """SQLite gave ids from 1 again once the log was empty, so that blocks could get one key, or be taken for older ones."""
    last = connection.execute(sa.text("SELECT max(block_no) FROM reading_blocks")).scalar() or 0
    logged = connection.execute(sa.text("SELECT max(log_id) FROM reading_log")).scalar() or 0
    op.rename_table("reading_log", "reading_log_before")
    op.create_table(
        "reading_log",
        sa.Column("log_id", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
        sa.Column("arrived_us", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    connection.execute(
        sa.text(
            "INSERT INTO reading_log (log_id, rows, packed, arrived_us) "
            "SELECT log_id + :last, rows, packed, arrived_us FROM reading_log_before ORDER BY log_id"
        ),
        {"last": last},
    )
    op.drop_table("reading_log_before")
    connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'reading_log'"))
    seed = {"last": int(last) + int(logged)}
    connection.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('reading_log', :last)"), seed)


def _cut_long_blocks(connection: sa.Connection) -> None:
    keys = sa.text("SELECT station, channel, from_us, block_no FROM reading_blocks WHERE to_us - from_us >= :day")
    of = "station = :station AND channel = :channel AND from_us = :from_us AND block_no = :block_no"
    for row in connection.execute(keys, {"day": _DAY_US}).mappings().all():
        key = dict(row)
        block = connection.execute(sa.text(f"SELECT packed, arrivals FROM reading_blocks WHERE {of}"), key).one()
        parts = list(_parts(bytes(block.packed), None if block.arrivals is None else bytes(block.arrivals)))
        connection.execute(sa.text(f"DELETE FROM reading_blocks WHERE {of}"), key)
        for part in parts:
            made = {**key, **part}
            while connection.execute(sa.text(f"SELECT 1 FROM reading_blocks WHERE {of}"), made).scalar():
                made["block_no"] += 1  # SQLite gave some numbers twice
            connection.execute(
                sa.text(
                    "INSERT INTO reading_blocks (station, channel, from_us, block_no, to_us, packed, arrivals) "
                    "VALUES (:station, :channel, :from_us, :block_no, :to_us, :packed, :arrivals)"
                ),
                made,
            )


def _parts(packed: bytes, arrivals: bytes | None) -> list[dict[str, Any]]:
    """The readings of a block, which are in the order of time, in blocks of less than a day from the first on."""
    count = len(packed) // _ROW_BYTES
    at_us = np.frombuffer(packed, "<i8", count)
    value, quality = np.frombuffer(packed, "<f8", count, 8 * count), np.frombuffer(packed, "u1", count, 16 * count)
    day = (at_us - at_us[0]) // _DAY_US
    starts = [0, *(np.flatnonzero(np.diff(day)) + 1).tolist()]
    width = 0 if arrivals is None else (len(arrivals) - 8) // count
    made = []
    for start, end in zip(starts, [*starts[1:], count], strict=True):
        arrived = None if arrivals is None else arrivals[:8] + arrivals[8 + width * start : 8 + width * end]
        made.append(
            {
                "from_us": int(at_us[start]),
                "to_us": int(at_us[end - 1]),
                "packed": at_us[start:end].tobytes() + value[start:end].tobytes() + quality[start:end].tobytes(),
                "arrivals": arrived,
            }
        )
    return made
