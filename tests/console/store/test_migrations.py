"""The migrations build exactly the tables of the code."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from console.domain.delivery import Delivery, DeliveryState
from console.domain.outgoing import MessageKind, Outgoing
from console.store import SqlStore, migrations, open_store
from console.store.connection import READING
from console.store.tables import metadata
from tests.console.store.older import a_store_of_revision


def test_the_newest_revision_is_the_one_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


def test_the_migrated_tables_are_those_of_the_code(store: SqlStore) -> None:
    with store._durable.connect().execution_options(**READING) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_messages_that_wait_in_a_store_of_the_fifth_revision_still_wait_and_can_be_delivered(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    a_store_of_revision(path, "0005")
    with sqlite3.connect(path) as connection:
        columns = 'seq, at_us, "user", kind, subject, note, prev_hash, hash'
        connection.execute(f"INSERT INTO changes ({columns}) VALUES (1, 0, 'u', 'k', 's', '', '', '')")
        columns = "change_seq, topic, content_type, qos, payload, sent_us"
        for topic, sent_us in (("quanmai/v1/t/orders/C1", None), ("quanmai/v1/t/notices", 5)):
            row = (topic, b"{}", sent_us)
            connection.execute(f"INSERT INTO outgoing ({columns}) VALUES (1, ?, 'application/json', 1, ?, ?)", row)
    connection.close()
    store = open_store(path)
    (waiting,) = store.pending_outgoing()
    assert waiting.outgoing == Outgoing(MessageKind.ORDER, "C1", b"{}")
    assert waiting.deliveries == ()
    store.record_deliveries([(waiting.outgoing_id, Delivery("mqtt", DeliveryState.SENT, 1))], [waiting.outgoing_id])
    assert store.pending_outgoing() == ()
    assert [sent.topic for sent in store.sent_with([1])] == ["quanmai/v1/t/orders/C1", "quanmai/v1/t/notices"]
    store.close()
