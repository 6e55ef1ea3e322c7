"""JSON and XML of GeoReport v2: a list of objects under the names that the standard gives."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree
from starlette.responses import Response

from console.domain.texts import in_xml

Value = str | float | None | bool
Row = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Names:
    """XML element of the list, and of each entry."""

    whole: str
    each: str


SERVICES, REQUESTS, ERRORS = Names("services", "service"), Names("service_requests", "request"), Names("errors", "error")


def answer(rows: Sequence[Row], names: Names, kind: str, status: int = 200) -> Response:
    """Rows as the ending of the address asks: ``json`` or ``xml``."""
    if kind == "xml":
        return Response(_xml(rows, names), status, media_type="text/xml; charset=utf-8")
    return Response(json.dumps(rows, ensure_ascii=False), status, media_type="application/json")


def error(status: int, text: str, kind: str) -> Response:
    """One clear line why a request was not carried out."""
    return answer([{"code": str(status), "description": text}], ERRORS, kind, status)


def _xml(rows: Sequence[Row], names: Names) -> bytes:
    whole = etree.Element(names.whole)
    for row in rows:
        one = etree.SubElement(whole, names.each)
        for name, value in row.items():
            etree.SubElement(one, name).text = _text(value)
    made: bytes = etree.tostring(whole, encoding="utf-8", xml_declaration=True)
    return made


def _text(value: Value) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return in_xml(str(value))
