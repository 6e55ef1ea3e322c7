"""The field in a drill: crews that answer their orders. It knows where the pipe really broke; only a crew on site tells."""

from __future__ import annotations

import json
import threading

from console.domain.changes import Outgoing
from console.feeds.inbox import Inbox, Message

_ANSWER_S, _ARRIVE_S = 0.3, 1.2
"""Real seconds of a drill until a crew acknowledges, and until it stands on site (its clock runs faster)."""


class DrillField:
    """Listens to what leaves the house and answers through the inbox, as crews' phones would over the broker."""

    def __init__(self, inbox: Inbox, site: str, burst_pipe: str) -> None:
        self._inbox, self._site, self._burst = inbox, site, burst_pipe
        self._timers: list[threading.Timer] = []

    def broke(self, pipe_id: str) -> None:
        """Another pipe broke: who is sent to check finds the latest."""
        self._burst = pipe_id

    def on_outgoing(self, outgoing: Outgoing) -> None:
        """Called with every message that leaves."""
        parts = outgoing.topic.split("/")
        if len(parts) < 2 or parts[-2] != "orders":
            return
        order = json.loads(outgoing.payload)
        if order.get("action") == "countermand":
            return
        self._later(_ANSWER_S, parts[-1], order["order_id"], "acknowledged", "收到，出发", "")
        if order.get("kind") == "site_check":
            self._later(_ARRIVE_S, parts[-1], order["order_id"], "on_site", "到场，路面涌水", self._burst)

    def close(self) -> None:
        """No more answers."""
        for timer in self._timers:
            timer.cancel()
            timer.join()

    def _later(self, after_s: float, crew: str, order_id: str, state: str, text: str, pipe: str) -> None:
        body = {"order_id": order_id, "state": state, "text": text, "burst_pipe": pipe}
        message = Message("drill", f"quanmai/v1/{self._site}/orders/{crew}/ack", json.dumps(body, ensure_ascii=False).encode())
        timer = threading.Timer(after_s, self._inbox.offer, (message,))
        timer.daemon = True
        self._timers.append(timer)
        timer.start()
