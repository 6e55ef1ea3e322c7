"""People in need: by dataset and register, most urgent first; steps; the file; personal data stays with those who may see it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.actors import GRANTED, Actor, Permission, Role
from console.domain.outreach import CARE_NEED, CARE_STEP, CareKind, Need
from console.services.changesets import Refused
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.note_texts import in_each_language
from console.services.public.affected import affected
from console.services.public.care import AddNeeds, InNeed, NeedFields, RecordCare, RemoveNeed, in_need, open_by_need
from console.services.public.need_file import parse_needs
from maps.errors import InputFault
from tests.console.services.town import Chair

CASE = "2024-0001"
ZHANG = NeedFields("C-H10", Need.BEDRIDDEN, "张某", ("0531-1234567",), "全天", "3 单元 201")
LI = NeedFields("C-H10", Need.DIALYSIS, "李某", ("13800000000",))


def judged() -> Chair:
    chair = Chair()
    chair.does(OpenIncident("H10"))
    chair.does(JudgeBurst(CASE, ("H10",)))
    case = chair.state.incidents[CASE]
    assert case.plan is not None
    plan = replace(case.plan, customers_without_water=("C-H10", "C-H20", "C-V01"))
    chair.state = chair.state.with_records([replace(case, plan=plan)])
    return chair


def rows(chair: Chair) -> tuple[InNeed, ...]:
    customers = affected(chair.city, chair.state.incidents[CASE])
    return in_need(customers, chair.state.of(CARE_NEED).values(), chair.state.of(CARE_STEP).values(), CASE)


def test_the_dataset_and_the_register_make_one_list_with_the_most_urgent_first() -> None:
    chair = judged()
    assert [(one.customer.customer_id, one.need) for one in rows(chair)] == [("C-H20", Need.HOSPITAL)]
    chair.does(AddNeeds((ZHANG, LI)))
    assert [(one.name, one.need) for one in rows(chair)] == [
        ("李某", Need.DIALYSIS), ("H20号楼", Need.HOSPITAL), ("张某", Need.BEDRIDDEN),
    ]  # fmt: skip
    chair.does(RemoveNeed(next(key for key, one in chair.state.of(CARE_NEED).items() if one.name == "李某")))
    assert [one.name for one in rows(chair)] == ["H20号楼", "张某"]


def test_an_entry_stays_open_until_water_is_brought_or_no_help_is_needed_and_then_stands_last() -> None:
    chair = judged()
    chair.does(AddNeeds((ZHANG, LI)))
    li = rows(chair)[0]
    chair.does(RecordCare(CASE, li.customer.customer_id, CareKind.NOT_REACHED, need_id=li.need_id))
    chair.does(RecordCare(CASE, li.customer.customer_id, CareKind.REACHED, said="还有一桶水", need_id=li.need_id))
    assert rows(chair)[0].is_open  # told is not helped
    chair.does(RecordCare(CASE, li.customer.customer_id, CareKind.WATER, 40.0, need_id=li.need_id), "赵")
    last = rows(chair)[-1]
    assert (last.name, last.is_open, last.litres) == ("李某", False, 40.0)
    assert last.last is not None
    assert last.last.by == "赵"
    assert open_by_need(rows(chair)) == {Need.HOSPITAL: 1, Need.BEDRIDDEN: 1}
    # A neighbour at the same address is not helped by it.
    assert next(one for one in rows(chair) if one.name == "张某").steps == ()


def test_no_name_number_or_remark_of_a_person_is_in_the_log_of_a_case_or_in_a_note() -> None:
    chair = judged()
    chair.does(AddNeeds((ZHANG,)))
    one = next(row for row in rows(chair) if row.need_id)
    chair.does(RecordCare(CASE, one.customer.customer_id, CareKind.WATER, 20.0, "张某感谢", one.need_id))
    notes = [text for change in chair.log for text in in_each_language(change.note).values()]
    of_case = [str((change.before, change.after)) for change in chair.log if change.subject == f"incident/{CASE}"]
    for personal in ("张某", "0531-1234567", "201"):
        assert not [text for text in (*notes, *of_case) if personal in text]
    assert not CARE_NEED.in_package(next(iter(chair.state.of(CARE_NEED).values())), CASE)
    assert not CARE_STEP.in_package(next(iter(chair.state.of(CARE_STEP).values())), CASE)


def test_only_roles_that_may_see_personal_data_change_it() -> None:
    may = {role for role in Role if Permission.PERSONAL_DATA in GRANTED[role]}
    assert may == {Role.DISPATCHER, Role.SUPERVISOR, Role.ADMIN, Role.SYSTEM, Role.HOTLINE}
    with pytest.raises(Refused):
        judged().acts(AddNeeds((ZHANG,)), Actor("a", "a", Role.AREA))


@pytest.mark.parametrize(
    ("intent", "key"),
    [
        (AddNeeds(()), "needs_none"),
        (AddNeeds((replace(ZHANG, customer_id="nobody"),)), "unknown_customer"),
        (AddNeeds((replace(ZHANG, name=" "),)), "need_nameless"),
        (AddNeeds((replace(ZHANG, phones=("call me",)),)), "need_phone"),
        (RecordCare(CASE, "C-H10", CareKind.WATER, 0.0), "litres"),
        (RecordCare(CASE, "C-H10", CareKind.WATER, float("nan")), "litres"),
        (RecordCare(CASE, "nobody", CareKind.REACHED), "unknown_customer"),
        (RecordCare(CASE, "C-H10", CareKind.REACHED, need_id="V-9"), "no_need"),
        (RemoveNeed("V-9"), "no_need"),
    ],
)
def test_wrong_entries_are_refused(intent: AddNeeds, key: str) -> None:
    with pytest.raises(Refused) as refused:
        judged().does(intent)
    assert refused.value.key == key


def test_the_register_is_read_from_a_file_with_every_fault_named() -> None:
    good = "用户编号,需求,名称,电话,时段\nC-H10,透析,李某,13800000000；0531-1234567,周一三五\n"
    (one,) = parse_needs(good, "n.csv", lambda _: True)
    assert one == NeedFields("C-H10", Need.DIALYSIS, "李某", ("13800000000", "0531-1234567"), "周一三五")
    bad = "customer_id,need,name,phones\nX,flu,,abc\n"
    with pytest.raises(InputFault) as caught:
        parse_needs(bad, "n.csv", lambda one: one == "C-H10")
    assert "row 2, customer_id: 'X' is no customer" in str(caught.value)
    assert "'flu' is unknown" in str(caught.value)
    with pytest.raises(InputFault, match="column phones missing"):
        parse_needs("customer_id,need,name\n", "n.csv", lambda _: True)
    with pytest.raises(InputFault, match="holds no entry"):
        parse_needs("customer_id,need,name,phones\n", "n.csv", lambda _: True)
