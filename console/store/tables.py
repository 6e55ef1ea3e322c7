"""Tables of the store, the same for SQLite and PostgreSQL. Times are int64 microseconds since 1970 UTC.

The migrations create them; these definitions are used by queries. A test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

changes = Table(
    "changes",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("user", Text, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("note", Text, nullable=False),
    Column("undoes", BigInteger),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("actor", Text),
    Column("note_params", Text),
    Column("schema", SmallInteger),
    Index("changes_by_subject", "subject", "seq"),
)
"""Append-only (triggers refuse anything else); ``before``/``after``/``note_params``: canonical JSON. ``note``: a key, or where

``note_params`` is empty the text itself. ``schema``: of the documents that ``before`` and ``after`` are parts of (empty: 1).
"""

records = Table(
    "records",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", String(40), nullable=False),
    Column("opened_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),
    Column("area", Text, nullable=False),
    Column("schema", SmallInteger, nullable=False),
    Column("document", Text, nullable=False),
    Column("opened_as", String(120)),
    UniqueConstraint("opened_as", name="records_opened_as"),
    Index("records_by_closed", "kind", "closed_us"),
    Index("records_by_opened", "kind", "opened_us"),
)
"""Every kind of record. ``closed_us``: empty while open; ``document``: canonical JSON of ``schema``; ``opened_as``: the

provisional id that it was opened with, empty where it came with its own.
"""

attachments = Table(
    "attachments",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("media_type", String(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Pictures of the shift log, by the hash of their bytes."""

