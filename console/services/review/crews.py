"""Crews' arrivals: promised when sent, reported by the crew, and measured by its track."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from console.domain.clock import micros, moment
from console.domain.incidents import OrderState, WorkOrder
from console.services.review.answers import Answer, Fact, Rows, Value, Verdict, known, targets
from console.services.review.decisions import excavated
from console.services.review.record import CaseRecord
from console.services.review.replay import Replay


@dataclass(frozen=True, slots=True)
class Arrival:
    """Arrival for one order. ``promised``, ``reported``, ``measured`` None: unknown.

    ``reported``: by the crew, on its clock; ``measured``: its first fix near the place after the order;
    ``tracked``: the crew sent positions.
    """

    order: WorkOrder
    acknowledged: datetime | None
    promised: datetime | None
    reported: datetime | None
    measured: datetime | None
    tracked: bool

    @property
    def there(self) -> datetime | None:
        """Arrival time: as measured, else as reported."""
        return self.measured or self.reported

    @property
    def late_by(self) -> timedelta | None:
        """Arrival after promise, below zero when early; None where either is unknown."""
        return None if self.there is None or self.promised is None else self.there - self.promised


def arrivals(record: CaseRecord, replay: Replay) -> tuple[Arrival, ...]:
    """Every order that was ever sent, in sequence."""
    lives: dict[str, list[WorkOrder]] = {}
    for state in record.incident_states:
        for order in state.value.work_orders():
            lives.setdefault(order.order_id, []).append(order)
    return tuple(_arrival(record, replay, life) for life in lives.values())


def crew_arrivals(record: CaseRecord, replay: Replay) -> Answer:
    """Sent, promised, reported on site, measured on site, and the error of the promise."""
    found = arrivals(record, replay)
    allowed = timedelta(minutes=float(targets()["crews"]["late_minutes"]))
    late = tuple(one.order.crew_id for one in found if one.late_by is not None and one.late_by > allowed)
    judged = [one for one in found if one.late_by is not None]
    apart = max((abs(one.measured - one.reported) for one in found if one.measured and one.reported), default=None)
    unseen = tuple(one.order.crew_id for one in found if one.reported and one.tracked and not one.measured)
    verdict = Verdict.UNKNOWN if not judged else Verdict.BAD if late else Verdict.GOOD
    facts = (
        known("crews_sent", len(found) or None),
        Fact("crews_late", (late or "–") if judged else None, "", allowed, verdict),
        known("crews_apart", apart, "duration"),
        Fact("crews_unseen", unseen or "–", "", None, Verdict.BAD if unseen else Verdict.PLAIN),
    )
    rows: list[tuple[Value, ...]] = []
    for one in found:
        order = one.order
        took = None if one.acknowledged is None else one.acknowledged - order.sent_at
        who = (order.order_id, _name(record, order.crew_id), order.kind.value, order.state.value)
        rows.append((*who, order.sent_at, took, one.promised, one.reported, one.measured, one.late_by))
    columns = ("order_id", "crew", "order_kind", "state", "sent", "answered_after", "promised", "on_site", "by_track", "late_by")
    units = ("", "", "order_kind", "order_state", "time", "duration", "time", "time", "time", "duration")
    return Answer("crews", facts if found else facts[:1], Rows(columns, units, tuple(rows)))


def _arrival(record: CaseRecord, replay: Replay, life: list[WorkOrder]) -> Arrival:
    first, last = life[0], life[-1]
    # A corrected place removes the estimate from the order; the estimate at sending is kept here.
    eta = first.eta_minutes
    promised = None if eta is None else first.sent_at + timedelta(minutes=eta)
    fixes = replay.fixes(first.crew_id, micros(first.sent_at), replay.until_us)
    pipes = dict.fromkeys((last.found_pipe, last.pipe_id, first.pipe_id, excavated(record)))
    measured = _first_near(record, fixes, pipes)
    accepted, reported = _answered(life, OrderState.ACKNOWLEDGED), _answered(life, OrderState.ON_SITE)
    return Arrival(last, accepted, promised, reported, measured, bool(fixes))


def _answered(life: list[WorkOrder], state: OrderState) -> datetime | None:
    return next((order.answered_at for order in life if order.state is state), None)


def _first_near(record: CaseRecord, fixes: Sequence[tuple[int, float, float]], names: Iterable[str]) -> datetime | None:
    """Time of the first fix near one of the pipes; None where none came so near."""
    pipes, limit_m = record.city.network.pipes, float(targets()["crews"]["near_m"])
    near = [pipes.points(pipes.row(name)) for name in names if name and pipes.has(name)]
    return next((moment(at) for at, x, y in fixes if any(_apart_m(line, x, y) <= limit_m for line in near)), None)


def _apart_m(line: NDArray[np.float64], x: float, y: float) -> float:
    """Metres from a point to a line of (n, 2) vertices, projected."""
    point, start, along = np.array([x, y]), line[:-1], np.diff(line, axis=0)
    squared = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((point - start) * along).sum(axis=1) / squared, 0.0, 1.0)
    return float(np.hypot(*(start + share[:, None] * along - point).T).min())


def _name(record: CaseRecord, crew_id: str) -> str:
    crews = record.city.crews
    return str(crews.name[crews.row(crew_id)]) or crew_id if crews.has(crew_id) else crew_id
