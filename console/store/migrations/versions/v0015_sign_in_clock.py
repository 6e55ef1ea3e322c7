"""After a clock was set back, the pause of a name begins anew; before, it lasted until the clock had caught up."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

_SIGN_IN = """
CREATE OR REPLACE FUNCTION quanmai_sign_in(given_name text, given_name_hash text, given_result bytea,
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
    IF was.last_us > now_us THEN
        UPDATE sign_in_failures SET last_us = now_us WHERE name_key = given_name_hash;
        was.last_us := now_us;
    END IF;
    paused := CASE WHEN failed < 5 THEN 0 ELSE least(60.0, 5.0 * 2.0 ^ least(failed - 5, 10)) END;
    pause := paused - (now_us - was.last_us) / 1000000.0;
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
    """Replace the function; its rights stay."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_SIGN_IN)