outgoing = Table(
    "outgoing",
    metadata,
    Column("outgoing_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("change_seq", BigInteger().with_variant(Integer, "sqlite"), ForeignKey("changes.seq"), nullable=False),
    Column("topic", Text, nullable=False),
    Column("content_type", String(80), nullable=False),
    Column("qos", SmallInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("sent_us", BigInteger),
    Index("outgoing_pending", "sent_us", "outgoing_id"),
)
"""``topic``: the message's address (``orders/C1``), in rows of earlier versions its MQTT topic. ``sent_us`` (the machine's

clock) is empty until every channel that carries the message has delivered it; negative: it never left and was withdrawn then.
"""

deliveries = Table(
    "deliveries",
    metadata,
    Column(
        "outgoing_id",
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("outgoing.outgoing_id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("channel", String(40), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_us", BigInteger),
    Column("failure", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("epoch", BigInteger),
)
"""A message's way by one channel, once it was tried (``console.domain.delivery``). Times: the machine's clock.

``epoch``: under which a leading process wrote it; empty where one process has the store alone.
"""

jobs = Table(
    "jobs",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("subject", String(200), primary_key=True),
    Column("basis", String(200), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_us", BigInteger),
    Column("reason", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("epoch", BigInteger),
    Index("jobs_by_time", "at_us"),
)
"""Slow work of the leading process (``console.domain.jobs``). ``next_us``, ``at_us``: the store's clock.

``epoch``: under which a leading process wrote it; empty where one process has the store alone.
"""

lease = Table(
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
)
"""Which process leads, until when by the store's clock. ``epoch`` rises with each take-over and is never given again."""

counters = Table(
    "counters",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("last", BigInteger, nullable=False),
)
"""Last number issued per kind of id, and the last ``change``, which reveals a truncated chain."""

reading_log = Table(
    "reading_log",
    metadata,
    Column("log_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("rows", Integer, nullable=False),
    Column("packed", LargeBinary, nullable=False),
    Column("arrived_us", BigInteger),
    sqlite_autoincrement=True,
)
"""Batches as they came, packed whole: on disk at once, later moved into blocks. ``arrived_us``: empty when unknown.

Ids are never given again, also after the log was emptied: they order the blocks.
"""

stations = Table(
    "stations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("station_id", Text, nullable=False, unique=True),
)
"""Numbers under which readings are filed. Rows are never deleted, so that a number is never given to another station."""

station_orders = Table(
    "station_orders",
    metadata,
    Column("order_no", Integer, primary_key=True, autoincrement=False),
    Column("numbers", LargeBinary, nullable=False),
)
"""Orders in which rows of expected values list their stations: little-endian int32 numbers."""

reading_blocks = Table(
    "reading_blocks",
    metadata,
    Column("station", Integer, primary_key=True, autoincrement=False),
    Column("channel", SmallInteger, primary_key=True, autoincrement=False),
    Column("from_us", BigInteger, primary_key=True, autoincrement=False),
    Column("block_no", BigInteger, primary_key=True, autoincrement=False),
    Column("to_us", BigInteger, nullable=False),
    Column("packed", LargeBinary, nullable=False),
    Column("arrivals", LargeBinary),
    Index("reading_blocks_by_time", "from_us", "to_us"),
)
"""One channel's readings over less than a day; stretches may overlap after backfill. ``station``: its number.

``block_no``: last id of the log at the move; a later copy of a reading has a higher one. ``arrivals``: empty when unknown.
On SQLite with a rowid: in a table without one each comparison of keys reads the whole row, and rows above 1 kB waste a page.
Stores of more than 2 GB before version 0007 keep theirs without.
"""

rollups = Table(
    "rollups",
    metadata,
    Column("width_s", Integer, primary_key=True, autoincrement=False),
    Column("station", Integer, primary_key=True, autoincrement=False),
    Column("channel", SmallInteger, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("block_no", BigInteger, nullable=False),
    Column("packed", LargeBinary, nullable=False),
    Index("rollups_by_day", "width_s", "day"),
)
"""One channel's values of one UTC day in buckets of ``width_s`` (``rollup_codec.py``). ``day``: since 1970.

``block_no``: of the newest block of readings in it.
"""

rollup_due = Table(
    "rollup_due",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("block_no", BigInteger, nullable=False),
)
"""UTC days with readings that are not rolled up yet. ``block_no``: of the last move of readings into the day's blocks."""

expected_ticks = Table(
    "expected_ticks",
    metadata,
    Column("at_us", BigInteger, primary_key=True, autoincrement=False),
    Column("stations", Integer, nullable=False),
    Column("packed", LargeBinary, nullable=False),
    Column("sigma", LargeBinary),
    Column("order_no", Integer),
)
"""Expected values of every station per tick (``expected.py``). ``sigma``: where empty, that of an earlier tick.

``order_no``: of the stations; empty: by their numbers, from 0.
"""

tracks = Table(
    "tracks",
    metadata,
    Column("crew_id", String(80), primary_key=True),
    Column("at_us", BigInteger, primary_key=True, autoincrement=False),
    Column("x", Float(53), nullable=False),
    Column("y", Float(53), nullable=False),
    Index("tracks_by_time", "at_us"),
    sqlite_with_rowid=False,
)
"""Fixes of crews, in the network's CRS."""

deletions = Table(
    "deletions",
    metadata,
    Column("deletion_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("days", Integer, nullable=False),
    Column("from_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("is_recorded", Boolean, nullable=False),
)
"""What retention deleted: one row a run and kind, written with each batch. ``is_recorded``: the log of actions has it."""

users = Table(
    "users",
    metadata,
    Column("user_id", String(80), primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", String(200), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("areas", Text, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("verifier", String(64), nullable=False),
)
"""Who may sign in. ``areas``: JSON list; ``parameters``: of Argon2id with the salt; ``verifier``: SHA-256 of its result.

On PostgreSQL a console's account cannot read ``verifier``; the function ``quanmai_sign_in`` compares it.
"""

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("name_key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_us", BigInteger, nullable=False),
)
"""Failed attempts in a row by name, known or not. ``name_key``: SHA-256 of the name, as what was typed may be a password."""

crew_links = Table(
    "crew_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("link_id", String(20), nullable=False, unique=True),
    Column("crew_id", String(80), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("revoked_us", BigInteger),
)
"""Links that open the page of a crew. ``token_hash``: SHA-256 of 256 random bits; the token itself is kept nowhere."""

crew_answers = Table(
    "crew_answers",
    metadata,
    Column("crew_id", String(80), primary_key=True),
    Column("answer_id", String(64), primary_key=True),
    Column("taken_us", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
)
"""Answers of crews' pages that are settled, by the id that the browser gave them: the same one again changes nothing."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("key_id", String(20), nullable=False, unique=True),
    Column("client", String(80), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("revoked_us", BigInteger),
)
"""Keys of other programs (Open311). ``key_hash``: SHA-256 of 256 random bits; the key itself is kept nowhere."""
