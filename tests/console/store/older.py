"""Stores of earlier versions: with the tables of a revision, or from a file that an earlier version wrote."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import LargeBinary, MetaData, Table

from console.store import migrations
from console.store.connection import engine_for, store_url


def a_store_of_revision(path: Path | str, revision: str) -> None:
    """An empty store with the tables of a revision."""
    engine = engine_for(store_url(path), durable=True)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def a_store_as_written(path: Path, dump: str) -> None:
    """The store that an earlier version wrote, from its dump beside this module."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((Path(__file__).parent / dump).read_text("utf-8"))


def filled_of_0005(target: Path | str) -> None:
    """A store of revision 0005 with the rows that it wrote: a judged case with its notice, an alarm that was cleared."""
    a_store_of_revision(target, "0005")
    tables = json.loads(Path(__file__).with_name("rows_of_0005.json").read_text("utf-8"))
    engine = engine_for(store_url(target), durable=True)
    with engine.begin() as connection:
        for name, rows in tables.items():
            table = Table(name, MetaData(), autoload_with=connection)
            binary = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
            for row in rows:
                values = {key: value.encode() if key in binary else value for key, value in row.items()}
                connection.execute(table.insert().values(**values))
    engine.dispose()
