"""Broker: address of a broker with user and password; shown without them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
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
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def tls_context(self) -> ssl.SSLContext:
        """Checks the broker by ``ca`` (default: the system's authorities), shows our own certificate where there is one.

        Raises InputFault for a file that cannot be used.
        """
        try:
            context = ssl.create_default_context(cafile=None if self.ca is None else str(self.ca))
        except (OSError, ssl.SSLError) as fault:
            raise InputFault(f"{self.ca}: is no certificate of an authority ({_reason(fault)}); name a PEM file") from fault
        if self.certificate is not None and self.key is not None:
            try:
                context.load_cert_chain(str(self.certificate), str(self.key), password=_no_password)
            except (OSError, ValueError) as fault:
                files = f"{self.certificate} and {self.key}"
                raise InputFault(
                    f"{files}: do not work together ({_reason(fault)}); name a PEM certificate and its key"
                ) from fault
        return context

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


def _no_password() -> str:
    """OpenSSL would else ask at the terminal for the password of an encrypted key."""
    raise ValueError("the key has a password")


def _reason(fault: Exception) -> str:
    return getattr(fault, "reason", None) or getattr(fault, "strerror", None) or str(fault)
