"""The migrations build exactly what the code addresses."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from console.domain.delivery import Delivery, DeliveryState
from console.domain.outgoing import MessageKind, Outgoing
from console.store import SqlStore, migrations, open_store
from console.store.connection import READING, engine_for, store_url
from console.store.tables import metadata


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
    engine = engine_for(store_url(path), durable=True)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        columns = 'seq, at_us, "user", kind, subject, note, prev_hash, hash'
        connection.execute(text(f"INSERT INTO changes ({columns}) VALUES (1, 0, 'u', 'k', 's', '', '', '')"))
        columns = "change_seq, topic, content_type, qos, payload, sent_us"
        message = f"INSERT INTO outgoing ({columns}) VALUES (1, :topic, 'application/json', 1, :body, :sent)"
        for topic, sent_us in (("quanmai/v1/t/orders/C1", None), ("quanmai/v1/t/notices", 5)):
            connection.execute(text(message), {"topic": topic, "body": b"{}", "sent": sent_us})
    engine.dispose()
    store = open_store(path)
    (waiting,) = store.pending_outgoing()
    assert waiting.outgoing == Outgoing(MessageKind.ORDER, "C1", b"{}")
    assert waiting.deliveries == ()
    store.record_deliveries([(waiting.outgoing_id, Delivery("mqtt", DeliveryState.SENT, 1))], [waiting.outgoing_id])
    assert store.pending_outgoing() == ()
    assert [sent.topic for sent in store.sent_with([1])] == ["quanmai/v1/t/orders/C1", "quanmai/v1/t/notices"]
    store.close()
