"""Identify: the known attributes of a picked asset as lines of a card; live values with their age, flows with their source."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from console.domain.picture import Picture, StationState
from console.domain.readings import CHANNEL_BY_NAME, Channel
from console.ui.map.network.facilities import Facility, stations_at
from console.ui.map.network.flow import PipeFlows
from console.ui.map.view.picking import Asset
from console.ui.words import Words, map_text, one_line
from maps.attachment import piece_ids
from maps.city import City
from maps.network import NodeKind, PipeStatus, ValveKind, ValveState

Line = tuple[str, str]


@dataclass(frozen=True, eq=False)
class CardData:
    """Data of the card. ``flows``: None when the model has not been solved."""

    city: City
    picture: Picture
    words: Words
    flows: PipeFlows | None = None
    facilities: tuple[Facility, ...] = ()


_HOVER_LINES = 3
_HOVER_LONGEST = 90


def hover_line(asset: Asset, known: CardData) -> str:
    """An asset in one line: kind, id and what matters most of it."""
    told = [value for _, value in lines_of(asset, known)[:_HOVER_LINES]]
    text = one_line(" · ".join((map_text(known.words, f"card.kind_{asset.kind}"), asset.asset_id, *told)))
    return text if len(text) <= _HOVER_LONGEST else f"{text[: _HOVER_LONGEST - 1]}…"


def lines_of(asset: Asset, known: CardData) -> tuple[Line, ...]:
    """(label, value) of everything known; what is unknown is left out."""
    maker: dict[str, Callable[[int, CardData], list[Line]]] = {
        "pipe": _pipe,
        "valve": _valve,
        "hydrant": _hydrant,
        "station": _station,
        "customer": _customer,
        "facility": _facility,
    }
    lines = maker[asset.kind](asset.row, known) if asset.kind in maker else []
    return tuple((map_text(known.words, f"card.{key}"), value) for key, value in lines if value)


def _pipe(row: int, known: CardData) -> list[Line]:
    pipes, words = known.city.network.pipes, known.words
    lines = [
        ("size", words.pipe(float(pipes.diameter_mm[row]), str(pipes.material[row]), int(pipes.year_laid[row]))),
        ("length", _number(float(pipes.length_m[row]), 1, "m")),
        ("road", " ".join(part for part in (str(pipes.road_name[row]), str(pipes.road_side[row])) if part)),
        ("depth", _number(float(pipes.depth_m[row]), 2, "m")),
        ("ownership", str(pipes.ownership[row])),
        ("status", map_text(words, "card.closed") if pipes.status[row] else ""),
    ]
    if known.flows is not None and math.isfinite(float(known.flows.velocity_mps[row])):
        hour = f"{int(known.flows.at_s // 3600) % 24:02d}:{int(known.flows.at_s % 3600 // 60):02d}"
        lines.append(("velocity", map_text(words, "card.by_model", value=f"{known.flows.velocity_mps[row]:.2f} m/s", hour=hour)))
    return lines


def _valve(row: int, known: CardData) -> list[Line]:
    valves, words = known.city.network.valves, known.words
    states = [words.of("valve_state", ValveState(int(valves.state[row])).name.lower())]
    states += [map_text(words, "card.stuck")] if not valves.operable[row] else []
    states += [map_text(words, "card.one_way")] if valves.flows_to[row] >= 0 else []
    turns = float(valves.turns_to_close[row])
    return [
        ("kind", words.of("valve_kind", ValveKind(int(valves.kind[row])).name.lower())),
        ("state", " · ".join(states)),
        ("size", _number(float(valves.diameter_mm[row]), 0, "", "DN")),
        ("control", words.of("control", str(valves.control[row]))),
        ("turns", f"{turns:.0f}" if math.isfinite(turns) and turns > 0 else ""),
        ("checked", str(valves.last_checked[row])),
        ("assumed", map_text(words, "card.yes") if valves.assumed[row] else ""),
        ("placing", words.placing(str(valves.placing[row]))),
    ]


def _hydrant(row: int, known: CardData) -> list[Line]:
    table, pipes = known.city.hydrants, known.city.network.pipes
    pipe, unknown = int(table.pipe[row]), _unknown_piece(str(table.pieces[row]), known)
    return unknown or [("on_pipe", str(pipes.asset_id[pipe]) if pipe >= 0 else "")]


def _unknown_piece(pieces: str, known: CardData) -> list[Line]:
    """All pieces of a cut pipe, where nothing says on which one it is."""
    ids = piece_ids(pieces)
    return [("on_pipe", map_text(known.words, "card.piece_unknown", pieces=known.words.listed(ids)))] if ids else []


def _facility(row: int, known: CardData) -> list[Line]:
    facility, words = known.facilities[row], known.words
    kind = words.of("word", facility.kind) + (words("map.planned") if facility.planned else "")
    lines = [("name", facility.name), ("kind", kind)]
    lines += [line for node in facility.nodes for line in _levels(node, known)] if len(facility.nodes) == 1 else []
    lines += [("pump", _pump(pump, known)) for pump in facility.pumps]
    for station in stations_at(known.city, facility).tolist():
        lines += [("station", str(known.city.stations.name[station])), *_readings(station, known)]
    return lines


def _levels(node: int, known: CardData) -> list[Line]:
    """Heads and levels that a node holds; levels of a tank stand above its floor."""
    nodes = known.city.network.nodes
    lines = [("elevation", _number(float(nodes.elevation_m[node]), 1, "m")), ("head", _number(float(nodes.head_m[node]), 1, "m"))]
    if nodes.kind[node] == NodeKind.TANK:
        low, high = float(nodes.tank_min_m[node]), float(nodes.tank_max_m[node])
        lines += [("levels", f"{low:.1f}–{high:.1f} m") if math.isfinite(low + high) else ("levels", "")]
        lines += [("diameter", _number(float(nodes.tank_diameter_m[node]), 1, "m"))]
    return lines


def _pump(row: int, known: CardData) -> str:
    pumps = known.city.network.pumps
    shut = f" · {map_text(known.words, 'card.pump_off')}" if pumps.status[row] == PipeStatus.CLOSED else ""
    return f"{str(pumps.name[row]) or str(pumps.asset_id[row])}{shut}"


def _customer(row: int, known: CardData) -> list[Line]:
    customers, words = known.city.customers, known.words
    households = int(customers.households[row])
    return [
        ("name", str(customers.name[row])),
        ("kind", words.of("customer", str(customers.category[row]))),
        ("critical", words.of("critical", str(customers.critical[row])) if str(customers.critical[row]) else ""),
        ("households", f"{households:,}" if households > 0 else ""),
        ("supply", words.of("supply", str(customers.supply[row]))),
        ("address", str(customers.address[row]) or str(customers.community[row])),
        *_unknown_piece(str(customers.pieces[row]), known),
    ]


def _station(row: int, known: CardData) -> list[Line]:
    stations = known.city.stations
    return [("name", str(stations.name[row])), *_unknown_piece(str(stations.pieces[row]), known), *_readings(row, known)]


def _readings(row: int, known: CardData) -> list[Line]:
    """A station's state and the newest value of each of its channels."""
    state = StationState(int(known.picture.station_state[row])).name.lower()
    lines: list[Line] = [("state", known.words.of("station_state", state))]
    for name in str(known.city.stations.channels[row]).split(","):
        channel = CHANNEL_BY_NAME.get(name.strip())
        if channel is not None:
            lines.append((f"channel_{channel.name.lower()}", _reading(row, channel, known)))
    return lines


def _reading(row: int, channel: Channel, known: CardData) -> str:
    picture, words = known.picture, known.words
    at_us = int(picture.at_us[row, channel])
    age = words.age((picture.now_us - at_us) / 1e6 if at_us else math.nan)
    value, expected = float(picture.value[row, channel]), float(picture.expected[row, channel])
    deviation = f" ({words.deviation(channel, value - expected)})" if math.isfinite(expected) else ""
    return f"{words.value(channel, value)}{deviation} · {age}"


def _number(value: float, decimals: int, unit: str, before: str = "") -> str:
    return f"{before}{value:,.{decimals}f} {unit}".strip() if math.isfinite(value) and value > 0 else ""
