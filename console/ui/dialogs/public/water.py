"""Emergency water of the case: demand, points, the test that gates each, the tankers' trips."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from console.domain.shift import MapPlace
from console.domain.water_points import PointState, WaterPoint
from console.services.public.tanker_orders import SendTanker, orders_to
from console.services.public.water_demand import Supply, day_without_water, litres_a_day, litres_until, water_rules
from console.services.public.water_points import (
    BeginWaterTest,
    CloseWaterPoint,
    LogTankerTrip,
    OpenWaterPoint,
    PlanSuggestedPoints,
    PlanWaterPoint,
    RecordWaterTest,
)
from console.ui.appearance import Appearance
from console.ui.commands.dispatch import Submit
from console.ui.dialogs.public.page import FormQuestion, Page, number
from console.ui.dialogs.public.view import PublicView
from console.ui.models.rows import Column

_USUAL_LITRES = "5000"


class WaterPage(Page[WaterPoint]):
    """``place``: what is selected on the map, where a point can be planned by hand."""

    title = "water"

    def __init__(
        self, appearance: Appearance, submit: Submit, say: Callable[[str], None], place: Callable[[], MapPlace | None]
    ) -> None:
        super().__init__(appearance, submit)
        self._place, self._say = place, say
        self.suggest = self.act("suggest", self.plan_suggested, PlanSuggestedPoints)
        self.by_hand = self.act("plan_here", self.ask_point, PlanWaterPoint)
        self.test = self.act("test", self.begin_test, BeginWaterTest)
        self.result = self.act("test_result", self.ask_result, RecordWaterTest)
        self.open_it = self.act("open_point", self.open_point, OpenWaterPoint, "primary")
        self.trip = self.act("trip", self.ask_trip, LogTankerTrip)
        self.tanker = self.act("tanker_order", self.ask_tanker, SendTanker)
        self.end = self.act("close_point", self.close_point, CloseWaterPoint)
        self.below(self.suggest, self.by_hand, 1, self.test, self.result, self.open_it)
        self.below(1, self.tanker, self.trip, self.end)

    def key(self, item: WaterPoint) -> object:
        """Its id."""
        return item.point_id

    def columns(self) -> Sequence[Column[WaterPoint]]:
        """Where, for whom, in which state, how much water."""
        return (
            Column(self.t("point"), lambda one: one.name),
            Column(self.t("community"), lambda one: self.appearance.words.listed(one.communities)),
            Column(self.t("people"), lambda one: f"{one.people:,}", figures=True),
            Column(self.t("need_today"), self._today, figures=True),
            Column(self.t("brought"), self._brought, figures=True),
            Column(self.t("state"), self._state),
            Column(self.t("tankers"), self._tankers),
        )

    def items(self, view: PublicView) -> Sequence[WaterPoint]:
        """The case's points."""
        return view.points

    def told(self, view: PublicView) -> str:
        """Demand by the rules, with their source, and whether a supply is due."""
        if view.incident is None or not view.people:
            return self.t("nobody_dry")
        rules, day = water_rules(), day_without_water(view.off_at, view.now)
        litres = litres_a_day(view.people, view.off_at, view.now)
        line = self.t(
            "demand", people=f"{view.people:,}", day=day, head=f"{rules.litres_per_head(day):g}", litres=f"{litres:,.0f}"
        )
        supply = self.t(f"supply_{Supply(view.supply)}", hours=f"{rules.after_hours:g}")
        return f"{line} · {supply}\n{self.t('rule', version=rules.version, source=rules.source(self.appearance.words.language))}"

    def check(self) -> None:
        """Each step where it fits."""
        one, view = self.one(), self.view
        is_case = view is not None and view.incident is not None
        there = one is not None and one.state is not PointState.CLOSED
        runs = one is not None and bool(one.tests) and one.tests[-1].finished_at is None
        self.suggest.setEnabled(is_case and view is not None and not view.points and bool(view.people))
        self.by_hand.setEnabled(is_case)
        self.test.setEnabled(there and not runs)
        self.result.setEnabled(there and runs)
        self.open_it.setEnabled(there and one is not None and one.state is not PointState.OPEN)
        self.trip.setEnabled(there)
        self.tanker.setEnabled(there and view is not None and bool(view.tankers))
        self.end.setEnabled(there)

    def plan_suggested(self) -> None:
        """Plan what the program suggests."""
        if self.view is not None and self.view.incident is not None:
            self.submit(PlanSuggestedPoints(self.view.incident.incident_id))

    def ask_point(self) -> FormQuestion | None:
        """A point at the place selected on the map."""
        place, view = self._place(), self.view
        if view is None or view.incident is None:
            return None
        if place is None:
            self._say(self.t("no_place"))
            return None
        case, x, y = view.incident.incident_id, place.x, place.y

        def then(name: str, people: str) -> None:
            count = number(people)
            self.submit(PlanWaterPoint(case, name, x, y, int(count) if math.isfinite(count) else 0))

        return self.ask("plan_here", {"name": "", "people": str(view.people)}, then)

    def begin_test(self) -> None:
        """The mobile laboratory begins."""
        if (one := self.one()) is not None:
            self.submit(BeginWaterTest(one.point_id))

    def ask_result(self) -> FormQuestion | None:
        """What the laboratory found."""
        one = self.one()
        if one is None:
            return None

        def then(turbidity: str, chlorine: str) -> None:
            self.submit(RecordWaterTest(one.point_id, number(turbidity), number(chlorine)))

        return self.ask("test_result", {"turbidity": "", "chlorine": ""}, then, one.name)

    def open_point(self) -> FormQuestion | None:
        """Open a tested point at once; for another one ask who waives the test, and why."""
        one = self.one()
        if one is None:
            return None
        if one.state is PointState.TESTED:
            self.submit(OpenWaterPoint(one.point_id))
            return None

        def then(waived_by: str, reason: str) -> None:
            self.submit(OpenWaterPoint(one.point_id, waived_by, reason))

        return self.ask("waive", {"waived_by": "", "reason": ""}, then, f"{self.t('waive')}: {one.name}")

    def ask_trip(self) -> FormQuestion | None:
        """Which tanker brought how much."""
        one, view = self.one(), self.view
        if one is None or view is None:
            return None

        def then(tanker: str, driver: str, litres: str) -> None:
            self.submit(LogTankerTrip(one.point_id, tanker, driver, number(litres)))

        choices = [*view.tankers, ("", self.t("other_tanker"))]
        return self.ask("trip", {"tanker": choices, "driver": "", "litres": _USUAL_LITRES}, then, one.name)

    def ask_tanker(self) -> FormQuestion | None:
        """Which tanker is to bring how much; the order goes to its crew."""
        one, view = self.one(), self.view
        if one is None or view is None:
            return None

        def then(tanker: str, litres: str) -> None:
            self.submit(SendTanker(one.point_id, tanker, number(litres)))

        return self.ask("tanker_order", {"tanker": view.tankers, "litres": _USUAL_LITRES}, then, one.name)

    def close_point(self) -> None:
        """The point is closed."""
        if (one := self.one()) is not None:
            self.submit(CloseWaterPoint(one.point_id))

    def _today(self, one: WaterPoint) -> str:
        now = self.view.now if self.view is not None else one.planned_at
        return f"{litres_a_day(one.people, one.from_at, now):,.0f} L"

    def _brought(self, one: WaterPoint) -> str:
        now = self.view.now if self.view is not None else one.planned_at
        return f"{one.litres:,.0f} / {litres_until(one.people, one.from_at, now):,.0f} L"

    def _tankers(self, one: WaterPoint) -> str:
        """Its last orders, and the last trip."""
        words, view = self.appearance.words, self.view
        orders = () if view is None or view.incident is None else orders_to(view.incident, one.point_id)
        names = {} if view is None else dict(view.tankers)
        told = [
            f"{names.get(order.crew_id, order.crew_id)} {words.of('order_state', order.state.value)} {order.litres or 0:,.0f} L"
            for order in reversed(orders)
        ]
        if one.trips:
            trip = one.trips[-1]
            who = " ".join(part for part in (names.get(trip.crew_id, trip.crew_id), trip.driver) if part)
            told.append(f"{self.t('last_trip', time=words.time(trip.at)[:5])} {who} {trip.litres:,.0f} L")
        return " · ".join(told)

    def _state(self, one: WaterPoint) -> str:
        words, view = self.appearance.words, self.view
        text = words.of("point_state", one.state)
        if one.waived_by:
            text = self.t("waived", state=text, name=one.waived_by)
        test = one.tests[-1] if one.tests else None
        if test is None or view is None:
            return text
        if test.finished_at is None:
            left = (test.due_at - view.now).total_seconds() / 60
            key = "test_left" if left >= 0 else "test_late"
            return f"{text} · {self.t(key, time=words.time(test.due_at)[:5], n=round(abs(left)))}"
        return f"{text} · {self.t('test_passed' if test.passed else 'test_failed', ntu=test.turbidity_ntu, cl=test.chlorine_mgl)}"
