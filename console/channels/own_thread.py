"""OwnThread: makes a channel of a deliverer that waits for a disk, a mail server or a web address."""

from __future__ import annotations

import logging
import queue
import threading
from typing import Protocol

from console.channels.port import NotDelivered, RefusedForGood, Result
from console.domain.health import ChannelHealth
from console.domain.outgoing import Outgoing

log = logging.getLogger(__name__)

_PATIENCE_S = 5.0


class Deliverer(Protocol):
    """Delivers one message to one address and waits until it is delivered."""

    @property
    def name(self) -> str:
        """As of a ``DeliveryChannel``."""
        ...

    def carries(self, outgoing: Outgoing) -> bool:
        """As of a ``DeliveryChannel``."""
        ...

    def deliver(self, outgoing_id: int, outgoing: Outgoing) -> None:
        """Return when it is delivered. Raises NotDelivered. The same message may come again: deliver it once."""
        ...


class OwnThread:
    """A ``DeliveryChannel``: one message after the other on a thread of its own, so that no other channel waits.

    ``confirms``: what the deliverer waits for is the addressee's own answer, not that of a server or disk between.
    """

    def __init__(self, deliverer: Deliverer, *, confirms: bool = False) -> None:
        self.deliverer, self._confirms = deliverer, confirms
        self._lock = threading.Lock()
        self._asked: queue.SimpleQueue[tuple[int, Outgoing] | None] = queue.SimpleQueue()
        self._results: list[Result] = []
        self._failure = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"channel-{deliverer.name}", daemon=True)

    @property
    def name(self) -> str:
        """The deliverer's."""
        return self.deliverer.name

    def carries(self, outgoing: Outgoing) -> bool:
        """As the deliverer says."""
        return self.deliverer.carries(outgoing)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the running delivery; waiting messages stay in the store."""
        self._stopping.set()
        self._asked.put(None)
        if self._thread.is_alive():
            self._thread.join(_PATIENCE_S)

    def health(self) -> ChannelHealth:
        """Up while it runs, with the failure of the last attempt: each attempt tests the other side anew."""
        running = self._thread.is_alive() and not self._stopping.is_set()
        with self._lock:
            return ChannelHealth(self.name, "up" if running else "off", self._failure, "not_delivered" if self._failure else "")

    def deliver(self, outgoing_id: int, outgoing: Outgoing) -> bool:
        """Queue a message; False when stopped."""
        if self._stopping.is_set():
            return False
        self._asked.put((outgoing_id, outgoing))
        return True

    def results(self) -> list[Result]:
        """Since the last call."""
        with self._lock:
            results, self._results = self._results, []
            return results

    def _run(self) -> None:
        while (asked := self._asked.get()) is not None and not self._stopping.is_set():
            result = self._attempt(*asked)
            with self._lock:
                self._failure = result.failure
                self._results.append(result)

    def _attempt(self, outgoing_id: int, outgoing: Outgoing) -> Result:
        try:
            self.deliverer.deliver(outgoing_id, outgoing)
        except NotDelivered as fault:
            return Result(outgoing_id, str(fault), is_final=isinstance(fault, RefusedForGood))
        except Exception as defect:
            log.error("defect in channel %s", self.name, exc_info=defect)
            return Result(outgoing_id, f"{type(defect).__name__}: {defect}; see the log, report it")
        return Result(outgoing_id, is_acknowledged=self._confirms)
