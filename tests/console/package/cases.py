"""A small case carried out by the real desk, as a record; a suffix with markup can be added to every name in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from console.domain.changes import GENESIS, Change, Draft, change_hash
from console.domain.clock import micros
from console.domain.expected import CHARTED, ExpectedValues
from console.domain.incidents import Phase, PressureImpact, Unable
from console.domain.intents import Intent
from console.domain.orders import OrderReply
from console.domain.readings import Channel, ReadingBatch
from console.services.alarms.station_alarms import AcknowledgeAlarm
from console.services.crews.orders import SendCrew
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, MarkValveUnable, RecordSample
from console.services.desk import DeskSettings
from console.services.incidents.judging import AdvancePhase, JudgeBurst
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, LiftNotice, SubmitNotice
from console.services.review.past_case import PastCase
from console.services.review.record import CaseRecord, Sent, Tracks
from maps.city import City, StationTable
from tests.console.services.town import NOW, Chair, a_finding, a_town

CASE = "2024-0001"
HOSTILE = '</script><script>window.broken=1</script><img src=x onerror="window.broken=2">`${window.broken=3}`{{7*7}}=cmd|1'
FILES = {f"{CASE}-N1-v1.zh_CN.txt": "停水公告\n".encode(), f"{CASE}-N1-v1.pdf": b"%PDF-1.4 small"}


def a_reviewed_town(word: str = "") -> City:
    """The town with four stations; ``word`` is put after the names of people and places."""
    city = a_town()
    nodes = city.network.nodes
    at = [nodes.row(name) for name in ("J10", "J20", "J11", "J33")]
    stations = StationTable.of(
        ["S1", "S2", "S3", "S4"],
        name=[f"测点{n}{word}" for n in range(1, 5)],
        node=at,
        channels=["pressure", "pressure", "pressure,flow", "pressure"],
        x=nodes.x[at],
        y=nodes.y[at],
    )
    names = city.customers.replaced(
        name=[f"{name}{word}" for name in city.customers.name], address=["x" + word] * len(city.customers)
    )
    pipes = city.network.pipes.replaced(road_name=[f"{name}{word}" for name in city.network.pipes.road_name])
    return replace(city, stations=stations, customers=names, network=replace(city.network, pipes=pipes))


def a_case(word: str = "", *, user: str = "王小明", finish: bool = True) -> CaseRecord:
    """Suspected, judged, corrected by the crew, two valves closed, one stuck, a notice issued; then repaired and closed."""
    city = a_reviewed_town(word)
    chair = Chair(city, DeskSettings(hotline="96116", issuer="水务集团" + word, is_drill=True))
    sent: list[Sent] = []

    def keep(before: int) -> None:
        seq = len(chair.log)
        sent.extend(Sent(seq, m.address, m.content_type, m.payload) for m in chair.sent[before:])

    def does(intent: Intent, who: str = user) -> None:
        before = len(chair.sent)
        chair.does(intent, who)
        keep(before)

    chair.sees(a_finding())
    keep(0)
    alarm = next(iter(chair.state.alarms))
    does(AcknowledgeAlarm(alarm))
    does(JudgeBurst(CASE, ("H10",)))
    chair.take(chair.desk.on_impact(chair.state, CASE, PressureImpact(True, ("C-H10",)), chair.now))
    order = chair.state.incidents[CASE].orders[0]
    for state, pipe in (("acknowledged", ""), ("on_site", "V10")):
        reply = OrderReply(order.order_id, order.crew_id, state, chair.now, f"电话13800138000{word}", pipe)
        chair.take(chair.desk.on_order_reply(chair.state, reply, chair.now), order.crew_id)
    does(JudgeBurst(CASE, ("V10",), "on_site"))
    does(SendCrew(CASE))
    plan = chair.state.incidents[CASE].plan
    assert plan is not None
    first, second = plan.valves_to_close[0].asset_id, plan.valves_to_close[1].asset_id
    does(MarkValveClosed(CASE, first))
    does(MarkValveUnable(CASE, second, Unable.SEIZED))
    does(DraftNotice(CASE))
    notice = chair.state.incidents[CASE].notices[-1].notice_id
    does(SubmitNotice(CASE, notice))
    does(ApproveNotice(CASE, notice), "李值长")
    does(IssueNotice(CASE, notice))
    chair.take(chair.desk.on_files(chair.state, CASE, notice, tuple(FILES), chair.now))
    if finish:
        _finish(chair, does)
    return _record(city, chair, sent)


def _finish(chair: Chair, does: object) -> None:
    assert callable(does)
    case = chair.state.incidents[CASE]
    assert case.plan is not None
    for step in case.plan.valves_to_close:
        if step.asset_id not in case.closed_valves():
            does(MarkValveClosed(CASE, step.asset_id))
    for phase in (Phase.ISOLATED, Phase.REPAIRING, Phase.RESTORING):
        chair.now += timedelta(minutes=20)
        does(AdvancePhase(CASE, phase, "压力归零"))
    for valve in chair.state.incidents[CASE].closed_valves():
        does(MarkValveRestored(CASE, valve))
    does(RecordSample(CASE, turbidity_ntu=0.4, chlorine_mgl=0.3))
    does(LiftNotice(CASE, chair.state.incidents[CASE].notices[-1].notice_id, "供水已恢复"))
    does(AdvancePhase(CASE, Phase.CLOSED, "水质合格"))


def _record(city: City, chair: Chair, sent: list[Sent]) -> CaseRecord:
    changes = chained(chair.log)
    since, until = NOW - timedelta(minutes=30), chair.now + timedelta(minutes=10)
    minutes = np.arange(micros(since), micros(until), 60_000_000, dtype=np.int64)
    rows = len(city.stations)
    value = np.where(minutes < micros(NOW), 312.0, 250.0)
    batch = ReadingBatch(
        np.tile(np.arange(rows, dtype=np.int32), len(minutes)),
        np.full(rows * len(minutes), Channel.PRESSURE, dtype=np.uint8),
        np.repeat(minutes, rows),
        np.repeat(value, rows) - np.tile(np.arange(rows), len(minutes)),
        np.zeros(rows * len(minutes), dtype=np.uint8),
    )
    # Two seconds on the way; S4's link was down for the eight minutes from the burst on.
    restored = micros(NOW) + 480_000_000
    held = (batch.station == 3) & (batch.at_us >= micros(NOW)) & (batch.at_us < restored)
    batch = replace(batch, arrived_us=np.where(held, restored, batch.at_us) + 2_000_000)
    crews = sorted(chair.state.crews)
    ids = np.empty(len(crews) * len(minutes), dtype=object)
    ids[:] = np.repeat(crews, len(minutes))
    places = np.concatenate(
        [
            np.column_stack(
                [chair.state.crews[name].x + np.arange(len(minutes)), np.full(len(minutes), chair.state.crews[name].y)]
            )
            for name in crews
        ]
    )
    tracks = Tracks(ids, np.tile(minutes, len(crews)), places[:, 0], places[:, 1])
    incident = chair.state.incidents[CASE]
    expected = ExpectedValues.of_ticks(minutes, _expected(minutes, rows), _sigma(minutes, rows))
    earlier = replace(incident, incident_id="2023-0007", opened_at=incident.opened_at - timedelta(days=90))
    return CaseRecord(
        incident, city, changes, (), tuple(chair.state.alarms.values()), batch, tracks, since, until, tuple(sent), FILES,
        expected=expected, past=(PastCase.of(earlier),),
    )  # fmt: skip


def _expected(minutes: NDArray[np.int64], stations: int) -> NDArray[np.float64]:
    """312 kPa and half a kPa a minute; S2 is still being learned; nothing is expected of flows and levels."""
    expected = np.full((len(minutes), stations, len(CHARTED)), np.nan)
    expected[:, :, 0] = 312.0 + 0.5 * np.arange(len(minutes))[:, None]
    expected[:, 1, 0] = np.nan
    return expected


def _sigma(minutes: NDArray[np.int64], stations: int) -> NDArray[np.float64]:
    """Stations scatter by 0.8 kPa, from the eleventh tick on by 1.1; nothing is known of the fourth."""
    sigma = np.full((len(minutes), stations), 0.8)
    sigma[10:] = 1.1
    sigma[:, 3] = np.nan
    return sigma


def chained(log: list[Change]) -> tuple[Change, ...]:
    """The desk's changes with the hashes that a store gives them."""
    prev, made = GENESIS, []
    for seq, change in enumerate(log, start=1):
        draft = Draft(change.kind, change.subject, change.before, change.after, change.note, change.undoes)
        digest = change_hash(seq, change.at, change.user, draft, prev)
        made.append(replace(change, seq=seq, prev_hash=prev, hash=digest))
        prev = digest
    return tuple(made)
