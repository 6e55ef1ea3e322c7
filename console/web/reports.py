"""Reports of the crew's page: decoding them, and what became of them by the store."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from console.domain.clock import micros
from console.domain.corrections import FAULTS, Fault, Layer
from console.domain.crew_links import Answered
from console.domain.field_reports import OF_DUTY, CrewDuty, FieldReport, ReportKind
from console.domain.incidents import Incident, Phase
from console.domain.live import FUTURE_TOLERANCE_US
from console.domain.readings import Channel
from console.domain.texts import storable
from console.feeds.bounds import BOUNDS, EARLIEST_US, PartRefused, iso_time
from console.feeds.owntracks import FixReader
from console.services.crews.field_reports import MOST_PHOTOS, overtaken_by
from console.services.public.water_points import MOST_LITRES
from console.web.outcomes import REFUSED, TAKEN
from console.web.positions import position
from maps.city import City
from maps.errors import UnknownAsset
from maps.units import KPA_PER_METRE

REPORTS = frozenset(one.value for one in ReportKind)
_ID_LEN, _PLACE_LEN, _TEXT_LEN = 80, 80, 300
_KPA = {"MPa": 1000.0, "kPa": 1.0, "bar": 100.0, "m": KPA_PER_METRE}
"""Units that gauges have, in kPa."""
_MOST_KPA = 3000.0


def field_report(city: City, reader: FixReader, crew_id: str, given: dict[str, Any], now: datetime) -> FieldReport:
    """The report in an answer's body; its id was checked. Raises PartRefused."""
    kind = ReportKind(given["state"])
    order_id = "" if kind in OF_DUTY else _text(given, "order_id", _ID_LEN)
    if kind not in OF_DUTY and not order_id:
        raise PartRefused("order", "a report without its order")
    at, base = _time(given.get("t"), now), (given["id"], crew_id, kind)
    match kind:
        case ReportKind.FOUND:
            return FieldReport(*base, at, order_id, _pipe(city, _text(given, "asset_id", _ID_LEN)))
        case ReportKind.GAUGE:
            asset, place = _text(given, "asset_id", _ID_LEN), _text(given, "place", _PLACE_LEN)
            if not (asset or place):
                raise PartRefused("value", "a gauge reading without its place")
            return FieldReport(*base, at, order_id, _gauge(city, asset), place, _pressure_kpa(given))
        case ReportKind.SAMPLE:
            turbidity, chlorine = _within(given, "turbidity", Channel.TURBIDITY), _within(given, "chlorine", Channel.CHLORINE)
            return FieldReport(*base, at, order_id, turbidity_ntu=turbidity, chlorine_mgl=chlorine)
        case ReportKind.WATER:
            litres = _number(given, "litres")
            if not 0.0 < litres <= MOST_LITRES:
                raise PartRefused("bounds", f"litres: expected up to {MOST_LITRES:g}")
            return FieldReport(*base, at, order_id, text=_text(given, "text", _TEXT_LEN), litres=litres)
        case ReportKind.CORRECTION:
            return _correction(city, reader, FieldReport(*base, at, order_id), given, now)
        case _:
            return _photo(city, FieldReport(*base, at, order_id, text=_text(given, "text", _TEXT_LEN)), given)


def _photo(city: City, report: FieldReport, given: dict[str, Any]) -> FieldReport:
    """A photo of the site, or of one valve."""
    valve = _text(given, "valve_id", _ID_LEN)
    if not valve:
        return report
    if not city.network.valves.has(valve):
        raise PartRefused("value", "the network has no such valve")
    return replace(report, asset_id=valve, layer=Layer.VALVE.value)


