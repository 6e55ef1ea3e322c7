"""Commands for administrators: doctor, backup, restore, history, jobs, audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.output import AsJson, print_result
from maps.errors import InputFault
from maps.files import refuse_overwriting

if TYPE_CHECKING:
    from console.domain.heads import Head
    from console.store import SqlStore

commands = typer.Typer()
audit = typer.Typer(no_args_is_help=True, help="The hash-chained log of changes: verify and export.")
commands.add_typer(audit, name="audit")

AtStore = Annotated[str, typer.Option("--store", help="store file or database URL; default: QUANMAI_STORE or settings.toml")]


@commands.command()
def doctor(
    store: AtStore = "",
    mqtt: Annotated[str, typer.Option(help="broker, mqtt[s]://host[:port]; default: QUANMAI_MQTT or settings.toml")] = "",
    as_json: AsJson = False,
) -> None:
    """Check store, broker, clock, disk, fonts and screen of this machine; exit 2 when something needs repair."""
    from console.doctor import State, examine

    found = examine(store, mqtt)
    lines = [{"check": one.check, "state": str(one.state), "text": one.text, "advice": one.advice} for one in found]
    faults = sum(one.state is State.FAULT for one in found)
    print_result({"faults": faults, "checks": lines}, as_json, "\n".join(one.line() for one in found))
    raise typer.Exit(2 if faults else 0)


@commands.command()
def backup(
    to: Annotated[Path, typer.Argument(help="new file, best on another disk")], store: AtStore = "", as_json: AsJson = False
) -> None:
    """Copy a SQLite store while programs work on it, and check the copy."""
    from console.store.backup import back_up

    copy = back_up(_named(store), to)
    about = {"written": str(copy.path), "bytes": copy.size, "changes": copy.changes, "head": copy.head, "unsent": copy.unsent}
    print_result(about, as_json, f"{copy.path}: {copy.size / 1e6:.1f} MB, {copy.changes} changes, chain whole")


@commands.command()
def restore(
    backup_file: Annotated[Path, typer.Argument(help="a file that 'quanmai backup' wrote")],
    store: AtStore = "",
    as_json: AsJson = False,
) -> None:
    """Put a checked backup in place of a SQLite store; the present store is moved aside. End all programs on it first."""
    from console.store.backup import restore as restored

    copy, aside = restored(backup_file, _named(store), datetime.now(UTC))
    about = {"store": str(copy.path), "changes": copy.changes, "unsent": copy.unsent, "before": str(aside) if aside else None}
    lines = [f"{copy.path}: restored, {copy.changes} changes, chain whole"]
    if aside is not None:
        lines.append(f"the store as it was: {aside}")
    if copy.unsent:
        lines.append(f"{copy.unsent} messages have no confirmed delivery in this backup; they go out at the next start")
    print_result(about, as_json, "\n".join(lines))


@commands.command()
def history(store: AtStore = "", as_json: AsJson = False) -> None:
    """From when to when a store holds each kind of history, and what retention deleted."""
    from console.domain.clock import moment
    from console.services.analysis.retention import HistoryKind

    def at(time_us: int) -> str:
        return moment(time_us).isoformat(timespec="seconds")

    with opened_store(store) as opened:
        spans = {kind.value: opened.history_span(kind) for kind in HistoryKind}
        gone = opened.deletions()
    kept = {kind: None if span is None else {"from": at(span[0]), "until": at(span[1])} for kind, span in spans.items()}
    deleted = [
        {
            "at": at(one.at_us), "kind": one.kind.value, "from": at(one.from_us), "until": at(one.until_us), "values": one.rows,
            "days": one.days,
        }
        for one in gone
    ]  # fmt: skip
    lines = [f"{kind}: {span['from']} to {span['until']}" if span else f"{kind}: none" for kind, span in kept.items()]
    lines += [
        f"deleted {one['at']}: {one['values']} values of {one['kind']}, {one['from']} to {one['until']}, kept {one['days']} days"
        for one in deleted
    ]
    print_result({"kept": kept, "deleted": deleted}, as_json, "\n".join(lines))


@commands.command()
def jobs(
    store: AtStore = "", most: Annotated[int, typer.Option(help="how many, newest first", min=1)] = 50, as_json: AsJson = False
) -> None:
    """What the leading process computes and writes for cases: state, attempts, next time and last failure of each job."""
    from console.domain.clock import moment
    from console.domain.jobs import ENDED

    with opened_store(store) as opened:
        found = opened.jobs.latest(most)
    now = datetime.now(UTC)
    rows = [
        {
            "kind": one.key.kind.value,
            "subject": one.key.subject,
            "state": one.state.value,
            "attempts": one.attempts,
            "changed": moment(one.at_us).isoformat(timespec="seconds"),
            "next": (now + timedelta(seconds=one.wait_s)).isoformat(timespec="seconds") if one.state not in ENDED else None,
            "reason": one.reason,
        }
        for one in found
    ]
    lines = [
        f"{row['changed']} {row['kind']} {row['subject']}: {row['state']}, attempts {row['attempts']}"
        + (f", next {row['next']}" if row["next"] else "")
        + (f"; {row['reason']}" if row["reason"] else "")
        for row in rows
    ]
    print_result({"jobs": rows}, as_json, "\n".join(lines) or "no jobs")


@audit.command()
def verify(
    store: AtStore = "",
    heads: Annotated[
        list[Path] | None, typer.Option(help="file of heads kept elsewhere, from 'audit export' or 'audit head'")
    ] = None,
    head: Annotated[
        list[str] | None, typer.Option(help="head typed from a handover, NUMBER:HASH; the first 16 digits of the hash suffice")
    ] = None,
    package: Annotated[list[Path] | None, typer.Option(help="incident package whose changes the chain must contain")] = None,
    as_json: AsJson = False,
) -> None:
    """Check the whole chain, and that it contains heads kept elsewhere; exit 2 when it is broken, rewritten or cut off."""
    from console.domain.heads import head_faults, typed_head

    kept = [typed_head(text) for text in head or ()]
    kept += [one for path in heads or () for one in _heads_in(path)]
    kept += [one for path in package or () for one in _heads_of(path)]
    with opened_store(store) as opened:
        broken = opened.verify_chain()
        last_seq, last_hash = opened.head()
        chain = dict(opened.links(1, last_seq)) if kept else {}
    faults = [] if broken is None else [f"change {broken} does not fit the chain: it or the one before was altered or removed"]
    faults += [fault.line() for fault in head_faults(kept, chain, last_seq)]
    if faults:
        raise InputFault("; ".join(faults[:5]) + (f"; and {len(faults) - 5} more" if len(faults) > 5 else ""))
    about = {"whole": True, "changes": last_seq, "head": last_hash, "heads_checked": len(kept)}
    print_result(about, as_json, f"chain whole: {last_seq} changes, head {last_hash}; {len(kept)} kept heads found in it")


@audit.command("head")
def head_(store: AtStore = "") -> None:
    """Print the chain's head as one line of JSON, to be kept elsewhere (shift report, paper, another machine)."""
    with opened_store(store) as opened:
        seq, digest = opened.head()
    print_result({"seq": seq, "hash": digest, "at": datetime.now(UTC).isoformat(timespec="seconds")}, True)


