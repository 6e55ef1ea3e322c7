"""Routes of GeoReport v2. Every request names its client by a key; a client sees its own requests only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import Any, Protocol
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.domain.actors import Actor, Proof, Role
from console.domain.changes import ChangeSet
from console.domain.clock import Clock, micros
from console.domain.incidents import Incident
from console.domain.intents import Intent
from console.domain.records import Record, RecordKind
from console.domain.texts import storable
from console.domain.tickets import TICKET, Ticket
from console.services.changesets import Refused
from console.services.ports import StoreUnavailable
from console.services.tickets.taking import TakeCall, request_key
from console.web.guard import RateLimit, limited_body
from console.web.open311.formats import REQUESTS, SERVICES, Row, answer, error
from console.web.open311.requests import BadRequest, Query, call_of, kind_of, page_of, query_of, rows_of, services
from console.web.pages import language_of
from maps.city import City
from maps.errors import QuanmaiError

ROOT = "/open311/v2"
REQUESTS_A_MINUTE, _FAILURES_A_MINUTE = 240, 30
_MOST_BYTES, _MOST_FIELDS = 65_536, 60
_FORM, _GB = "application/x-www-form-urlencoded", frozenset(("gbk", "gb2312", "gb18030", "cp936"))
_PATIENCE_S = 10.0
_LOOKED_BACK = timedelta(days=90)
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class Keys(Protocol):
    """What is used of the store's keys (``store/api_keys.py``)."""

    def client_of(self, token: str) -> str | None:
        """As of the store."""
        ...


class Tickets(Protocol):
    """What is read of the store."""

    def records_of(self, kinds: Sequence[RecordKind[Any]], since_us: int, until_us: int) -> tuple[Record, ...]:
        """As of the store."""
        ...

    def record(self, kind: RecordKind[Ticket], record_id: str) -> Ticket | None:
        """As of the store."""
        ...

    def incident(self, incident_id: str) -> Incident | None:
        """As of the store."""
        ...


@dataclass(frozen=True, eq=False)
class TicketParts:
    """What the interface is made of. ``submit``: the engine's; ``limit``: requests a minute and client."""

    city: City
    clock: Clock
    store: Tickets
    keys: Keys
    submit: Callable[[Intent, Actor], Future[ChangeSet]]
    limit: int = REQUESTS_A_MINUTE
    patience_s: float = _PATIENCE_S


Work = Callable[[Request, str, str], Awaitable[Response]]
"""(request, client, json or xml)."""


