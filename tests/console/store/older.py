"""Stores of earlier versions: with the tables of a revision, or from a file that an earlier version wrote."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config

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
