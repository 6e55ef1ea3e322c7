"""CrewSite: the page's feed, channel and server of one program."""

from __future__ import annotations

from typing import Protocol

from console.domain.clock import Clock
from console.web.app import CrewPage
from console.web.channel import WebChannel
from console.web.feed import WebFeed
from console.web.open311 import Open311, TicketParts
from console.web.orders import Kept
from console.web.parts import Links, Parts
from console.web.server import WebAddress, WebServer
from maps.city import City


class LinksOfCrews(Links, Protocol):
    """The store's links, with the crews that have one."""

    def crews(self) -> frozenset[str]:
        """As of the store."""
        ...


class CrewSite:
    """``feed`` and ``channel`` are given to the runtime; ``serve`` begins once its store is open."""

    def __init__(self, address: WebAddress) -> None:
        self._address = address
        self._links: LinksOfCrews | None = None
        self.feed, self.channel = WebFeed(), WebChannel(self._crews)
        self._server: WebServer | None = None

    def serve(self, city: City, clock: Clock, store: Kept, links: LinksOfCrews, tickets: TicketParts | None = None) -> None:
        """Bind and serve; ``tickets``: those of other programs too. Raises InputFault where the address cannot be used."""
        self._links = links
        parts = Parts(city, clock, store, links, self.feed, self.channel, is_secure=self._address.is_secure)
        self._server = WebServer(self._address, CrewPage(parts).app(() if tickets is None else Open311(tickets).routes()))
        self._server.start()

    def close(self) -> None:
        """End the server; calling it twice is no fault."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def _crews(self) -> frozenset[str]:
        return frozenset() if self._links is None else self._links.crews()
