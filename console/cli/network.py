"""Commands on the network: isolate, trace."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from console.children import shared_calls
from console.cli.output import AsJson, CityPath, lacking_lines, print_result
from maps.errors import InputFault
from maps.files import refuse_overwriting

commands = typer.Typer()


@commands.command()
def isolate(
    city: CityPath,
    burst: Annotated[list[str] | None, typer.Option(help="burst pipe; may be repeated")] = None,
    stuck: Annotated[list[str] | None, typer.Option(help="valve that cannot be closed; may be repeated")] = None,
    shut: Annotated[
        list[str] | None, typer.Option(help="valve a crew has already closed for this burst; may be repeated")
    ] = None,
    ignore_one_way: Annotated[bool, typer.Option("--ignore-one-way", help="assume that one-way valves do not hold")] = False,
    crews: Annotated[
        bool, typer.Option("--crews", help="also a schedule: which crew closes which valve when, from the crews' bases")
    ] = False,
    speed_kmh: Annotated[float, typer.Option(help="speed of the crews", min=1.0, max=200.0)] = 20.0,
    restore: Annotated[bool, typer.Option("--restore", help="also the reverse plan: fill, flush, sample, reopen")] = False,
    pressures: Annotated[bool, typer.Option("--pressures", help="also pressures after closing, by EPANET")] = False,
    at: Annotated[str, typer.Option(help="time of day of --pressures, HH:MM")] = "07:00",
    batch: Annotated[Path | None, typer.Option(help="requests, one JSON object a line")] = None,
    overlap: Annotated[
        Path | None, typer.Option(help="requests with id, starts, ends: conflicts of plans that overlap in time")
    ] = None,
    every_segment: Annotated[bool, typer.Option("--every-segment", help="the plan of every segment, ranked")] = False,
    by: Annotated[str, typer.Option(help="with --every-segment: rank by households or valves")] = "households",
    top: Annotated[int, typer.Option(help="with --every-segment: number of segments listed; 0: all", min=0)] = 0,
    csv: Annotated[Path | None, typer.Option("--csv", help="with --every-segment: also write the list as CSV")] = None,
    as_json: AsJson = False,
) -> None:
    """Plan the valves to close for a burst, and the effects."""
    asked = [name for name, given in (("--burst", burst), ("--batch", batch), ("--overlap", overlap)) if given]
    asked += ["--every-segment"] if every_segment else []
    if len(asked) != 1:
        raise InputFault("isolate: give one of --burst PIPE, --batch FILE, --overlap FILE, --every-segment")
    if every_segment:
        _every_segment(city, by, top, csv, as_json)
    elif batch is not None:
        _batch(city, batch)
    elif overlap is not None:
        from console.services.network.plan_overlaps import answer_overlaps
        from maps.dataset import read_city

        print_result(answer_overlaps(read_city(city), overlap), as_json)
    else:
        valves = {valve: {"operable": False} for valve in stuck or ()}
        request = {"burst": burst, "valves": valves, "ignore_one_way": ignore_one_way, "shut_by_crews": shut or []}
        _one(city, request, speed_kmh if crews else None, restore, at if pressures else "", as_json)


def _one(city: Path, request: dict[str, Any], speed_kmh: float | None, restore: bool, at: str, as_json: bool) -> None:
    from console.services.network.data_gaps import WITHOUT_NO_PLAN
    from console.services.network.isolation_requests import plan_json, plan_of
    from console.services.network.plan_text import plan_text, schedule_json
    from maps.dataset import read_city
    from maps.isolation import Isolator, restoring

    loaded = read_city(city)
    lacking_lines(loaded, WITHOUT_NO_PLAN)
    plan = plan_of(Isolator(loaded), request)
    answer = plan_json(plan)
    if speed_kmh is not None:
        answer["schedule"] = schedule_json(loaded, plan, speed_kmh)
    if restore:
        answer["restoring"] = [
            {"order": step.order, "action": step.action, "asset_id": step.asset_id, "slowly": step.slowly}
            for step in restoring(loaded, plan)
        ]
    if at:
        from console.services.network.pressures_after_closing import pressures_json

        answer["pressures"] = shared_calls().call(pressures_json, loaded, plan, at, reads=str(city))
    print_result(answer, as_json, plan_text(answer))


def _batch(city: Path, requests: Path) -> None:
    from console.services.network.isolation_requests import answer_batch
    from maps.dataset import read_city

    for answer in answer_batch(read_city(city), requests):
        print_result(answer, True)


def _every_segment(city: Path, by: str, top: int, csv: Path | None, as_json: bool) -> None:
    from console.services.network.plan_text import segments_text
    from console.services.network.segment_list import every_segment, write_segments_csv
    from maps.dataset import read_city

    if csv is not None:
        refuse_overwriting(csv, [city])
    answer = every_segment(read_city(city), by=by, top=top, progress=_told)
    if csv is not None:
        write_segments_csv(answer["plans"], csv)
    print_result(answer, as_json, segments_text(answer))


def _told(share: float) -> bool:
    """Progress on a terminal's stderr."""
    if sys.stderr.isatty():
        print(f"\r{share:4.0%}", end="\r", file=sys.stderr)  # noqa: T201
    return True


