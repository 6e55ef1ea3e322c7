"""CrewSite: the page's feed, channel and server of one program."""

from __future__ import annotations

from typing import Protocol

from console.channels.cap_feed import CapFeedChannel
from console.channels.port import DeliveryChannel
from console.domain.clock import Clock
from console.web.app import CrewPage
from console.web.cap_feed import Alerts, CapFeed
from console.web.channel import WebChannel
from console.web.feed import WebFeed
from console.web.open311 import Open311, TicketParts
from console.web.orders import Kept
from console.web.parts import Links, Parts
from console.web.server import WebAddress, WebServer
from maps.city import City


class StoreOfSite(Kept, Alerts, Protocol):
    """What the pages read."""


class LinksOfCrews(Links, Protocol):
    """The store's links, with the crews that have one."""

    def crews(self) -> frozenset[str]:
        """As of the store."""
        ...


class CrewSite:
    """``feed`` and ``channels`` are given to the runtime; ``serve`` begins once its store is open."""

    def __init__(self, address: WebAddress) -> None:
        self._address = address
        self._links: LinksOfCrews | None = None
        self.feed, self.channel = WebFeed(), WebChannel(self._crews)
        self.channels: tuple[DeliveryChannel, ...] = (self.channel, CapFeedChannel())
        self._server: WebServer | None = None

    def serve(
        self, city: City, clock: Clock, store: StoreOfSite, links: LinksOfCrews, tickets: TicketParts | None = None
    ) -> None:
        """Bind and serve; ``tickets``: those of other programs too. Raises InputFault where the address cannot be used."""
        self._links = links
        parts = Parts(city, clock, store, links, self.feed, self.channel, is_secure=self._address.is_secure)
        feed = CapFeed(store, self._address.url, city.info.site, city.info.name or city.info.site)
        more = [*feed.routes(), *(() if tickets is None else Open311(tickets).routes())]
        self._server = WebServer(self._address, CrewPage(parts).app(more))
        self._server.start()

    @property
    def port(self) -> int:
        """The port that is served, where 0 was asked for the one that was free."""
        return self._address.port if self._server is None else self._server.port

    def close(self) -> None:
        """End the server; calling it twice is no fault."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def _crews(self) -> frozenset[str]:
        return frozenset() if self._links is None else self._links.crews()
