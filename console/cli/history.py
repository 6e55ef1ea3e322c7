"""The command that lists what a store keeps of the past, and what its retention deleted."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli.output import AsJson, print_result

commands = typer.Typer()


@commands.command()
def history(
    store: Annotated[str, typer.Argument(help="store file or database URL")],
    as_json: AsJson = False,
) -> None:
    """From when to when a store holds readings, positions and expected values, and what was deleted by its age."""
    from console.cli.review import existing_store
    from console.domain.clock import moment
    from console.services.analysis.retention import HistoryKind

    kept = existing_store(store)
    try:
        spans = {kind.value: kept.history_span(kind) for kind in HistoryKind}
        gone = kept.deletions()
    finally:
        kept.close()

    def at(time_us: int) -> str:
        return moment(time_us).isoformat(timespec="seconds")

    found: dict[str, Any] = {
        "kept": {kind: None if span is None else {"from": at(span[0]), "until": at(span[1])} for kind, span in spans.items()},
        "deleted": [
            {"at": at(one.at_us), "kind": one.kind.value, "from": at(one.from_us), "until": at(one.until_us), "values": one.rows,
             "days": one.days}
            for one in gone
        ],
    }  # fmt: skip
    lines = [f"{kind}: {span['from']} to {span['until']}" if span else f"{kind}: none" for kind, span in found["kept"].items()]
    lines += [
        f"deleted {one['at']}: {one['values']} values of {one['kind']}, {one['from']} to {one['until']} (kept {one['days']} days)"
        for one in found["deleted"]
    ]
    print_result(found, as_json, "\n".join(lines))