def _correction(city: City, reader: FixReader, report: FieldReport, given: dict[str, Any], now: datetime) -> FieldReport:
    """What is otherwise than the dataset says. One found elsewhere has the phone's place, if the phone gave it."""
    layer, fault, asset = _text(given, "layer", 20), _text(given, "fault", 20), _text(given, "asset_id", _ID_LEN)
    if layer not in tuple(Layer) or fault not in FAULTS[Layer(layer)]:
        raise PartRefused("value", "no such correction")
    table = city.network.valves if layer == Layer.VALVE else city.hydrants
    if not table.has(asset):
        raise PartRefused("value", f"the network has no such {layer}")
    x = y = None
    if fault == Fault.ELSEWHERE:
        here = position(reader, report.crew_id, {**given, "t": micros(now) / 1000.0}, micros(now))
        x, y = here.x, here.y
    text = _text(given, "text", _TEXT_LEN)
    return replace(report, asset_id=asset, layer=layer, fault=fault, text=text, x=x, y=y)


def outcome_in_case(incident: Incident, report: FieldReport) -> Answered | None:
    """What became of a report of an order; None: nothing shows that it was written, it is to be sent again."""
    if any(one.report_id == report.report_id and one.crew_id == report.crew_id for one in incident.field_reports):
        return Answered(TAKEN, at=report.at)
    if not incident.is_open():
        return Answered(REFUSED, "case_closed", incident.closed_by, incident.closed_at)
    later = overtaken_by(incident, report)
    if later is not None:
        return Answered(REFUSED, f"later_{report.kind.value}", later.crew_id, later.at)
    photos = sum(1 for one in incident.field_reports if one.kind is ReportKind.PHOTO and one.order_id == report.order_id)
    if report.kind is ReportKind.PHOTO and photos >= MOST_PHOTOS:
        return Answered(REFUSED, "too_many_photos")
    if incident.phase is Phase.SUSPECTED and report.kind is ReportKind.SAMPLE:
        return Answered(REFUSED, "not_judged")
    return None


def outcome_of_duty(duties: Iterable[CrewDuty], report: FieldReport) -> Answered | None:
    """The same for a report of duty."""
    known = next((one for one in duties if one.crew_id == report.crew_id), None)
    if known is None:
        return None
    if known.report_id == report.report_id or (known.is_on is (report.kind is ReportKind.ON_DUTY) and known.at >= report.at):
        return Answered(TAKEN, at=known.at)
    return Answered(REFUSED, "later_duty", known.crew_id, known.at) if known.at >= report.at else None


def _text(given: dict[str, Any], key: str, most: int) -> str:
    value = given.get(key, "")
    if not isinstance(value, str):
        raise PartRefused("value", f"{key} is no text")
    return storable(" ".join(value.split())[:most])


def _time(value: object, now: datetime) -> datetime:
    """The time of the tap where it can be believed, else the arrival's."""
    at = iso_time(value)
    if at is None or not EARLIEST_US <= micros(at) <= micros(now) + FUTURE_TOLERANCE_US:
        return now
    return at.astimezone(UTC)


def _number(given: dict[str, Any], key: str) -> float:
    value = given.get(key)
    try:
        number = float(value.strip().replace(",", ".")) if isinstance(value, str) and len(value) <= 20 else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise PartRefused("value", f"{key} is no number")
    return number


def _pressure_kpa(given: dict[str, Any]) -> float:
    unit = given.get("unit")
    if not isinstance(unit, str) or unit not in _KPA:
        raise PartRefused("value", f"unit: expected {', '.join(_KPA)}")
    pressure = _number(given, "pressure") * _KPA[unit]
    if not 0.0 <= pressure <= _MOST_KPA:
        raise PartRefused("bounds", "pressure: expected 0 to 3 MPa; is the unit right?")
    return round(pressure, 3)


def _within(given: dict[str, Any], key: str, channel: Channel) -> float:
    number, (_, most) = _number(given, key), BOUNDS[channel]
    if not 0.0 <= number <= most:
        raise PartRefused("bounds", f"{key}: expected 0 to {most:g}")
    return number


def _pipe(city: City, pipe_id: str) -> str:
    try:
        city.network.pipes.row(pipe_id)
    except UnknownAsset:
        raise PartRefused("pipe", "the network has no such pipe") from None
    return pipe_id


def _gauge(city: City, asset_id: str) -> str:
    known = not asset_id or any(
        (table.asset_id == asset_id).any() for table in (city.stations, city.hydrants, city.network.nodes)
    )
    if not known:
        raise PartRefused("value", "no such station, hydrant or node")
    return asset_id