@audit.command("export")
def export_(
    to: Annotated[Path, typer.Argument(help="file to write, one change a line (JSON)")],
    store: AtStore = "",
    as_json: AsJson = False,
) -> None:
    """Write every change with its hash, one JSON object a line, after checking the chain.

    "note" is what the hash covers: key and parameters, or the text of older changes; "text" the same in words, times in UTC.
    """
    from console.domain.values import to_json
    from console.services.note_texts import in_each_language
    from console.store.connection import store_file
    from maps.files import write_aside

    named = _named(store)
    file = store_file(named)
    refuse_overwriting(to, [] if file is None else [file])
    with opened_store(store) as opened:
        broken = opened.verify_chain()
        if broken is not None:
            raise InputFault(f"change {broken} does not fit the chain: it or the one before was altered or removed")
        lines = [
            json.dumps({**to_json(change), "text": in_each_language(change.note)}, ensure_ascii=False, sort_keys=True)
            for change in opened.each_change()
        ]
        seq, digest = opened.head()
    write_aside(to, "".join(f"{line}\n" for line in lines).encode())
    print_result({"written": str(to), "changes": seq, "head": digest}, as_json, f"{to}: {seq} changes, head {digest}")


class opened_store:  # noqa: N801 - used like a function, in 'with'
    """An existing store, closed at the end."""

    def __init__(self, store: str) -> None:
        from console.store import open_store
        from console.store.connection import store_file

        named = _named(store)
        file = store_file(named)
        if file is not None and not (file.is_file() and file.stat().st_size):
            raise InputFault(f"{file}: no such file, or an empty one; name the store with --store")
        self._store = open_store(named)

    def __enter__(self) -> SqlStore:
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()


def _named(store: str) -> str:
    """The store given, else the one of the settings, else the only one in the data folder. Raises InputFault."""
    from console.settings import load_settings

    settings = load_settings()
    if store or settings.store:
        return store or settings.store
    found = sorted(settings.data_folder.glob("*.sqlite"))
    if len(found) != 1:
        there = ", ".join(path.name for path in found) or "none"
        raise InputFault(f"which store? give --store or set QUANMAI_STORE (in {settings.data_folder}: {there})")
    return str(found[0])


def _heads_in(path: Path) -> Iterator[Head]:
    """Heads in a file of JSON lines. Raises InputFault with the line."""
    from console.domain.heads import Head

    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise InputFault(f"{path}: cannot be read ({fault}); name a file of heads") from fault
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        value = _parsed(line)
        seq, digest = value.get("seq"), value.get("hash")
        if not isinstance(seq, int) or isinstance(seq, bool) or not isinstance(digest, str):
            raise InputFault(f'{path}, line {number}: expected {{"seq": number, "hash": "…"}}')
        yield Head(seq, digest, f"{path.name}, line {number}")


def _parsed(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _heads_of(path: Path) -> list[Head]:
    """Changes of a verified package and those linked in it. Raises PackageFault; InputFault for a redacted package."""
    from console.domain.heads import Head
    from console.package import read_package

    record = read_package(path)
    if record.redacted:
        raise InputFault(f"{path}: personal data were left out, so its hashes prove nothing; name the original package")
    pairs = [*((change.seq, change.hash) for change in record.changes), *record.links]
    return [Head(seq, digest, path.name) for seq, digest in pairs]
