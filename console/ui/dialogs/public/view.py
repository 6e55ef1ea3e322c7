"""PublicView: what the pages show of the case in focus, worked out once for each change of the case or its records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.domain.clock import moment
from console.domain.crews import CrewKind
from console.domain.dispatch_orders import DISPATCH_ORDER, DispatchOrder
from console.domain.incidents import Incident
from console.domain.outreach import CARE_NEED, CARE_STEP, TELLING, Telling
from console.domain.picture import Picture
from console.domain.records import RecordKind
from console.domain.water_points import WATER_POINT, PointState, WaterPoint
from console.services.public.affected import AffectedCustomer, Told, affected, last_tellings, told_in_all
from console.services.public.care import InNeed, in_need
from console.services.public.dispatch_orders import pumps_without_order
from console.services.public.tanker_orders import tanker_choices
from console.services.public.water_demand import Supply, people_without, supply_state, water_off_at
from maps.city import City


@dataclass(frozen=True, eq=False)
class PublicView:
    """The public of one case. ``orders``: of the case and, without one, all that are open; ``tankers``: (id, name)."""

    city: City
    incident: Incident | None
    now: datetime
    customers: tuple[AffectedCustomer, ...] = ()
    told: Mapping[str, Telling] | None = None
    needs: tuple[InNeed, ...] = ()
    points: tuple[WaterPoint, ...] = ()
    orders: tuple[DispatchOrder, ...] = ()
    tankers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, city: City, incident: Incident | None, picture: Picture) -> PublicView:
        """As the picture has it."""
        now, every = moment(picture.now_us), picture.of(DISPATCH_ORDER)
        if incident is None:
            return cls(city, None, now, orders=_by_time(one for one in every if one.is_open))
        case, customers = incident.incident_id, affected(city, incident)
        return cls(
            city, incident, now, customers, last_tellings(picture.of(TELLING), case),
            in_need(customers, picture.of(CARE_NEED), picture.of(CARE_STEP), case),
            tuple(sorted((one for one in picture.of(WATER_POINT) if one.incident_id == case), key=lambda one: one.point_id)),
            _by_time(one for one in every if one.incident_id == case or (one.is_open and not one.incident_id)),
            tuple(tanker_choices(city, picture.crews)),
        )  # fmt: skip

    @staticmethod
    def basis(incident: Incident | None, picture: Picture) -> tuple[object, ...]:
        """What it is made of: equal ones give equal views, but for the time."""
        tankers = tuple(one.crew_id for one in picture.crews if one.kind is CrewKind.TANKER)
        kinds: tuple[RecordKind[Any], ...] = (TELLING, CARE_NEED, CARE_STEP, WATER_POINT, DISPATCH_ORDER)
        return incident, tankers, tuple((kind.id_of(one), one.version) for kind in kinds for one in picture.of(kind))

    @property
    def sums(self) -> Told:
        """How far the customers have been told."""
        return told_in_all(self.customers, self.told or {})

    @property
    def open_needs(self) -> int:
        """People in need whom nobody has helped yet."""
        return sum(one.is_open for one in self.needs)

    @property
    def open_points(self) -> int:
        """Points where water can be drawn."""
        return sum(one.state is PointState.OPEN for one in self.points)

    @property
    def people(self) -> int:
        """People without water."""
        return people_without(self.customers)

    @property
    def supply(self) -> Supply:
        """Whether the case needs an emergency supply and has it."""
        return Supply.NOT_NEEDED if self.incident is None else supply_state(self.incident, self.customers, self.points)

    @property
    def off_at(self) -> datetime:
        """From when on they are without water."""
        return self.now if self.incident is None else water_off_at(self.incident)

    @property
    def pumps(self) -> tuple[str, ...]:
        """Pumps of the plan without an order."""
        return () if self.incident is None else pumps_without_order(self.incident, self.orders)

    @property
    def silent_orders(self) -> int:
        """Open orders that are late: reported as not repeated back, or behind their time."""
        return sum(is_late(one, self.now) for one in self.orders)


def is_late(order: DispatchOrder, now: datetime) -> bool:
    """Not repeated back in time, or overdue."""
    return order.is_overdue(now) or (order.warned_at is not None and order.repeated_at is None and order.is_open)


def _by_time(orders: Iterable[DispatchOrder]) -> tuple[DispatchOrder, ...]:
    return tuple(sorted(orders, key=lambda one: (not one.is_open, one.given_at)))
