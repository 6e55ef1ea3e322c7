"""Message: a topic and its payload, as they are on the wire."""

from __future__ import annotations

from typing import NamedTuple


class Message(NamedTuple):
    """One raw message."""

    topic: str
    payload: bytes
