"""Protection of the page: security headers, limits of rate and size, proof that a request comes from the page itself."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 8_192
"""Of a request's body."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Cache-Control": "no-store",
}


class SecurityHeaders:
    """ASGI middleware: the headers on every answer; ``is_secure``: HTTPS, which browsers are then to keep to."""

    def __init__(self, app: ASGIApp, *, is_secure: bool) -> None:
        self._app = app
        self._headers = {**_HEADERS, **({"Strict-Transport-Security": "max-age=31536000"} if is_secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the headers."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, marked)


class RateLimit:
    """At most ``most`` events a minute for each key, as a bucket that refills evenly. Safe to use from several threads."""

    _KEYS = 10_000

    def __init__(self, most: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most, self._monotonic = float(most), monotonic
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, key: str) -> bool:
        """Count an event; whether it is within the limit."""
        return self._taken(key) >= 0.0

    def _taken(self, key: str) -> float:
        now = self._monotonic()
        with self._lock:
            left, at = self._left.get(key, (self._most, now))
            left = min(self._most, left + (now - at) * self._most / 60.0) - 1.0
            if len(self._left) >= self._KEYS and key not in self._left:
                self._left.pop(next(iter(self._left)))  # the oldest: memory stays bounded
            self._left[key] = (max(left, 0.0), now)
        return left


def page_proof(token: str) -> str:
    """Value that only a page shown to the holder of ``token`` contains; the same after a restart, for pages kept on phones."""
    return hashlib.sha256(b"quanmai crew page " + token.encode()).hexdigest()


def is_from_page(request: Request, token: str) -> bool:
    """Whether a POST comes from our own page: its proof, and no foreign origin."""
    headers: Headers = request.headers
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host", ""):
        return False
    return hmac.compare_digest(headers.get("x-quanmai-page", "").encode(), page_proof(token).encode())


async def limited_body(request: Request, most: int = MOST_BYTES) -> bytes | None:
    """The body, at most ``most`` bytes; None when it is over the limit, which is found without reading the rest."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:12]) > most:
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return body
