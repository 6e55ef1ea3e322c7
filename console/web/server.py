"""WebServer: serves the crew's page on a thread of its own."""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette

from maps.errors import InputFault

log = logging.getLogger(__name__)
_PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class WebAddress:
    """Where the page is served. ``public``: as phones reach it, where that differs (a proxy with HTTPS before it)."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    public: str = ""

    @classmethod
    def parse(cls, text: str, certificate: Path | None, key: Path | None, public: str) -> WebAddress:
        """``HOST:PORT``. Raises InputFault, also where tokens would cross a network in the clear."""
        parts = urlsplit(f"//{text}")
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or port is None or parts.path or parts.username:
            raise InputFault(f"web address {text!r}: expected HOST:PORT, such as 127.0.0.1:8443")
        if (certificate is None) != (key is None):
            raise InputFault("web_certificate and web_key belong together")
        if certificate is None and not _is_loopback(host):
            raise InputFault(
                f"web address {text}: reachable from other machines without encryption; set web_certificate and web_key, "
                "or serve 127.0.0.1 behind a proxy with HTTPS and set web_public"
            )
        if public and (urlsplit(public).scheme != "https" or not urlsplit(public).hostname):
            raise InputFault(f"web_public {public!r}: expected an address with HTTPS, such as https://crews.example.cn")
        return cls(host, port, certificate, key, public.rstrip("/"))

    @property
    def url(self) -> str:
        """As phones reach it."""
        scheme = "http" if self.certificate is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public or f"{scheme}://{host}:{self.port}"

    @property
    def is_secure(self) -> bool:
        """Whether phones reach it over HTTPS."""
        return self.url.startswith("https:")


class WebServer:
    """Serves from ``start`` to ``stop``. Binding happens in ``start``, so that a port in use is found at once."""

    def __init__(self, address: WebAddress, app: Starlette) -> None:
        self._address = address
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, date_header=False, proxy_headers=False,
            lifespan="off", limit_concurrency=200, timeout_keep_alive=10, timeout_graceful_shutdown=3,
            ssl_certfile=address.certificate, ssl_keyfile=address.key, ws="none",
        )  # fmt: skip
        # No access log: the first visit's address holds the token.
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Bind and serve. Raises InputFault for an address or certificate that cannot be used."""
        try:
            self._server.config.load()
        except OSError as fault:  # SSLError too
            files = ", ".join(str(one) for one in (self._address.certificate, self._address.key) if one is not None)
            raise InputFault(
                f"the crew's page cannot be served with web_certificate and web_key {files}: {fault.strerror or fault}; "
                "both are PEM files that belong together"
            ) from fault
        try:
            family = socket.AF_INET6 if ":" in self._address.host else socket.AF_INET
            self._socket = socket.create_server((self._address.host, self._address.port), family=family)
        except OSError as fault:
            where = f"{self._address.host}:{self._address.port}"
            raise InputFault(
                f"the crew's page cannot be served at {where}: {fault}; choose another port, or end what uses it"
            ) from fault
        self._thread.start()
        log.info("the crew's page is served at %s", self._address.url)

    @property
    def port(self) -> int:
        """The port that was bound."""
        return int(self._socket.getsockname()[1]) if self._socket is not None else self._address.port

    def stop(self) -> None:
        """End; running requests get a few seconds."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_PATIENCE_S)
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        assert self._socket is not None
        try:
            self._server.run(sockets=[self._socket])
        except Exception:
            log.exception("the crew's page is served no more; start the program again, report it")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