class Open311:
    """The routes over their parts. Waiting for store and engine happens on threads of the pool."""

    def __init__(self, parts: TicketParts) -> None:
        self._parts = parts
        self._visits, self._failures = RateLimit(parts.limit), RateLimit(_FAILURES_A_MINUTE)

    def routes(self) -> list[Route]:
        """All routes; the ending names the format."""
        return [
            Route(f"{ROOT}/services.{{kind}}", self._for_client(self._services)),
            Route(f"{ROOT}/services/{{code}}.{{kind}}", self._for_client(self._service)),
            Route(f"{ROOT}/requests.{{kind}}", self._for_client(self._listed), methods=["GET"]),
            Route(f"{ROOT}/requests.{{kind}}", self._for_client(self._posted), methods=["POST"]),
            Route(f"{ROOT}/requests/{{request_id}}.{{kind}}", self._for_client(self._one)),
        ]

    def _for_client(self, work: Work) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            kind = request.path_params["kind"]
            if kind not in ("json", "xml"):
                return error(404, "expected an address that ends in .json or .xml", "json")
            try:
                return await self._checked(work, request, kind)
            except BadRequest as fault:
                return error(400, str(fault), kind)
            except StoreUnavailable:
                return error(503, "the store cannot be reached now; send the request again later", kind)

        return answered

    async def _checked(self, work: Work, request: Request, kind: str) -> Response:
        """Whose request it is. The store is looked at each time: a revoked key ends at once."""
        address = request.client.host if request.client is not None else ""
        if request.method == "POST":
            body = await limited_body(request, _MOST_BYTES)
            if body is None:
                return error(413, f"the request is longer than {_MOST_BYTES} bytes", kind)
            request.state.form = _form(body, request.headers.get("content-type", ""))
        given = request.headers.get("x-api-key") or request.query_params.get("api_key") or _posted_key(request)
        client = await run_in_threadpool(self._parts.keys.client_of, given) if given else None
        if client is None:  # a valid key is never refused for others: behind a proxy all have one address
            if not self._failures.allows(address):
                return error(429, "too many requests without a valid key; wait a minute", kind)
            return error(403, "api_key is missing, unknown or revoked", kind)
        if not self._visits.allows(client):
            return error(429, f"more than {self._parts.limit} requests a minute; send the rest later", kind)
        return await work(request, client, kind)

    # Services

    async def _services(self, request: Request, _client: str, kind: str) -> Response:
        return answer(services(_language(request)), SERVICES, kind)

    async def _service(self, request: Request, _client: str, kind: str) -> Response:
        code = kind_of(request.path_params["code"])
        found = [one for one in services(_language(request)) if one["service_code"] == code.value]
        return answer(found, SERVICES, kind)

    # Requests

    async def _posted(self, request: Request, client: str, kind: str) -> Response:
        intent = call_of(request.state.form, client, self._parts.city)
        actor = Actor(f"client:{client}", client, Role.CLIENT, proof=Proof.KEY)
        try:
            ticket = await run_in_threadpool(self._taken, intent, actor)
        except StoreUnavailable:
            raise
        except Refused as fault:
            return error(400, fault.text("en"), kind)
        except QuanmaiError as fault:
            return error(409, str(fault), kind)
        if ticket is None:
            return error(503, "not yet on disk; send the request again with the same request_key", kind)
        (row,) = rows_of([ticket], self._parts.city, _language(request), self._expected)
        made = {"service_request_id": row["service_request_id"], "service_notice": row["service_notice"], "account_id": None}
        return answer([made], REQUESTS, kind, 201)

    async def _listed(self, request: Request, client: str, kind: str) -> Response:
        query = query_of(request.query_params, self._parts.clock.now())
        rows, count = await run_in_threadpool(self._rows, client, query, _language(request))
        made = answer(rows, REQUESTS, kind)
        made.headers["X-Total-Count"] = str(count)  # what is not on this page is counted
        if count > query.page * query.page_size:
            following = request.url.include_query_params(page=query.page + 1).remove_query_params("api_key")
            made.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
        return made

    async def _one(self, request: Request, client: str, kind: str) -> Response:
        query = Query(_FIRST, _FIRST, (storable(request.path_params["request_id"]),))
        rows, _ = await run_in_threadpool(self._rows, client, query, _language(request))
        if not rows:
            return error(404, "no request of this client has this service_request_id", kind)
        return answer(rows, REQUESTS, kind)

    def _rows(self, client: str, query: Query, language: str) -> tuple[list[Row], int]:
        """Those of a client: by their ids, else of a time; and how many there are on all pages."""
        if query.ids:
            named = (self._parts.store.record(TICKET, one) for one in dict.fromkeys(query.ids))
            found = [one for one in named if one is not None and one.client == client]
        else:
            found = [one for one in self._of_client(client, query.since, query.until) if query.takes(one)]
        shown, count = page_of(found, query)
        return rows_of(shown, self._parts.city, language, self._expected), count

    # Engine and store

    def _taken(self, intent: TakeCall, actor: Actor) -> Ticket | None:
        """The ticket once it is on disk; the one of an earlier request with the same key; None when that takes too long."""
        try:
            made = self._parts.submit(intent, actor).result(self._parts.patience_s)
        except TooLate:
            return None
        new = made.of(TICKET)
        if new:
            return new[0]
        now = self._parts.clock.now()
        mine = self._of_client(intent.client, now - _LOOKED_BACK, now + timedelta(days=1))
        return next((one for one in mine if one.request_key == request_key(intent.request_key)), None)

    def _of_client(self, client: str, since: datetime, until: datetime) -> list[Ticket]:
        found = self._parts.store.records_of((TICKET,), micros(since), micros(until))
        return [one for one in found if isinstance(one, Ticket) and one.client == client]

    def _expected(self, incident_id: str) -> datetime | None:
        incident = self._parts.store.incident(incident_id)
        return None if incident is None or not incident.is_open() else incident.restoration_at


def _form(body: bytes, content_type: str) -> dict[str, str]:
    """The fields of a form; of a name given twice the last one. Raises BadRequest.

    UTF-8, or the Chinese encoding that the content type names: an address of replacement characters finds nobody.
    """
    message = Message()
    message["content-type"] = content_type
    if message.get_content_type() not in (_FORM, "text/plain"):  # text/plain: none was named
        raise BadRequest(f"expected a form ({_FORM}), not {message.get_content_type()[:60]}")
    named = (message.get_content_charset() or "utf-8").replace("_", "-")
    encoding = "gb18030" if named in _GB else "utf-8"
    try:
        text = body.decode(encoding)
        pairs = parse_qsl(
            text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, encoding=encoding, errors="strict"
        )  # fmt: skip
    except UnicodeDecodeError as fault:
        raise BadRequest(f"the form is not {encoding}; send UTF-8, or name the charset in Content-Type") from fault
    except ValueError as fault:
        raise BadRequest(f"expected a form ({_FORM}) of at most {_MOST_FIELDS} fields") from fault
    return dict(pairs)


def _posted_key(request: Request) -> str:
    form: dict[str, str] = getattr(request.state, "form", {})
    return form.get("api_key", "")


def _language(request: Request) -> str:
    return language_of(None, request.headers.get("accept-language", ""))
