"""Callers: they ring the hotline, or report by the city's platform (Open311), and answer when they are called back."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

import numpy as np
import shapely

from console.domain.tickets import Answer, CallbackResult, TicketKind
from console.drill.people.phone import NotDone
from console.drill.people.streets import Streets
from console.services.tickets.hearing import CallFields
from console.services.tickets.taking import TakeCall
from console.web.open311.routes import ROOT
from maps.city import City
from maps.crs import is_engineering, to_wgs84

_ANSWER_S = 15.0


@dataclass
class Caller:
    """One person. ``row``: of the customer, -1 for a passer-by; ``ticket_id``: "" until the desk gave one."""

    name: str
    phone: str
    row: int
    kind: TicketKind
    words: str
    is_online: bool
    rates: Answer
    ticket_id: str = ""
    told: str = ""
    """What the desk, or the platform, answered."""


@dataclass
class Callers:
    """``take``: a call at the seat, its answer is (ticket, text read out). ``due``: who calls at what time of the drill."""

    city: City
    burst_pipe: str
    streets: Streets
    port: int
    key: str
    take: Callable[[TakeCall], tuple[str, str]]
    due: list[tuple[datetime, Caller]] = field(default_factory=list)
    everyone: list[Caller] = field(default_factory=list)

    def begin(self, burst_at: datetime) -> None:
        """Who will call by themselves after the burst."""
        near = [*self._nearest(3), -1, -1, -1]
        seen = Caller("路人", "00000000001", -1, TicketKind.BURST_SEEN, "路面冒水，水往路中间流", True, Answer.NONE)
        low = Caller("住户甲", "00000000002", near[0], TicketKind.LOW_PRESSURE, "水突然变小", False, Answer.SATISFIED)
        also = Caller("住户乙", "00000000003", near[1], TicketKind.LOW_PRESSURE, "水很小", True, Answer.DISSATISFIED)
        after = ((20.0, seen), (40.0, low), (60.0, also))
        self.due = [(burst_at + timedelta(seconds=s), one) for s, one in after]

    def work(self, now: datetime) -> None:
        """Those whose time has come call, one after the other. Raises NotDone."""
        while self.due and self.due[0][0] <= now:
            self.call(self.due.pop(0)[1])

    def one_more(self) -> None:
        """Somebody who has no water calls while the case runs. Raises NotDone."""
        row = next(iter(self._nearest(1)), -1)
        self.call(Caller("住户丙", "00000000004", row, TicketKind.NO_WATER, "家里没水", True, Answer.SATISFIED))

    def call(self, caller: Caller) -> None:
        """Report it. Raises NotDone."""
        self.everyone.append(caller)
        if caller.is_online:
            self._post(caller)
        else:
            fields = CallFields(
                caller.kind, caller.phone, caller.name, self._address(caller.row), caller.words,
                asset_kind="customer" if caller.row >= 0 else "",
                asset_id=str(self.city.customers.asset_id[caller.row]) if caller.row >= 0 else "",
                wants_callback=True,
            )  # fmt: skip
            caller.ticket_id, caller.told = self.take(TakeCall(fields))

    def called_back(self, ticket_id: str) -> tuple[CallbackResult, Answer]:
        """What the caller of a ticket says now: of the water as it is in the streets, and whether satisfied."""
        one = next((one for one in self.everyone if one.ticket_id == ticket_id), None)
        if one is None:
            return CallbackResult.NO_ANSWER, Answer.NONE
        return (CallbackResult.WATER_BACK if self.streets.has_water else CallbackResult.STILL_OUT), one.rates

    def _post(self, caller: Caller) -> None:
        form = {
            "service_code": caller.kind.value, "phone": caller.phone, "last_name": caller.name,
            "description": caller.words, "callback": "1", "request_key": f"drill-{caller.phone}", **self._place(caller),
        }  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_S)
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded", "X-API-Key": self.key, "Accept-Language": "zh"}
            connection.request("POST", f"{ROOT}/requests.json", urlencode(form), headers)
            answer = connection.getresponse()
            body = answer.read()
        except OSError as fault:
            raise NotDone(f"{caller.name}: the report by Open311 did not arrive: {fault}") from fault
        finally:
            connection.close()
        if answer.status != http.client.CREATED:
            raise NotDone(f"{caller.name}: the report by Open311 was refused ({answer.status}): {body[:200]!r}")
        (made,) = json.loads(body)
        caller.ticket_id, caller.told = made["service_request_id"], made["service_notice"]

    def _place(self, caller: Caller) -> dict[str, str]:
        if is_engineering(self.city.network.crs):
            return {"address_string": self._address(caller.row) or "演练地点"}
        customers = self.city.customers
        x, y = self._burst() if caller.row < 0 else (float(customers.x[caller.row]), float(customers.y[caller.row]))
        long, lat = to_wgs84([x], [y], self.city.network.crs)
        return {"lat": f"{float(lat[0]):.6f}", "long": f"{float(long[0]):.6f}", "address_string": self._address(caller.row)}

    def _address(self, row: int) -> str:
        return "" if row < 0 else str(self.city.customers.address[row]) or str(self.city.customers.community[row])

    def _burst(self) -> tuple[float, float]:
        pipes = self.city.network.pipes
        middle = shapely.LineString(pipes.points(pipes.row(self.burst_pipe))).interpolate(0.5, normalized=True)
        return float(middle.x), float(middle.y)

    def _nearest(self, most: int) -> list[int]:
        """Customers who notice it first: those on the broken pipe, then the nearest."""
        customers, (x, y) = self.city.customers, self._burst()
        away = np.hypot(customers.x - x, customers.y - y)
        away[~np.isfinite(away)] = np.inf
        on_it = customers.pipe == self.city.network.pipes.row(self.burst_pipe)
        return [int(row) for row in np.lexsort((away, ~on_it))[:most]]
