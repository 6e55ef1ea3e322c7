"""Broker: address of a broker with user and password; shown without them."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from console.domain.addresses import masked
from maps.errors import InputFault


@dataclass(frozen=True, slots=True)
class Broker:
    """Address of a broker, parsed from ``mqtt://user:password@host:port`` or ``mqtts://…``."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """The address without user and password, for logs and messages."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> Broker:
        """Reads a broker URL. Raises InputFault that shows the form, never the password."""
        advice = f"broker {masked(url)!r}: expected mqtt://host[:port] or mqtts://user:password@host[:port]"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            # Not chained: urlsplit's message quotes the URL.
            raise InputFault(advice) from None
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise InputFault(advice)
        tls = parts.scheme == "mqtts"
        return cls(
            parts.hostname, port or (8883 if tls else 1883), tls, unquote(parts.username or ""), unquote(parts.password or "")
        )
