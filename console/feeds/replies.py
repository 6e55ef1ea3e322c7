"""Replies of crews to orders."""

from __future__ import annotations

from datetime import UTC, datetime

from console.domain.clock import micros
from console.domain.live import FUTURE_TOLERANCE_US
from console.domain.orders import VALVE_STATES, OrderReply
from console.feeds.bounds import EARLIEST_US, LATEST_US, PartRefused, Refusal, iso_time, parsed, text

_ID_LEN = 80
_TEXTS = {
    "order_id": _ID_LEN, "state": 20, "text": 500, "burst_pipe": _ID_LEN,
    "valve_id": _ID_LEN, "unable": 20, "incident_id": _ID_LEN,
}  # fmt: skip
"""Keys of a reply and how many characters of each are kept."""


def order_reply(crew_id: str, payload: bytes, now_us: int | None, refused: Refusal) -> OrderReply:
    """The reply in a payload. Raises PartRefused without its state, its order (or, on a valve, its case) or its valve.

    ``now_us``: a time of its own that is ahead of it does not count, the arrival does; None: no clock to compare.
    """
    body = parsed(payload)
    if not isinstance(body, dict):
        raise PartRefused("shape", "not an object")
    texts = {}
    for key, most in _TEXTS.items():
        value = body.get(key)
        if value is not None and not isinstance(value, str):
            refused("value", f"{key} is no text")
        texts[key] = text(value, most) if isinstance(value, str) else ""
    on_valve = texts["state"] in VALVE_STATES
    if not texts["state"] or not (texts["order_id"] or (on_valve and texts["incident_id"])):
        raise PartRefused("order", "a reply without its order_id and state")
    if on_valve and not texts["valve_id"]:
        raise PartRefused("order", f"{texts['state']} without its valve_id")
    at = None
    if body.get("t") is not None and (at := _believable(body["t"], now_us)) is None:
        refused("time", "the reply's time is none, or not a believable one; its arrival counts")
    return OrderReply(crew_id=text(crew_id, _ID_LEN), at=at, **texts)


def _believable(value: object, now_us: int | None) -> datetime | None:
    at = iso_time(value)
    if at is None:
        return None
    latest_us = LATEST_US if now_us is None else now_us + FUTURE_TOLERANCE_US
    return at.astimezone(UTC) if EARLIEST_US <= micros(at) <= latest_us else None
