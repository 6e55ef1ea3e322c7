"""The public feed of issued alerts: Atom at ``/cap/feed.atom``, each alert's CAP XML as it was issued. Read only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote

from lxml import etree
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from console.channels.cap_feed import CAP, NAME
from console.domain.delivery import PublishedAlert
from console.domain.texts import in_xml, storable
from console.services.ports import StoreUnavailable
from console.web.guard import RateLimit

ATOM = "http://www.w3.org/2005/Atom"
_CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
MOST = 100
"""Alerts in the feed, the newest first; older ones stay readable at their address."""
_READS_A_MINUTE = 600
"""From one address, which may be that of a proxy before many readers."""
_NUMBER = re.compile("[0-9]{1,18}")
"""Of an alert: what a column of 64 bits holds."""
_EMPTY_SINCE = datetime(1970, 1, 1, tzinfo=UTC)


class Alerts(Protocol):
    """What is used of the store."""

    def published(self, channel: str, content_type: str, most: int = ..., number: int | None = ...) -> tuple[PublishedAlert, ...]:
        """As of the store."""
        ...


class CapFeed:
    """Its routes. ``url``: the site's address as others reach it; ``title``: whose feed it is."""

    def __init__(self, alerts: Alerts, url: str, site: str, title: str) -> None:
        self._alerts, self._url, self._site, self._title = alerts, url, site, title
        self._reads = RateLimit(_READS_A_MINUTE)

    def routes(self) -> list[Route]:
        """For the application of the site."""
        return [Route("/cap/feed.atom", self._feed), Route("/cap/alerts/{number}.xml", self._alert)]

    async def _feed(self, request: Request) -> Response:
        found = await self._published(request)
        if isinstance(found, Response):
            return found
        return _answered(request, feed(found, self._url, self._site, self._title), "application/atom+xml")

    async def _alert(self, request: Request) -> Response:
        number = request.path_params["number"]
        if not _NUMBER.fullmatch(number):
            return PlainTextResponse("no such alert\n", 404)
        found = await self._published(request, int(number))
        if isinstance(found, Response):
            return found
        return _answered(request, found[0].payload, CAP) if found else PlainTextResponse("no such alert\n", 404)

    async def _published(self, request: Request, number: int | None = None) -> tuple[PublishedAlert, ...] | Response:
        address = request.client.host if request.client is not None else ""
        if not self._reads.allows(address):
            return PlainTextResponse("too many requests; try again in a minute\n", 429, headers={"Retry-After": "60"})
        try:
            return await run_in_threadpool(self._alerts.published, NAME, CAP, MOST, number)
        except StoreUnavailable:
            return PlainTextResponse("not available now; try again later\n", 503, headers={"Retry-After": "30"})


def feed(alerts: Sequence[PublishedAlert], url: str, site: str, title: str) -> bytes:
    """The Atom document (RFC 4287). ``updated``: of the newest alert, so that it stays the same while nothing is issued."""
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})  # type: ignore[dict-item]
    _put(root, "id", f"urn:quanmai:{quote(storable(site), safe='')}:cap")
    _put(root, "title", title)
    _put(root, "updated", _time(max((one.at for one in alerts), default=_EMPTY_SINCE)))
    _put(root, "link", rel="self", href=f"{url}/cap/feed.atom", type="application/atom+xml")
    _put(_put(root, "author"), "name", title)
    for one in alerts:
        _entry(root, one, url)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _entry(root: etree._Element, one: PublishedAlert, url: str) -> None:
    told = _told(one.payload)
    entry = _put(root, "entry")
    _put(entry, "id", f"urn:quanmai:cap:{quote(told['identifier'], safe='')}")
    mark = "" if told["status"] == "Actual" else f"[{told['status']}] "
    _put(entry, "title", f"{mark}{told['headline']}")
    _put(entry, "updated", _time(one.at))
    _put(entry, "published", told["sent"])
    _put(entry, "category", term=told["status"], scheme="urn:oasis:names:tc:emergency:cap:1.2:status")
    _put(entry, "category", term=told["msgType"], scheme="urn:oasis:names:tc:emergency:cap:1.2:msgType")
    _put(entry, "summary", told["area"])
    _put(entry, "link", rel="alternate", href=f"{url}/cap/alerts/{one.outgoing_id}.xml", type=CAP)


@lru_cache(maxsize=10 * MOST)
def _told(payload: bytes) -> dict[str, str]:
    """What an entry says of an alert. Our own messages, checked against the schema when they were made."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    alert = etree.fromstring(payload, parser)
    found = {name: alert.findtext(f"{_CAP}{name}", "") for name in ("identifier", "sent", "status", "msgType")}
    info = alert.find(f"{_CAP}info")
    found["headline"] = info.findtext(f"{_CAP}headline", "") if info is not None else ""
    found["area"] = info.findtext(f"{_CAP}area/{_CAP}areaDesc", "") if info is not None else ""
    return found


def _put(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    element.text = in_xml(text) or None  # a control character in the issuer's name must not end the feed
    return element


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _answered(request: Request, content: bytes, media_type: str) -> Response:
    """The content, or 304 where the reader has it already. Anybody may read it, from any page."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "public, max-age=30",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if _knows(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def _knows(known: str, tag: str) -> bool:
    return known.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in known.split(","))
