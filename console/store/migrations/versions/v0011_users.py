"""Users that sign in, and their failed attempts. On PostgreSQL a function checks passwords: no console reads the hashes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_SIGN_IN = """
CREATE FUNCTION quanmai_sign_in(given_name text, given_name_hash text, given_result bytea,
    OUT outcome text, OUT failed integer, OUT pause double precision, OUT found_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    now_us bigint := CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint);
    was sign_in_failures%ROWTYPE;
    person users%ROWTYPE;
    paused double precision;
BEGIN
    DELETE FROM sign_in_failures WHERE name_key IN (
        SELECT name_key FROM sign_in_failures WHERE last_us < now_us - 86400000000 AND name_key <> given_name_hash
        FOR UPDATE SKIP LOCKED);
    INSERT INTO sign_in_failures VALUES (given_name_hash, 0, 0) ON CONFLICT DO NOTHING;
    SELECT * INTO was FROM sign_in_failures WHERE name_key = given_name_hash FOR UPDATE;
    now_us := CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint);
    failed := was.failures;
    paused := CASE WHEN failed < 5 THEN 0 ELSE least(60.0, 5.0 * 2.0 ^ least(failed - 5, 10)) END;
    pause := least(paused, paused - (now_us - was.last_us) / 1000000.0);
    IF pause > 0 THEN
        outcome := 'wait';
        RETURN;
    END IF;
    pause := 0;
    SELECT * INTO person FROM users WHERE name_key = given_name;
    IF FOUND AND person.verifier = encode(sha256(given_result), 'hex') THEN
        UPDATE sign_in_failures SET failures = 0, last_us = now_us WHERE name_key = given_name_hash;
        outcome := CASE WHEN person.is_enabled THEN 'ok' ELSE 'disabled' END;
        found_id := person.user_id;
        RETURN;
    END IF;
    failed := failed + 1;
    UPDATE sign_in_failures SET failures = failed, last_us = now_us WHERE name_key = given_name_hash;
    outcome := 'wrong';
    found_id := person.user_id;
END
$$
"""


def upgrade() -> None:
    """Two tables and, on PostgreSQL, the function that may read them."""
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(80), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.String(200), nullable=False, unique=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("areas", sa.Text, nullable=False),
        sa.Column("is_enabled", sa.Boolean, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("changed_us", sa.BigInteger, nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("verifier", sa.String(64), nullable=False),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("name_key", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_us", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_SIGN_IN)
        op.execute("REVOKE ALL ON FUNCTION quanmai_sign_in(text, text, bytea) FROM PUBLIC")
