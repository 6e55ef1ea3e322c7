"""The migrations build exactly what the code addresses."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from console.store import SqlStore, migrations
from console.store.connection import READING
from console.store.tables import metadata


def test_the_newest_revision_is_the_one_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


def test_the_migrated_tables_are_those_of_the_code(store: SqlStore) -> None:
    with store._durable.connect().execution_options(**READING) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