@commands.command()
def trace(
    city: CityPath,
    from_: Annotated[list[str], typer.Option("--from", help="pipe or node; may be repeated")],
    kind: Annotated[
        str, typer.Option(help="connected, upstream, downstream, fed, supply, sources, path, loop, islands")
    ] = "connected",
    to: Annotated[str, typer.Option(help="destination of a path")] = "",
    via: Annotated[list[str] | None, typer.Option(help="place on the path; may be repeated")] = None,
    barrier: Annotated[list[str] | None, typer.Option(help="pipe, node or valve not to pass; may be repeated")] = None,
    barrier_zone: Annotated[list[str] | None, typer.Option(help="zone (id or name) not to enter")] = None,
    barrier_where: Annotated[list[str] | None, typer.Option(help="pipes not to pass, such as 'DN < 200'")] = None,
    cost: Annotated[str, typer.Option(help="of a path: length, resistance, headloss")] = "length",
    directions: Annotated[str, typer.Option(help="auto, flow (solved), devices, assumed")] = "auto",
    at: Annotated[str, typer.Option(help="time of day of the solved flow, HH:MM")] = "00:00",
    profile: Annotated[bool, typer.Option("--profile", help="of a path: elevation, head, pressure along it")] = False,
    export: Annotated[Path | None, typer.Option(help="write the pipes: .geojson, .gpkg, .csv")] = None,
    as_json: AsJson = False,
) -> None:
    """Trace what a place is connected to, fed by, or feeds; find paths; say why a trace stops."""
    from console.services.network.trace_flows import solved_for, trace_text
    from console.services.network.trace_requests import TraceRequest, answer_json, ids_listed, needs_flow, trace_of
    from maps.dataset import read_city
    from maps.export.trace_files import profile_rows, write_trace
    from maps.trace import profile as profile_of

    if export is not None:
        refuse_overwriting(export, [city])
    loaded = read_city(city)
    request = TraceRequest(
        ids_listed(from_), kind, to, ids_listed(via), ids_listed(barrier), ids_listed(barrier_zone),
        tuple(barrier_where or ()), cost, directions,
    )  # fmt: skip
    lacking_lines(loaded, ("sources",))
    state = None
    if loaded.epanet is not None and (profile or needs_flow(request)):
        state = shared_calls().call(solved_for, loaded, request, at, profile, reads=str(city))
    found = trace_of(loaded, request, state)
    answer = answer_json(loaded, found)
    if profile:
        head_m = state.head_m if state is not None and state.converged else None
        answer["profile"] = profile_rows(loaded, profile_of(loaded.network, found.trace, head_m))
    if export is not None:
        write_trace(loaded, found.trace, export, answer["stops"])
    print_result(answer, as_json, trace_text(answer))
