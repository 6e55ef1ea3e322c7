"""Open311 GeoReport v2: tickets of other programs, in JSON and XML. See ../README.md.

``Open311(TicketParts(…)).routes()``: the routes, below ``/open311/v2``.
"""

from console.web.open311.routes import Open311, TicketParts

__all__ = ["Open311", "TicketParts"]
