"""Answers: decodes what a crew's page sends, hands it to the engine and reads from the store what became of it."""

from __future__ import annotations

import json
import re
from typing import Any

from console.domain.clock import micros
from console.domain.crew_links import Answered
from console.domain.field_reports import OF_DUTY, FieldReport, Reported
from console.domain.incidents import OrderState, Unable
from console.domain.orders import VALVE_STATES, OrderReply
from console.feeds.bounds import PartRefused
from console.feeds.owntracks import FixReader
from console.feeds.replies import order_reply
from console.web.orders import duty_of, knows_valve, order_of
from console.web.outcomes import outcome
from console.web.parts import Parts
from console.web.reports import REPORTS, field_report, outcome_in_case, outcome_of_duty

_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_ANSWERS = frozenset({OrderState.ACKNOWLEDGED.value, OrderState.REFUSED.value, OrderState.ON_SITE.value, OrderState.DONE.value})
Item = OrderReply | Reported
NO_ORDER, SENT, KEPT = "no_order", "sent", "kept"
"""Not an order of this crew; on its way to the disk; nothing shows that it was written, to be sent again."""


class Answers:
    """Every method waits for store and engine: call it on a thread of the pool."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._reader = parts, FixReader(parts.city)

    def decoded(self, crew_id: str, given: dict[str, Any]) -> OrderReply | FieldReport:
        """The reply or report in a body. Raises PartRefused."""
        answer_id = given.get("id")
        if not isinstance(answer_id, str) or not _ID.fullmatch(answer_id):
            raise PartRefused("order", "an answer without its id")
        if isinstance(given.get("state"), str) and given["state"] in REPORTS:
            return field_report(self._parts.city, self._reader, crew_id, given, self._parts.clock.now())
        return self._reply(crew_id, given)

    def taken(self, key: tuple[str, str], item: Item) -> Answered | str:
        """What became of an answer, or one of the words above; the same id again gets the same result and changes nothing."""
        parts = self._parts
        known = parts.links.answered(*key)
        if known is not None:
            parts.feed.settled(key)
            return known
        if not self._is_own(key[0], item):
            return NO_ORDER
        if not parts.feed.submit(key, item, parts.patience_s):
            return SENT
        made = self._outcome(key[0], item)
        if made is not None:
            parts.links.settle(*key, made)
        parts.feed.settled(key)
        return made or KEPT

    def _reply(self, crew_id: str, given: dict[str, Any]) -> OrderReply:
        payload = json.dumps(given).encode()
        reply = order_reply(crew_id, payload, micros(self._parts.clock.now()), lambda kind, _: self._parts.feed.refuse(kind))
        if reply.state not in (*_ANSWERS, *VALVE_STATES) or not reply.order_id:
            raise PartRefused("order", "no such answer")
        if reply.state == "valve_unable" and reply.unable not in tuple(Unable):
            raise PartRefused("order", "no such reason")
        return reply

    def _is_own(self, crew_id: str, item: Item) -> bool:
        if isinstance(item, Reported) and item.report.kind in OF_DUTY:
            return True
        order_id = item.report.order_id if isinstance(item, Reported) else item.order_id
        return order_of(self._parts.store, crew_id, order_id, self._parts.clock.now()) is not None

    def _outcome(self, crew_id: str, item: Item) -> Answered | None:
        parts, now = self._parts, self._parts.clock.now()
        if isinstance(item, Reported) and item.report.kind in OF_DUTY:
            return outcome_of_duty([one for one in (duty_of(parts.store, crew_id, now),) if one is not None], item.report)
        found = order_of(parts.store, crew_id, item.report.order_id if isinstance(item, Reported) else item.order_id, now)
        if found is None:
            return None
        if isinstance(item, Reported):
            return outcome_in_case(found.incident, item.report)
        return outcome(found.incident, found.order, item, knows_valve=knows_valve(parts.city, item.valve_id))
