"""``quanmai outages``: planned outages of a store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from console.cli.administration import AtStore, opened_store
from console.cli.output import AsJson, print_result

commands = typer.Typer()


@commands.command()
def outages(
    store: AtStore = "",
    days: Annotated[int, typer.Option(help="those that were open within so many past days", min=0, max=3660)] = 31,
    zone: Annotated[str, typer.Option(help="time zone of the times, IANA name")] = "Asia/Shanghai",
    as_json: AsJson = False,
) -> None:
    """Planned outages: window, state, customers, conflicts, who was told; open ones and those of the last days."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from console.domain.clock import micros
    from console.domain.outages import OUTAGE, Outage
    from console.services.outages.calendar import listed
    from maps.errors import InputFault

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as fault:
        raise InputFault(f"--zone {zone!r} is no time zone; give an IANA name such as Asia/Shanghai") from fault
    now = datetime.now(UTC)
    with opened_store(store) as opened:
        found = opened.records_of((OUTAGE,), micros(now - timedelta(days=days)), micros(now + timedelta(days=3660)))
    rows = listed([one for one in found if isinstance(one, Outage)], zone)
    lines = [
        f"{row['outage_id']} {row['starts']} to {row['ends']}: {row['state']}, {row['purpose']} {row['road']},"
        f" {row['households_without_water']} households without water"
        + (f", conflict with {', '.join(sorted({n for c in row['conflicts'] for n in c['with']}))}" if row["conflicts"] else "")
        for row in rows
    ]
    print_result({"outages": rows}, as_json, "\n".join(lines) or "no planned outages")
