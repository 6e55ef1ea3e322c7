"""Mutations of GeoPackages (and other SQLite files) and of Parquet."""

from __future__ import annotations

import io
import random
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.texts import mutated_bytes
from tests.fuzz.values import NUMBERS, TIMES, WORDS

_KEPT = ("sqlite_", "gpkg_", "rtree_")
_CELLS: tuple[Any, ...] = (
    None, "", "x", -1, 0, 2**62, -(2**40), 1e308, float("inf"), float("nan"), b"", b"\x00\xff\xfe", "0.5", "NaN", True,
    '["a"]', '{"pressure": 1}', "3", "[1", "Mars/Olympus", "EPSG:4326", "EPSG:999999", "local", *NUMBERS, *TIMES, *WORDS,
)  # fmt: skip


def mutated_sqlite(path: Path, rng: random.Random) -> None:
    """The file changed in place: cells, columns, rows, tables, geometries, the catalogue, or raw bytes."""
    if rng.random() < 0.12:
        path.write_bytes(mutated_bytes(path.read_bytes(), rng))
        return
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.create_function("ST_IsEmpty", 1, lambda shape: 0)
        for name in ("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            connection.create_function(name, 1, lambda shape: 0.0)
        for _ in range(rng.choice((1, 1, 2, 5))):
            _mutate(connection, rng)
    finally:
        connection.close()


def _mutate(connection: sqlite3.Connection, rng: random.Random) -> None:
    listed = sorted(name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
    tables = [name for name in listed if not name.startswith(_KEPT)]
    if not tables:
        return
    # The catalogue too: it says what the tables are.
    catalogue = [name for name in listed if name in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys")]
    table = rng.choice(catalogue) if catalogue and rng.random() < 0.1 else rng.choice(tables)
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
    if not columns:
        return
    try:
        _change(connection, table, rng.choice(columns), rng)
    except sqlite3.Error:
        return  # a constraint refused it: another seed changes something else


def _change(connection: sqlite3.Connection, table: str, column: str, rng: random.Random) -> None:
    rows = [row for (row,) in connection.execute(f'SELECT rowid FROM "{table}"')]
    row = rng.choice(rows) if rows else 0
    action = rng.random()
    if action < 0.5:
        value = _cell(connection, table, column, row, rng)
        connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (value, row))
    elif action < 0.6:
        connection.execute(f'UPDATE "{table}" SET "{column}" = ?', (rng.choice(_CELLS),))
    elif action < 0.7:
        connection.execute(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
    elif action < 0.75:
        connection.execute(f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO "{column}_old"')
    elif action < 0.82:
        connection.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (row,))
    elif action < 0.86:
        connection.execute(f'DELETE FROM "{table}"')
    elif action < 0.92:
        others = [name for (_, name, *_) in connection.execute(f'PRAGMA table_info("{table}")') if name != "fid"]
        listed = ", ".join(f'"{name}"' for name in others)
        connection.execute(f'INSERT INTO "{table}" ({listed}) SELECT {listed} FROM "{table}" WHERE rowid = ?', (row,))
    elif action < 0.96:
        connection.execute(f'ALTER TABLE "{table}" ADD COLUMN "extra_{rng.randrange(9)}" TEXT DEFAULT \'=1\'')
    else:
        connection.execute(f'DROP TABLE "{table}"')


def _cell(connection: sqlite3.Connection, table: str, column: str, row: int, rng: random.Random) -> Any:
    """An odd value; another row's; or, of a blob, its bytes mutated."""
    found = connection.execute(f'SELECT "{column}" FROM "{table}" WHERE rowid = ?', (row,)).fetchone()
    if found and isinstance(found[0], bytes) and rng.random() < 0.8:
        return mutated_bytes(found[0], rng)
    if rng.random() < 0.2:
        return rng.choice(connection.execute(f'SELECT "{column}" FROM "{table}" ORDER BY rowid').fetchall() or [(None,)])[0]
    return rng.choice(_CELLS)


def mutated_parquet(content: bytes, rng: random.Random) -> bytes:
    """A column of another type, missing, renamed or with nulls; no rows; raw bytes."""
    if rng.random() < 0.15:
        return mutated_bytes(content, rng)
    table = pq.read_table(io.BytesIO(content))
    for _ in range(rng.choice((1, 1, 2))):
        table = _other_table(table, rng)
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _other_table(table: pa.Table, rng: random.Random) -> pa.Table:
    if not table.num_columns:
        return table
    at, count = rng.randrange(table.num_columns), table.num_rows
    name, action = table.column_names[at], rng.random()
    if action < 0.1:
        return table.remove_column(at)
    if action < 0.15:
        return table.rename_columns([f"{one}_" if one == name else one for one in table.column_names])
    if action < 0.2:
        return table.slice(0, rng.choice((0, 1)))
    if action < 0.25:
        return table.append_column(name, table.column(at))
    return table.set_column(at, name, _other_column(count, table.column(at), rng))


def _plain(column: pa.ChunkedArray) -> list[Any]:
    """Values of a column; times as their numbers where an earlier change put one after the year 9999."""
    try:
        return column.to_pylist()  # type: ignore[no-any-return]
    except (OverflowError, ValueError):
        return column.cast(pa.int64()).to_pylist()  # type: ignore[no-any-return]


def _other_column(count: int, column: pa.ChunkedArray, rng: random.Random) -> pa.Array:
    values = _plain(column)
    at = rng.randrange(count) if count else 0
    kinds = (
        lambda: pa.nulls(count),
        lambda: pa.array([None if row == at else value for row, value in enumerate(values)], column.type),
        lambda: pa.array([str(rng.choice(WORDS)) if row == at else str(value) for row, value in enumerate(values)]),
        lambda: pa.array([str(rng.choice(TIMES)) if row == at else str(value) for row, value in enumerate(values)]),
        lambda: pa.array([row for row in range(count)], pa.int64()),
        lambda: pa.array([2**62] * count, pa.int64()),
        lambda: pa.array([1e308 if row == at else 1.0 for row in range(count)]),
        lambda: pa.array([float("nan")] * count),
        lambda: pa.array([[1.0]] * count),
        lambda: pa.array([{"a": 1}] * count),
        lambda: pa.array([b"\xff\x00"] * count),
        lambda: pa.array([True] * count),
        lambda: pa.array([2**62 if row == at else 0 for row in range(count)], pa.timestamp("us")),
        lambda: pa.array([0] * count, pa.timestamp("ns", tz="UTC")),
        lambda: pa.array([0] * count, pa.date32()),
        lambda: pa.array([0] * count, pa.time64("us")),
        lambda: pa.array(["pressure"] * count).dictionary_encode(),
    )
    return rng.choice(kinds)()
