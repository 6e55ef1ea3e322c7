"""Routes of the crew's page."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.domain.attachments import Attachment
from console.domain.clock import micros
from console.domain.crew_links import Answered
from console.domain.field_reports import FieldReport, Reported, ReportKind
from console.feeds.bounds import PartRefused
from console.feeds.owntracks import FixReader
from console.services.ports import StoreUnavailable
from console.web import photos
from console.web.answers import NO_ORDER, SENT, Answers, Item
from console.web.choices import pipes_found
from console.web.guard import MOST_BYTES, RateLimit, SecurityHeaders, is_from_page, limited_body
from console.web.orders import CrewOrder, OrderPage, duty_of, order_of, order_page, orders_of, overlay_of, photos_of
from console.web.pages import STATIC, Pages, language_of, static_file
from console.web.parts import Links, Parts
from console.web.positions import position
from console.web.way import Ways

__all__ = ["COOKIE", "CrewPage", "Links", "Parts"]

COOKIE, LANGUAGE_COOKIE = "crew", "language"
_COOKIE_S = 90 * 86_400
_LONGEST_SEARCH = 60
_PAGES_A_MINUTE, _FAILURES_A_MINUTE, _PHOTOS_A_MINUTE = 240, 30, 20


@dataclass(frozen=True, slots=True)
class _Visitor:
    crew_id: str
    token: str


class CrewPage:
    """The routes over their parts. Waiting for store and engine happens on threads of the pool."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._answers = parts, Answers(parts)
        self._visits, self._failures = RateLimit(_PAGES_A_MINUTE), RateLimit(_FAILURES_A_MINUTE)
        self._photos = RateLimit(_PHOTOS_A_MINUTE)
        self._ways = Ways(parts.city)
        self._reader = FixReader(parts.city)
        crews = parts.city.crews
        self._names = {str(one): str(name) for one, name in zip(crews.asset_id, crews.name, strict=True)}

    def app(self, more: Sequence[BaseRoute] = ()) -> Starlette:
        """The application; ``more``: routes of other subjects on the same port."""
        routes = [
            Route("/in/{token}", self._guarded(self._enter)),
            Route("/", self._guarded(self._list)),
            Route("/orders/{order_id}", self._guarded(self._order)),
            Route("/orders/{order_id}/pipes", self._guarded(self._search)),
            Route("/orders/{order_id}/photos/{sha256}", self._guarded(self._valve_photo)),
            Route("/orders/{order_id}/kept", self._guarded(self._kept), methods=["POST"]),
            Route("/answers", self._guarded(self._answer), methods=["POST"]),
            Route("/photos", self._guarded(self._photo), methods=["POST"]),
            Route("/positions", self._guarded(self._position), methods=["POST"]),
            Route("/manifest.webmanifest", self._manifest),
            Route("/language/{language}", self._language, methods=["POST"]),
            *(Route(f"/{name}", _static(name)) for name in STATIC),
            *more,
        ]
        return Starlette(routes=routes, middleware=[Middleware(SecurityHeaders, is_secure=self._parts.is_secure)])

    def _guarded(self, work: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            try:
                return await work(request)
            except StoreUnavailable:
                return self._problem(request, "store_away", 503)

        return answered

    # Signing in.

    async def _enter(self, request: Request) -> Response:
        """First visit by the link: its token goes into a cookie and out of the address."""
        token = request.path_params["token"]
        if await run_in_threadpool(self._parts.links.crew_of, token) is None:
            # A link that opens is never refused for others: behind a proxy all phones have one address.
            is_within = self._failures.allows(_address(request))
            return self._problem(request, "no_link", 401) if is_within else self._problem(request, "too_many", 429)
        answer = RedirectResponse("/", 303)
        secure = self._parts.is_secure
        # Lax: with Strict the redirect of a link opened from a message would come without the cookie.
        answer.set_cookie(COOKIE, token, max_age=_COOKIE_S, httponly=True, samesite="lax", secure=secure)
        return answer

    async def _visitor(self, request: Request) -> _Visitor | Response:
        """Whose page it is. The store is looked at each time: a revoked link ends at once."""
        token = request.cookies.get(COOKIE, "")
        crew_id = await run_in_threadpool(self._parts.links.crew_of, token) if token else None
        if crew_id is None:
            is_within = self._failures.allows(_address(request))
            return self._problem(request, "no_link", 401) if is_within else self._problem(request, "too_many", 429)
        if not self._visits.allows(crew_id):
            return self._problem(request, "too_many", 429)
        return _Visitor(crew_id, token)

    async def _sender(self, request: Request, most: int) -> tuple[_Visitor, bytes] | Response:
        """Whose request it is, with its body; only from our own page and of a sensible size."""
        visitor = await self._visitor(request)
        if isinstance(visitor, Response):
            return visitor
        if not is_from_page(request, visitor.token):
            return JSONResponse({"fault": "foreign"}, 403)
        body = await limited_body(request, most)
        return JSONResponse({"fault": "too_long"}, 413) if body is None else (visitor, body)

    async def _poster(self, request: Request) -> tuple[_Visitor, dict[str, Any]] | Response:
        """The same with a JSON object."""
        sent = await self._sender(request, MOST_BYTES)
        if isinstance(sent, Response):
            return sent
        given = _object(sent[1])
        return JSONResponse({"fault": "shape"}, 400) if given is None else (sent[0], given)

    # Pages.

    async def _list(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        if isinstance(visitor, Response):
            return visitor
        found = await run_in_threadpool(orders_of, self._parts.store, visitor.crew_id, self._now())
        duty = await run_in_threadpool(duty_of, self._parts.store, visitor.crew_id, self._now())
        return HTMLResponse(self._pages(request, visitor).listed(found, duty))

    async def _order(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        if isinstance(visitor, Response):
            return visitor
        order_id = request.path_params["order_id"]
        found = await run_in_threadpool(order_of, self._parts.store, visitor.crew_id, order_id, self._now())
        if found is None:
            return self._problem(request, "no_order", 404)
        page = await run_in_threadpool(self._page_of, found)
        duty = await run_in_threadpool(duty_of, self._parts.store, visitor.crew_id, self._now())
        return HTMLResponse(self._pages(request, visitor).order(page, duty))

    def _page_of(self, found: CrewOrder) -> OrderPage:
        store, now = self._parts.store, self._now()
        way = self._ways.of(found.order, store.positions)
        return order_page(self._parts.city, found, overlay_of(store, now), photos_of(store, found.incident, now), way)

    async def _valve_photo(self, request: Request) -> Response:
        """A photo of a valve that is on the page of one's own order; any other one is as unknown as none."""
        visitor = await self._visitor(request)
        if isinstance(visitor, Response):
            return visitor
        order_id, sha256 = request.path_params["order_id"], request.path_params["sha256"]
        kept = await run_in_threadpool(self._photo_of, visitor.crew_id, order_id, sha256)
        if kept is None:
            return Response(status_code=404)
        # Its address is the hash of its bytes: it never changes. The browser itself keeps none, the page's own cache does.
        return Response(kept.content, media_type=kept.media_type)

    def _photo_of(self, crew_id: str, order_id: str, sha256: str) -> Attachment | None:
        store, now = self._parts.store, self._now()
        found = order_of(store, crew_id, order_id, now)
        known = {} if found is None else photos_of(store, found.incident, now)
        return store.attachment(sha256) if any(one.picture.sha256 == sha256 for one in known.values()) else None

    async def _search(self, request: Request) -> Response:
        """Pipes by number or road, for a crew that found another one than its page lists."""
        visitor = await self._visitor(request)
        if isinstance(visitor, Response):
            return visitor
        order_id, asked = request.path_params["order_id"], request.query_params.get("q", "")[:_LONGEST_SEARCH]
        of = await run_in_threadpool(order_of, self._parts.store, visitor.crew_id, order_id, self._now())
        if of is None:
            return JSONResponse({"fault": "no_order"}, 404)
        found = await run_in_threadpool(pipes_found, self._parts.city, of.incident, of.order, asked)
        return JSONResponse({"pipes": [{"id": one.pipe_id, "text": one.text} for one in found]})

    async def _kept(self, request: Request) -> Response:
        """The crew's browser has kept an order's page of this version. Only the version of now counts as delivered."""
        asked = await self._poster(request)
        if isinstance(asked, Response):
            return asked
        visitor, given = asked
        order_id = request.path_params["order_id"]
        found = await run_in_threadpool(order_of, self._parts.store, visitor.crew_id, order_id, self._now())
        if found is None:
            return JSONResponse({"fault": "no_order"}, 404)
        is_current = given.get("version") == found.version
        if is_current:
            self._parts.channel.fetched(visitor.crew_id, order_id, found.incident.incident_id)
        return JSONResponse({"is_current": is_current})

    # Answers.

    async def _answer(self, request: Request) -> Response:
        asked = await self._poster(request)
        if isinstance(asked, Response):
            return asked
        visitor, given = asked
        try:
            item = self._answers.decoded(visitor.crew_id, given)
            if isinstance(item, FieldReport) and item.kind is ReportKind.PHOTO:
                raise PartRefused("value", "a photo without its picture")
        except PartRefused as fault:
            return self._refused(request, visitor, fault)
        return await self._taken(request, visitor, given["id"], Reported(item) if isinstance(item, FieldReport) else item)

    async def _photo(self, request: Request) -> Response:
        """A photo: the picture is the body, what it belongs to is in the address."""
        sent = await self._sender(request, photos.MOST_BYTES)
        if isinstance(sent, Response):
            return sent
        visitor, body = sent
        if not self._photos.allows(visitor.crew_id):
            return self._problem(request, "too_many", 429)
        given: dict[str, Any] = {**request.query_params, "state": ReportKind.PHOTO.value}
        try:
            report = self._answers.decoded(visitor.crew_id, given)
            photo = await run_in_threadpool(photos.reencoded, body)
        except PartRefused as fault:
            return self._refused(request, visitor, fault)
        except photos.PhotoRefused as fault:
            self._parts.feed.refuse(fault.kind)
            why = self._pages(request, visitor).why(fault.kind, "", None)
            return JSONResponse({"fault": fault.kind, "why": why}, 422)
        assert isinstance(report, FieldReport)
        return await self._taken(request, visitor, given["id"], Reported(report, photo))

    async def _taken(self, request: Request, visitor: _Visitor, answer_id: str, item: Item) -> Response:
        made = await run_in_threadpool(self._answers.taken, (visitor.crew_id, answer_id), item)
        if isinstance(made, Answered):
            return _told(self._pages(request, visitor), made)
        if made == NO_ORDER:
            return JSONResponse({"fault": made}, 404)
        return JSONResponse({"state": made}, 202 if made == SENT else 503)

    async def _position(self, request: Request) -> Response:
        """Where the crew is; taken only while it is on duty."""
        asked = await self._poster(request)
        if isinstance(asked, Response):
            return asked
        visitor, given = asked
        duty = await run_in_threadpool(duty_of, self._parts.store, visitor.crew_id, self._now())
        if duty is None or not duty.is_on:
            return JSONResponse({"fault": "off_duty"}, 409)
        try:
            fix = position(self._reader, visitor.crew_id, given, micros(self._now()))
        except PartRefused as fault:
            return self._refused(request, visitor, fault)
        is_sent = await run_in_threadpool(self._parts.feed.moved, fix)
        return JSONResponse({"state": "sent" if is_sent else "kept"}, 200 if is_sent else 503)

    def _refused(self, request: Request, visitor: _Visitor, fault: PartRefused) -> Response:
        """``why``: for the crew, in its language; ``fault``: for whoever looks for a defect."""
        self._parts.feed.refuse(fault.kind)
        return JSONResponse({"fault": str(fault), "why": self._pages(request, visitor).why_not_read(fault.kind)}, 422)

    # Common.

    async def _manifest(self, request: Request) -> Response:
        """What a phone needs to install the page."""
        body = self._pages(request, None).manifest()
        return JSONResponse(body, media_type="application/manifest+json", headers={"Cache-Control": "no-cache"})

    async def _language(self, request: Request) -> Response:
        chosen = language_of(request.path_params["language"], "")
        answer = Response(status_code=204)
        answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_COOKIE_S, samesite="lax", secure=self._parts.is_secure)
        return answer

    def _pages(self, request: Request, visitor: _Visitor | None) -> Pages:
        language = language_of(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
        crew, token = (visitor.crew_id, visitor.token) if visitor is not None else ("", "")
        return Pages(language, self._parts.city.info.time_zone, crew, self._names.get(crew) or crew, token)

    def _problem(self, request: Request, key: str, status: int) -> Response:
        if request.method == "POST":
            return JSONResponse({"fault": key}, status)
        return HTMLResponse(self._pages(request, None).problem(key), status)

    def _now(self) -> datetime:
        return self._parts.clock.now()


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) else None


def _told(pages: Pages, made: Answered) -> Response:
    why = pages.why(made.why, made.by, made.at) if made.why else ""
    return JSONResponse({"state": made.state, "why": why})


def _static(name: str) -> Callable[[Request], Response]:
    def served(_: Request) -> Response:
        return Response(static_file(name), media_type=STATIC[name], headers={"Cache-Control": "no-cache"})

    return served


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
