"""Dispatch orders of the case, and open ones without a case: given, repeated back, done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QComboBox

from console.domain.dispatch_orders import DispatchOrder, DispatchState, TargetKind
from console.domain.shift import MapPlace
from console.services.public.dispatch_orders import (
    STOP_PUMP,
    CancelDispatchOrder,
    CompleteDispatchOrder,
    GiveDispatchOrder,
    OrderPumpStops,
    RepeatBack,
)
from console.services.public.dispatch_targets import targets
from console.ui.appearance import Appearance
from console.ui.commands.dispatch import Submit
from console.ui.dialogs.public.page import FormQuestion, Page, number
from console.ui.dialogs.public.view import PublicView, is_late
from console.ui.models.rows import Column


class OrdersPage(Page[DispatchOrder]):
    """Recorded here, carried out there: nothing is controlled from this window. ``place``: what is selected on the map."""

    title = "orders"

    def __init__(self, appearance: Appearance, submit: Submit, place: Callable[[], MapPlace | None] = lambda: None) -> None:
        super().__init__(appearance, submit)
        self._place = place
        self.pumps = self.act("order_pumps", self.order_pumps, OrderPumpStops)
        self.give = self.act("give", self.ask_order, GiveDispatchOrder)
        self.repeated = self.act("repeated", self.ask_repeat, RepeatBack, "primary")
        self.done = self.act("order_done", self.ask_done, CompleteDispatchOrder)
        self.cancel = self.act("cancel", self.ask_cancel, CancelDispatchOrder)
        self.below(self.give, self.pumps, 1, self.cancel, self.done, self.repeated)

    def key(self, item: DispatchOrder) -> object:
        """Its id."""
        return item.order_id

    def columns(self) -> Sequence[Column[DispatchOrder]]:
        """To whom, what, how far."""
        words = self.appearance.words
        return (
            Column(self.t("order"), lambda one: one.order_id),
            Column(self.t("to"), lambda one: f"{words.of('dispatch_target', one.target)} {one.target_name}"),
            Column(self.t("text"), lambda one: one.text),
            Column(self.t("given"), lambda one: f"{words.stamp(one.given_at, self._now(one))} {one.given_by}"),
            Column(self.t("state"), self._state),
            Column(self.t("said"), self._said),
        )

    def items(self, view: PublicView) -> Sequence[DispatchOrder]:
        """Open ones first."""
        return view.orders

    def told(self, view: PublicView) -> str:
        """How many are open and how many are late; that nothing is controlled from here."""
        line = self.t("orders_sum", open=sum(one.is_open for one in view.orders), late=view.silent_orders)
        pumps = self.t("pumps_wait", pumps=self.appearance.words.listed(view.pumps)) if view.pumps else ""
        return "\n".join(part for part in (f"{line} · {self.t('recorded_only')}", pumps) if part)

    def check(self) -> None:
        """Each step where it fits."""
        one = self.one()
        is_open = one is not None and one.is_open
        self.pumps.setEnabled(self.view is not None and bool(self.view.pumps))
        self.repeated.setEnabled(is_open and one is not None and one.state is DispatchState.GIVEN)
        self.done.setEnabled(is_open)
        self.cancel.setEnabled(is_open)

    def order_pumps(self) -> None:
        """An order for each pump of the plan."""
        if self.view is not None and self.view.incident is not None:
            self.submit(OrderPumpStops(self.view.incident.incident_id))

    def ask_order(self) -> FormQuestion:
        """A new order."""
        case = self.view.incident.incident_id if self.view is not None and self.view.incident is not None else ""

        def then(asset: str, target: str, to: str, operation: str, text: str, due: str) -> None:
            minutes = number(due) if due.strip() else 0.0
            self.submit(GiveDispatchOrder(TargetKind(target), to, text, case, asset, minutes, operation))

        operations = [("", self.t("any_operation")), (STOP_PUMP, self.t("stop_pump"))]
        fields: dict[str, Any] = {
            "asset": self._assets(), "target": self.of("dispatch_target", TargetKind), "to": "", "operation": operations,
            "text": "", "due": "",
        }  # fmt: skip
        question = self.ask("give", fields, then)
        asset, target = question.edits["asset"], question.edits["target"]
        if isinstance(asset, QComboBox) and isinstance(target, QComboBox):
            # The kind of a chosen asset is known; it is asked for what stands in no dataset only.
            asset.currentIndexChanged.connect(lambda row: target.setEnabled(row <= 0))
            target.setEnabled(asset.currentIndex() <= 0)
        return question

    def _assets(self) -> list[tuple[str, str]]:
        """Nothing, what is selected on the map, the plan's pumps, then all that takes orders."""
        if self.view is None:
            return [("", self.t("no_asset"))]
        place, words = self._place(), self.appearance.words
        first = ([place.asset_id] if place is not None else []) + list(self.view.pumps)
        found = [
            (one.asset_id, " · ".join(part for part in (words.of("dispatch_target", one.kind), one.name, one.asset_id) if part))
            for one in targets(self.view.city, first)
        ]
        return [("", self.t("no_asset")), *found]

    def ask_repeat(self) -> FormQuestion | None:
        """Who read it back, in which words."""
        one = self.one()

        def then(who: str, words: str) -> None:
            if one is not None:
                self.submit(RepeatBack(one.order_id, who, words))

        return None if one is None else self.ask("repeated", {"who": "", "words": ""}, then, _about(one))

    def ask_done(self) -> FormQuestion | None:
        """Who reported it as done."""
        one = self.one()

        def then(who: str, result: str) -> None:
            if one is not None:
                self.submit(CompleteDispatchOrder(one.order_id, who, result))

        return None if one is None else self.ask("order_done", {"who": one.repeated_by, "result": ""}, then, _about(one))

    def ask_cancel(self) -> FormQuestion | None:
        """Why it no longer holds."""
        one = self.one()

        def then(reason: str) -> None:
            if one is not None:
                self.submit(CancelDispatchOrder(one.order_id, reason))

        return None if one is None else self.ask("cancel", {"reason": ""}, then, _about(one))

    def _now(self, one: DispatchOrder) -> Any:
        return self.view.now if self.view is not None else one.given_at

    def _state(self, one: DispatchOrder) -> str:
        words, now = self.appearance.words, self._now(one)
        text = words.of("dispatch_state", one.state)
        if one.is_overdue(now):
            text = f"! {text} · {words.of('dispatch_state', 'overdue')}"
        elif is_late(one, now):
            text = f"! {words.of('dispatch_state', 'unanswered')}"
        due = f" · {self.t('due', time=words.stamp(one.due_at, now))}" if one.due_at is not None and one.is_open else ""
        return f"{text}{due}"

    def _said(self, one: DispatchOrder) -> str:
        parts = []
        if one.repeated_at is not None:
            parts.append(self.t("repeated_by", who=one.repeated_by, words=one.repeated_words))
        if one.done_at is not None:
            parts.append(self.t("done_by", who=one.done_by, result=one.result))
        if one.reason:
            parts.append(one.reason)
        return self.appearance.words.clauses(parts)


def _about(order: DispatchOrder) -> str:
    return f"{order.order_id} · {order.target_name}: {order.text}"
