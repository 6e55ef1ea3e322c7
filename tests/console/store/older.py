"""Stores as an earlier version of the program left them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, LargeBinary, MetaData, Table

from console.store import migrations
from console.store.connection import engine_for, store_url


@contextmanager
def store_of(target: str | Path, revision: str) -> Iterator[Connection]:
    """An empty store of a revision, to be filled by SQL as that version did."""
    engine = engine_for(store_url(target), durable=True)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        yield connection
    engine.dispose()


def fill(connection: Connection) -> None:
    """Rows of a store of revision 0005, as it wrote them: a judged case with its notice, an alarm that was cleared."""
    tables = json.loads(Path(__file__).with_name("rows_of_0005.json").read_text("utf-8"))
    for name, rows in tables.items():
        table = Table(name, MetaData(), autoload_with=connection)
        binary = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
        for row in rows:
            values = {key: value.encode() if key in binary else value for key, value in row.items()}
            connection.execute(table.insert().values(**values))
