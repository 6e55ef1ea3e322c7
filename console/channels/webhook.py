"""Webhook: posts issued notices, signed, to a web address of another system."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from console.channels.port import NotDelivered, RefusedForGood
from console.domain.outgoing import MessageKind, Outgoing
from maps.errors import InputFault

LEAST_SECRET = 16
"""Characters of a secret."""
_TIMEOUT_S = 15.0
_MOST_ANSWER = 4096
_MOST_SHOWN = 160
_TRY_AGAIN = frozenset({408, 425, 429})
"""Refusals (4xx) that another attempt may mend: timeout, too early, too many."""


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """Where one webhook posts to. ``secret``: shared with the receiver; ``ca``: PEM of its authority, None: the system's."""

    name: str
    url: str
    secret: str = field(repr=False)
    ca: Path | None = None

    def __post_init__(self) -> None:
        """Raises InputFault that names the setting."""
        where = f"settings: webhooks.{self.name}"
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            parts, host = urlsplit(""), None
        if not host or parts.scheme not in ("https", "http") or parts.username or parts.fragment or not self.url.isascii():
            raise InputFault(f"{where}: {self.url!r} is no web address; expected such as https://city.example.cn/notices")
        if any(ord(char) <= 32 or ord(char) == 127 for char in self.url):
            raise InputFault(f"{where}: the address holds a blank or control character")
        if parts.scheme == "http" and not is_loopback(host):
            raise InputFault(f"{where}: http:// would send in the clear; use https:// (http only to this machine itself)")
        if len(self.secret) < LEAST_SECRET:
            missing = "has no secret" if not self.secret else f"has a secret of only {len(self.secret)} characters"
            raise InputFault(
                f"{where} {missing}; put one of at least {LEAST_SECRET} into the credentials file, "
                f'under [webhooks]: {self.name} = "…"'
            )

    def context(self) -> ssl.SSLContext | None:
        """For HTTPS. Raises InputFault for a certificate file that cannot be read."""
        if not self.url.startswith("https:"):
            return None
        try:
            return ssl.create_default_context(cafile=self.ca)
        except OSError as fault:
            raise InputFault(f"settings: webhooks.{self.name}.ca: {self.ca}: no certificate can be read ({fault})") from fault


class Webhook:
    """A deliverer for ``OwnThread``: one POST a message, JSON and CAP each by itself.

    Headers: ``X-Quanmai-Timestamp`` (Unix seconds), ``X-Quanmai-Signature: v1=<hex>`` (HMAC-SHA256 over the timestamp, a full
    stop and the body), ``Idempotency-Key`` (the same at each attempt). 2xx is delivered; 5xx, 408, 425, 429 and timeouts are
    tried again; other answers are refusals, redirects too: they would carry the message to an address nobody has set.
    """

    def __init__(self, address: WebhookAddress, site: str, now: Callable[[], float] = time.time) -> None:
        self._address, self._site, self._now = address, site, now
        self._context = address.context()
        self.name = f"webhook:{address.name}"

    def carries(self, outgoing: Outgoing) -> bool:
        """Notices."""
        return outgoing.kind is MessageKind.NOTICE

    def deliver(self, outgoing_id: int, outgoing: Outgoing) -> None:
        """Post it. Raises NotDelivered, RefusedForGood."""
        parts = urlsplit(self._address.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = str(parts.hostname)
        connection = (
            http.client.HTTPConnection(host, parts.port, timeout=_TIMEOUT_S)
            if self._context is None
            else http.client.HTTPSConnection(host, parts.port, timeout=_TIMEOUT_S, context=self._context)
        )
        try:
            connection.request("POST", path, outgoing.payload, self._headers(outgoing_id, outgoing))
            with connection.getresponse() as answer:
                status, reason, said = answer.status, answer.reason, answer.read(_MOST_ANSWER)
        except TimeoutError as fault:
            raise NotDelivered(f"{host} did not answer within {_TIMEOUT_S:.0f} s") from fault
        except ssl.SSLCertVerificationError as fault:
            raise NotDelivered(f"{host}: its certificate is not trusted ({fault.verify_message}); set webhooks.*.ca") from fault
        except (OSError, http.client.HTTPException) as fault:
            raise NotDelivered(f"{host} cannot be reached: {fault or type(fault).__name__}") from fault
        finally:
            connection.close()
        _judge(host, status, reason, said)

    def _headers(self, outgoing_id: int, outgoing: Outgoing) -> dict[str, str]:
        timestamp = str(int(self._now()))
        return {
            "Content-Type": f"{outgoing.content_type}; charset=utf-8",
            "User-Agent": "quanmai",
            "Idempotency-Key": idempotency_key(self._site, outgoing_id, outgoing.payload),
            "X-Quanmai-Timestamp": timestamp,
            "X-Quanmai-Signature": f"v1={signature(self._address.secret, timestamp, outgoing.payload)}",
        }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 (hex) with the secret's UTF-8 bytes over ``<timestamp>.<body>``."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def idempotency_key(site: str, outgoing_id: int, payload: bytes) -> str:
    """The same at each attempt of a message, another one for each message, also of two stores of one site. ASCII."""
    digest = hashlib.sha256(site.encode() + b"\0" + payload).hexdigest()[:24]
    return f"{outgoing_id}-{digest}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def on_one_line(text: str) -> str:
    """What another system said, fit for one line: no control characters, no line breaks."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _judge(host: str, status: int, reason: str, said: bytes) -> None:
    if 200 <= status < 300:
        return
    text = on_one_line(said.decode("utf-8", "replace"))[:_MOST_SHOWN]
    told = f"{host} answers {status} {on_one_line(reason)[:40]}".rstrip() + (f": {text}" if text else "")
    if status >= 500 or status in _TRY_AGAIN:
        raise NotDelivered(told)
    if 300 <= status < 400:
        raise RefusedForGood(f"{told}; it redirects: set the final address")
    raise RefusedForGood(told)
