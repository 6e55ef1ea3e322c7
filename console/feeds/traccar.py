"""TraccarFeed: positions of crews and vehicles from a Traccar server: its list of devices by REST, then live by WebSocket."""

from __future__ import annotations

import json
import logging
import random
import re
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import connect

from console.domain.health import FeedHealth
from console.feeds.inbox import Inbox
from console.feeds.port import Decoded
from console.feeds.refusals import Refusals
from console.feeds.sequence import SequenceWatch
from console.feeds.traccar_frames import TraccarDecoder
from maps.city import City
from maps.errors import InputFault

log = logging.getLogger(__name__)

_FIRST_S, _LONGEST_S = 1.0, 60.0
_SILENT_S = 90.0
"""Without any frame for this time, the empty ones that keep the connection alive too, it is taken for dead."""
_MOST_BYTES = 16_000_000
_LOOK_S = 1.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_REFUSED = (401, 403)
_COOKIE = re.compile(r"[A-Za-z0-9_.-]{1,60}=[A-Za-z0-9_.~+/=-]{1,300}(?=;|$)")


@dataclass(frozen=True, slots=True)
class TraccarAddress:
    """``url``: of the server, ``https://host[:port][/path]``; ``token``: of an account that may read the devices."""

    url: str
    token: str = field(repr=False)

    @classmethod
    def parse(cls, url: str, token: str) -> TraccarAddress:
        """Raises InputFault, also where the token would cross a network in the clear."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            parts, host = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
            raise InputFault(f"traccar {url!r}: expected the server's address, such as https://traccar.example.cn")
        if parts.scheme == "http" and host not in _LOOPBACK:
            raise InputFault(f"traccar {url}: its token would be sent unencrypted; use https://")
        if not token:
            raise InputFault(
                "traccar: no token; put traccar_token into the credentials file (see 'credentials' of settings.toml)"
            )
        return cls(url.rstrip("/"), token)

    @property
    def devices(self) -> str:
        """Of the list of devices."""
        return f"{self.url}/api/devices"

    @property
    def socket(self) -> str:
        """Of the live positions; it holds the token and is never logged."""
        return f"ws{self.url.removeprefix('http')}/api/socket?token={quote(self.token, safe='')}"

    @property
    def session(self) -> str:
        """Where the token gives a session, whose cookie is the documented key to the live positions; never logged."""
        return f"{self.url}/api/session?token={quote(self.token, safe='')}"


class TraccarFeed:
    """Connects, takes what comes, and connects again with growing pauses. A frame is an item of the inbox as it is."""

    name = "traccar"

    def __init__(self, address: TraccarAddress, city: City, *, first_s: float = _FIRST_S, silent_s: float = _SILENT_S) -> None:
        self._address, self._first_s, self._silent_s = address, first_s, silent_s
        self._decoder = TraccarDecoder(city)
        self._refusals = Refusals(self.name, SequenceWatch())
        self._lock = threading.Lock()
        self._health = FeedHealth(self.name, "connecting")
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traccar", daemon=True)
        self._inbox: Inbox | None = None
        self._is_live = False
        """Whether the last connection brought anything: then the next attempt comes soon."""

    def start(self, inbox: Inbox) -> None:
        """Connect, on a thread of its own."""
        self._inbox = inbox
        self._thread.start()

    def stop(self) -> None:
        """Disconnect."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(15.0)

    def decode(self, items: Sequence[str | bytes], now_us: int) -> Decoded:
        """Positions of crews; the rest is counted."""
        decoded = self._decoder.decode(items, now_us)
        self._refusals.take(decoded)
        return decoded

    def health(self) -> FeedHealth:
        """The connection's, with what was refused."""
        with self._lock:
            health = self._health
        return self._refusals.counted(health)

    def _run(self) -> None:
        pause_s = self._first_s
        while not self._ending.is_set():
            self._is_live = False
            try:
                self._session()
            except (OSError, WebSocketException, ValueError) as fault:
                self._note("down", *_why(fault))
            except Exception as defect:
                log.exception("traccar")
                self._note("down", f"{type(defect).__name__}: {defect}; report it", "")
            pause_s = self._first_s if self._is_live else min(pause_s * 2.0, _LONGEST_S)
            # Not all consoles at one moment when a server comes back.
            self._ending.wait(pause_s * random.uniform(0.8, 1.2))
        self._note("off")

    def _session(self) -> None:
        """One connection, until it ends."""
        self._note("connecting")
        self._offer(self._devices())
        context = ssl.create_default_context() if self._address.socket.startswith("wss:") else None
        cookie = self._cookie()
        with connect(
            self._address.socket, additional_headers={"Cookie": cookie} if cookie else None, ssl=context, max_size=_MOST_BYTES,
            open_timeout=10, close_timeout=2, compression=None, logger=_quiet_logger(),
        ) as socket:  # fmt: skip
            self._note("up")
            heard = time.monotonic()
            while not self._ending.is_set():
                try:
                    frame = socket.recv(timeout=_LOOK_S)
                except TimeoutError:
                    if time.monotonic() - heard > self._silent_s:
                        raise ValueError("nothing came, not even what keeps the connection alive") from None
                    continue
                heard, self._is_live = time.monotonic(), True
                if frame.strip() not in ("{}", b"{}"):
                    self._offer(frame)

    def _cookie(self) -> str:
        """The session's cookie; "" where the server gives none: newer ones take the token in the socket's address too."""
        request = urllib.request.Request(self._address.session, headers={"Accept": "application/json"})
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=15.0) as answer:
                given = answer.headers.get("Set-Cookie", "")
        except urllib.error.HTTPError as fault:
            if fault.code in _REFUSED:
                raise
            return ""
        found = _COOKIE.match(given)
        return found.group(0) if found is not None else ""

    def _devices(self) -> str:
        """The list of devices, as a frame."""
        headers = {"Authorization": f"Bearer {self._address.token}", "Accept": "application/json"}
        request = urllib.request.Request(self._address.devices, headers=headers)
        # A token must not follow a redirect to another server.
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=15.0) as answer:
            content: bytes = answer.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError("the list of devices is too long")
        return json.dumps({"devices": json.loads(content)})

    def _offer(self, frame: str | bytes) -> None:
        if self._inbox is None or not self._inbox.offer_all(self, (frame,), None):
            self._ending.set()
            return
        with self._lock:
            self._health = replace(self._health, received=self._health.received + 1, last_at=datetime.now(UTC))

    def _note(self, state: str, message: str = "", code: str = "") -> None:
        message = message.replace(self._address.token, "…")
        with self._lock:
            before, self._health = self._health, replace(self._health, state=state, message=message, code=code)
        if message and before.message != message:
            log.warning("traccar %s: %s", self._address.url, message)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """None: the answer is an error."""
        return


def _quiet_logger() -> logging.Logger:
    """The library's own lines may hold the address with its token: only the feed's are kept."""
    logger = logging.getLogger("console.feeds.traccar.socket")
    logger.disabled = True
    return logger


def _why(fault: Exception) -> tuple[str, str]:
    """One line of a fault, never with the token, and the code of its text."""
    if isinstance(fault, urllib.error.HTTPError):
        status = fault.code
    elif isinstance(fault, InvalidStatus):
        status = fault.response.status_code
    else:
        status = 0
    if status in _REFUSED:
        return f"the server refuses the token ({status}); make a new one in Traccar", "token_refused"
    if status:
        return f"the server answers {status}; check the address", "server_answers_wrong"
    if isinstance(fault, urllib.error.URLError | ConnectionError | TimeoutError | ssl.SSLError):
        reason = fault.reason if isinstance(fault, urllib.error.URLError) else fault
        return f"no connection ({reason}); retrying", "no_server"
    if isinstance(fault, InvalidHandshake):
        return f"no live positions ({type(fault).__name__}); retrying", "no_server"
    return f"connection lost ({fault}); retrying", "connection_lost"
