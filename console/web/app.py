"""Routes of the crew's page."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.domain.clock import Clock, micros
from console.domain.crew_links import Answered
from console.domain.incidents import OrderState, Unable
from console.domain.orders import VALVE_STATES, OrderReply
from console.feeds.bounds import PartRefused
from console.feeds.replies import order_reply
from console.services.ports import StoreUnavailable
from console.web.channel import WebChannel
from console.web.feed import WebFeed
from console.web.guard import RateLimit, SecurityHeaders, is_from_page, limited_body
from console.web.orders import Cases, knows_valve, order_of, order_page, orders_of
from console.web.outcomes import outcome
from console.web.pages import STATIC, Pages, language_of, static_file
from maps.city import City

COOKIE, LANGUAGE_COOKIE = "crew", "language"
_COOKIE_S = 90 * 86_400
_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_ANSWERS = frozenset({OrderState.ACKNOWLEDGED.value, OrderState.REFUSED.value, OrderState.ON_SITE.value, OrderState.DONE.value})
PATIENCE_S = 3.0
"""Longest wait for the disk in one request; then the phone asks again."""
_PAGES_A_MINUTE, _FAILURES_A_MINUTE = 240, 30


class Links(Protocol):
    """What is used of the store's links (``store/crew_links.py``)."""

    def crew_of(self, token: str) -> str | None:
        """As of the store."""
        ...

    def answered(self, crew_id: str, answer_id: str) -> Answered | None:
        """As of the store."""
        ...

    def settle(self, crew_id: str, answer_id: str, outcome: Answered) -> None:
        """As of the store."""
        ...


@dataclass(frozen=True, eq=False)
class Parts:
    """What the page is made of. ``is_secure``: reached over HTTPS, so that cookies are sent over nothing else."""

    city: City
    clock: Clock
    store: Cases
    links: Links
    feed: WebFeed
    channel: WebChannel
    is_secure: bool = False
    patience_s: float = PATIENCE_S


@dataclass(frozen=True, slots=True)
class _Visitor:
    crew_id: str
    token: str


class CrewPage:
    """The routes over their parts. Waiting for store and engine happens on threads of the pool."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._visits, self._failures = RateLimit(_PAGES_A_MINUTE), RateLimit(_FAILURES_A_MINUTE)
        crews = parts.city.crews
        self._names = {str(one): str(name) for one, name in zip(crews.asset_id, crews.name, strict=True)}

    def app(self, more: Sequence[BaseRoute] = ()) -> Starlette:
        """The application; ``more``: routes of other subjects on the same port."""
        routes = [
            Route("/in/{token}", self._guarded(self._enter)),
            Route("/", self._guarded(self._list)),
            Route("/orders/{order_id}", self._guarded(self._order)),
            Route("/orders/{order_id}/kept", self._guarded(self._kept), methods=["POST"]),
            Route("/answers", self._guarded(self._answer), methods=["POST"]),
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
        if self._failures.is_spent(_address(request)):
            return self._problem(request, "too_many", 429)
        if await run_in_threadpool(self._parts.links.crew_of, token) is None:
            self._failures.allows(_address(request))
            return self._problem(request, "no_link", 401)
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

    async def _poster(self, request: Request) -> tuple[_Visitor, dict[str, Any]] | Response:
        """Whose request it is, with its body; only from our own page and of a sensible size."""
        visitor = await self._visitor(request)
        if isinstance(visitor, Response):
            return visitor
        if not is_from_page(request, visitor.token):
            return JSONResponse({"fault": "foreign"}, 403)
        body = await limited_body(request)
        if body is None:
            return JSONResponse({"fault": "too_long"}, 413)
        try:
            given = json.loads(body)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            return JSONResponse({"fault": "shape"}, 400)
        return visitor, given

    # Pages.

    async def _list(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        if isinstance(visitor, Response):
            return visitor
        found = await run_in_threadpool(orders_of, self._parts.store, visitor.crew_id, self._now())
        return HTMLResponse(self._pages(request, visitor).listed(found))

    async def _order(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        if isinstance(visitor, Response):
            return visitor
        order_id = request.path_params["order_id"]
        found = await run_in_threadpool(order_of, self._parts.store, visitor.crew_id, order_id, self._now())
        if found is None:
            return self._problem(request, "no_order", 404)
        page = await run_in_threadpool(order_page, self._parts.city, found)
        return HTMLResponse(self._pages(request, visitor).order(page))

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
            self._parts.channel.fetched(visitor.crew_id, order_id)
        return JSONResponse({"is_current": is_current})

    # Answers.

    async def _answer(self, request: Request) -> Response:
        asked = await self._poster(request)
        if isinstance(asked, Response):
            return asked
        visitor, given = asked
        answer_id = given.get("id")
        try:
            reply = self._reply(visitor.crew_id, given)
            if not isinstance(answer_id, str) or not _ID.fullmatch(answer_id):
                raise PartRefused("order", "an answer without its id")
        except PartRefused as fault:
            self._parts.feed.refuse(fault.kind)
            return JSONResponse({"fault": str(fault)}, 422)
        return await run_in_threadpool(self._taken, self._pages(request, visitor), (visitor.crew_id, answer_id), reply)

    def _reply(self, crew_id: str, given: dict[str, Any]) -> OrderReply:
        """The reply, decoded as one of the broker. Raises PartRefused."""
        payload = json.dumps(given).encode()
        reply = order_reply(crew_id, payload, micros(self._now()), lambda kind, _: self._parts.feed.refuse(kind))
        if reply.state not in (*_ANSWERS, *VALVE_STATES) or not reply.order_id:
            raise PartRefused("order", "no such answer")
        if reply.state == "valve_unable" and reply.unable not in tuple(Unable):
            raise PartRefused("order", "no such reason")
        return reply

    def _taken(self, pages: Pages, key: tuple[str, str], reply: OrderReply) -> Response:
        """Hand an answer over and say what became of it; the same id again gets the same result and changes nothing."""
        parts, (crew_id, answer_id) = self._parts, key
        known = parts.links.answered(crew_id, answer_id)
        if known is not None:
            parts.feed.settled(key)
            return _told(pages, known)
        if order_of(parts.store, crew_id, reply.order_id, self._now()) is None:
            return JSONResponse({"fault": "no_order"}, 404)
        if not parts.feed.submit(key, reply, parts.patience_s):
            return JSONResponse({"state": "sent"}, 202)
        found = order_of(parts.store, crew_id, reply.order_id, self._now())
        made = (
            None
            if found is None
            else outcome(found.incident, found.order, reply, knows_valve=knows_valve(parts.city, reply.valve_id))
        )
        if made is not None:
            parts.links.settle(crew_id, answer_id, made)
        parts.feed.settled(key)
        return JSONResponse({"state": "kept"}, 503) if made is None else _told(pages, made)

    # Common.

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


def _told(pages: Pages, made: Answered) -> Response:
    why = pages.why(made.why, made.by, made.at) if made.why else ""
    return JSONResponse({"state": made.state, "why": why})


def _static(name: str) -> Callable[[Request], Response]:
    def served(_: Request) -> Response:
        return Response(static_file(name), media_type=STATIC[name], headers={"Cache-Control": "no-cache"})

    return served


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
