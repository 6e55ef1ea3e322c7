"""Addresses of brokers and stores as they may be shown: without passwords."""

from __future__ import annotations

import re

_SECRET_PARAMETER = re.compile(r"(?i)\b((?:ssl)?password|passwd|pwd|token|secret|passfile)=[^&;\s]*")
_NO_PORT = re.compile(r":(?!\d{1,5}(?:[/?#]|$))[^/?#]+")
_HIDDEN = "***"


def masked(url: str) -> str:
    """A URL for logs and messages: whatever may hold a password is ``***``, also where the URL is malformed."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    before, at, host = rest.rpartition("@")
    if at and (separator or ":" in before):
        rest = f"{_HIDDEN}@{host}"
    elif separator and not rest.startswith("["):
        # "mqtt://user:password" without a host: what stands for a port and is none may be the password.
        rest = _NO_PORT.sub(f":{_HIDDEN}", rest, count=1)
    return _SECRET_PARAMETER.sub(rf"\1={_HIDDEN}", f"{scheme}{separator}{rest}")
