"""HTML of the crew's page; every value is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from console.domain.corrections import FAULTS, Layer
from console.domain.field_reports import CrewDuty
from console.domain.incidents import Unable
from console.web.guard import page_proof
from console.web.orders import CrewOrder, OrderPage
from resources.texts import LANGUAGES, Catalogue

STATIC = {
    "crew.css": "text/css; charset=utf-8",
    "crew.js": "text/javascript; charset=utf-8",
    "field.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "outbox.js": "text/javascript; charset=utf-8",
    "worker.js": "text/javascript; charset=utf-8",
}


def language_of(chosen: str | None, accepted: str) -> str:
    """``zh_CN`` or ``en``: as chosen on the page, else the browser's first one that we have."""
    if chosen in LANGUAGES:
        return chosen
    for one in accepted.split(","):
        tag = one.split(";")[0].strip().lower()
        if tag[:2] in ("zh", "en"):
            return "en" if tag.startswith("en") else "zh_CN"
    return LANGUAGES[0]


class Pages:
    """Pages in one language for one crew; times on the city's clock."""

    def __init__(self, language: str, time_zone: str, crew_id: str, crew_name: str, token: str) -> None:
        self._texts, self._zone = Catalogue.load(language), ZoneInfo(time_zone)
        self._common = {
            "t": self._text, "time": self._time, "date": self._date, "length": _length,
            "tag": language.replace("_", "-"), "language": language, "crew_id": crew_id,
            "crew_name": crew_name, "proof": page_proof(token), "words": self._texts.section("web.script"),
            "languages": [one for one in LANGUAGES if one != language],
        }  # fmt: skip

    def listed(self, orders: Sequence[CrewOrder], duty: CrewDuty | None) -> str:
        """The list of orders, with what the crew said of its duty."""
        return _page("crew_orders.html").render(orders=orders, duty=duty, **self._common)

    def manifest(self) -> dict[str, object]:
        """The web app manifest (W3C): name, icon, begin."""
        icon = {"src": "/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
        return {
            "name": self._text("title"), "short_name": self._text("short_title"), "lang": self._common["tag"], "id": "/",
            "start_url": "/", "scope": "/", "display": "standalone", "background_color": "#22262b", "theme_color": "#22262b",
            "icons": [icon],
        }  # fmt: skip

    def order(self, page: OrderPage, duty: CrewDuty | None) -> str:
        """One order."""
        return _page("crew_order.html").render(
            page=page,
            duty=duty,
            kinds=[one.value for one in Unable],
            valve_faults=[one.value for one in FAULTS[Layer.VALVE]],
            hydrant_faults=[one.value for one in FAULTS[Layer.HYDRANT]],
            **self._common,
        )

    def problem(self, key: str) -> str:
        """A page with one sentence."""
        return _page("crew_problem.html").render(key=key, **self._common)

    def why(self, key: str, by: str, at: datetime | None) -> str:
        """Why an answer was refused, in one sentence."""
        text = self._text(f"why.{key}")
        told = [part for part in (by, self._time(at) if at is not None else "") if part]
        return f"{text} ({', '.join(told)})" if told else text

    def why_not_read(self, kind: str) -> str:
        """Why an answer could not be read, in one sentence; "" where a crew cannot have caused it."""
        return self._text(f"why.part_{kind}") if self._texts.has(f"web.why.part_{kind}") else ""

    def _text(self, key: str, **params: object) -> str:
        return self._texts.text(f"web.{key}", **params)

    def _time(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%m-%d %H:%M")

    def _date(self, at: datetime) -> str:
        """With its year: photos are old."""
        return at.astimezone(self._zone).strftime("%Y-%m-%d")


def _length(length_m: float) -> str:
    return f"{length_m / 1000.0:.1f} km" if length_m >= 1_000.0 else f"{10 * round(length_m / 10.0)} m"


@cache
def static_file(name: str) -> bytes:
    """A file of ``STATIC``."""
    return resources.files("console.web").joinpath(name).read_bytes()


@cache
def _page(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("console.web", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
