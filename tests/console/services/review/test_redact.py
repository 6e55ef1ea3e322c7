"""Redaction: no name, address or number of a person is left, and the package still opens."""

from __future__ import annotations

from pathlib import Path

from console.domain.dispatch_orders import DISPATCH_ORDER, DispatchOrder, DispatchState, TargetKind
from console.domain.values import to_json
from console.domain.water_points import Trip, WaterPoint
from console.package import read_package, verify_package, write_package
from console.services.incidents.judging import JudgeBurst
from console.services.review.notes import Action, Findings, Remark, ReviewNotes
from console.services.review.redact import redacted
from console.services.review.replay import Replay
from tests.console.notes import chinese, english
from tests.console.package.cases import a_case


def test_no_person_is_left_in_any_file(tmp_path: Path) -> None:
    from dataclasses import replace

    record = a_case(user="王小明")
    notes = ReviewNotes(
        (Remark(record.since, "王小明没有接电话13800138000", "赵审核"),),
        (Action("谈话", "李值长"),),
        Findings(calls=("96116-001",)),
    )
    path = tmp_path / "r.incident"
    write_package(redacted(replace(record, notes=notes)), path)
    for name, content in verify_package(path).files.items():
        if name.startswith("notices/") and "versions" not in name:
            continue  # as they were made public
        for secret in ("王小明", "李值长", "赵审核", "13800138000", "96116-001", "1号楼"):
            assert secret.encode() not in content, (name, secret)
    back = read_package(path)
    assert back.redacted
    assert {change.user for change in back.changes} <= {"system", "C1", "C2", "C3", "P1", "P2", "P3", "P4", "P5"}


def test_who_did_what_stays_apart_and_institutions_stay_named() -> None:
    record = a_case(user="王小明")
    masked = redacted(record)
    users = [change.user for change in record.changes]
    assert len(set(users)) == len({change.user for change in masked.changes})
    assert len(masked.city.customers) == len(record.city.customers)
    critical = [bool(critical) for critical in record.city.customers.critical]
    assert [str(name) for name, keep in zip(masked.city.customers.name, critical, strict=True) if keep] == ["H20号楼"]
    plan = masked.incident.plan
    assert plan is not None
    assert all(masked.city.customers.has(customer) for customer in plan.customers_without_water)
    assert Replay(masked).picture(Replay(masked).until_us) is not None


def test_a_name_of_one_character_is_redacted_only_where_it_stands_alone() -> None:
    record = a_case(user="经")  # 经十路 is a road
    masked = redacted(record)
    assert all(change.user != "经" for change in masked.changes)
    assert any("经十路" in chinese(change.note) for change in masked.changes)


def test_a_persons_name_is_redacted_in_notes_and_their_keys_stay() -> None:
    record = a_case(user="valve")
    masked = redacted(record)
    assert [change.note.key for change in masked.changes] == [change.note.key for change in record.changes]
    name = next(change.user for change in masked.changes if change.kind == "notice_drafted")
    acknowledged = next(change for change in masked.changes if change.kind == "alarm_acknowledged")
    assert english(acknowledged.note).startswith(f"{name} acknowledged alarm A-000001 (suspected burst")
    assert [alarm.detail for alarm in masked.alarms] == [alarm.detail for alarm in record.alarms]


def test_nothing_is_left_of_who_called_and_from_where(tmp_path: Path) -> None:
    from dataclasses import replace

    from console.domain.tickets import TICKET, CallbackResult, TicketKind
    from console.services.tickets.changing import LogCallback
    from console.services.tickets.hearing import CallFields
    from console.services.tickets.taking import TakeCall
    from tests.console.package.cases import CASE
    from tests.console.services.town import Chair, a_finding

    chair = Chair()
    chair.sees(a_finding())
    fields = CallFields(
        TicketKind.NO_WATER, "0531-7", "张三丰", "美林苑9号楼", "老人在家没水", asset_kind="customer", asset_id="C-H10"
    )
    ticket = chair.does(TakeCall(fields)).of(TICKET)[0].ticket_id
    chair.does(LogCallback(ticket, CallbackResult.STILL_OUT, "顶楼没水"))
    kind = TICKET.name
    changes = tuple(one for one in chair.log if one.subject in (f"{kind}/{ticket}", f"incident/{CASE}"))
    record = replace(a_case(user="王小明"), others=tuple(chair.state.of(TICKET).values()), changes=changes)
    path = tmp_path / "r.incident"
    write_package(redacted(record), path)
    for name, content in verify_package(path).files.items():
        for secret in ("张三丰", "9号楼", "老人在家", "顶楼", "0531-7"):
            assert secret.encode() not in content, (name, secret)
    (kept,) = redacted(record).others
    assert (kept.kind, kept.pipe_id, kept.x) == (TicketKind.NO_WATER, "H10", None)  # type: ignore[attr-defined]


def test_nobody_at_the_other_end_of_an_order_and_no_driver_is_left() -> None:
    from dataclasses import replace

    record = a_case()
    incident, at = record.incident.incident_id, record.since
    order = DispatchOrder(
        "D-00001", incident, TargetKind.PLANT, "", "鹊华水厂", "降压", at, "调度甲", "u1", DispatchState.DONE,
        repeated_at=at, repeated_by="水厂乙", repeated_words="水厂乙照办", done_at=at, done_by="水厂丙",
    )  # fmt: skip
    point = WaterPoint(
        "E-00001", incident, "北门", 0.0, 0.0, 10, at, at, "值班丁", trips=(Trip(at, "T1", "司机戊", 10.0, "值班丁"),)
    )
    kept = tuple(
        replace(record.changes[0], subject=f"{one.record_kind.name}/1", before=None, after=to_json(one)) for one in (order, point)
    )
    masked = redacted(replace(record, others=(order, point), changes=(*record.changes, *kept)))
    said = str((masked.others, masked.changes))
    assert "鹊华水厂" in said
    for name in ("调度甲", "水厂乙", "水厂丙", "值班丁", "司机戊"):
        assert name not in said


def test_free_words_of_orders_and_the_grounds_of_an_override_go_whole() -> None:
    from dataclasses import replace

    from console.services.notices.lifecycle import ApproveNotice, DraftNotice, SubmitNotice
    from console.services.public.dispatch_orders import CancelDispatchOrder, GiveDispatchOrder, RepeatBack
    from tests.console.package.cases import CASE
    from tests.console.services.town import Chair, a_finding

    chair = Chair()
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DraftNotice(CASE))
    chair.does(SubmitNotice(CASE, f"{CASE}-N1"))
    chair.does(ApproveNotice(CASE, f"{CASE}-N1", "张科长家里老人透析"))
    given = GiveDispatchOrder(TargetKind.PLANT, "鹊华水厂", "请刘师傅降压", CASE)
    order = chair.does(given).of(DISPATCH_ORDER)[0].order_id
    chair.does(RepeatBack(order, "值班乙", "刘师傅马上去办"))
    chair.does(CancelDispatchOrder(order, "刘师傅请假"))
    record = replace(
        a_case(),
        incident=chair.state.incidents[CASE],
        others=tuple(chair.state.of(DISPATCH_ORDER).values()),
        changes=tuple(chair.log),
    )
    masked = redacted(record)
    said = str((masked.incident, masked.others, masked.changes))
    for secret in ("透析", "刘师傅", "值班乙"):
        assert secret not in said
    assert masked.incident.notices[0].override_reason == "***"
    assert "鹊华水厂" in said
