"""The contact book, its file, and calls."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from console.domain.actors import Actor, Role
from console.domain.contacts import CALL, CONTACT, Call, ContactKind, Outcome
from console.drill.contacts import demo_contacts
from console.services.changesets import Refused
from console.services.shift.contact_file import contacts_csv, parse_contacts, read_contacts
from console.services.shift.contacts import (
    AddContacts,
    ContactFields,
    EditContact,
    LogCall,
    RemoveContact,
    listed_contacts,
    matching,
)
from maps.errors import InputFault
from tests.console.services.conftest import CASE
from tests.console.services.town import NOW, Chair

SUN = ContactFields(
    "孙主任", ContactKind.PROPERTY, "经理", "美林苑物业", ("0531-8888 1234",), ("美林苑",), "夜班", date(2024, 1, 2)
)
HOSPITAL = ContactFields("省立医院透析室", ContactKind.DIALYSIS, phones=("0531-68776666", "13800000000"))


@pytest.fixture
def book(chair: Chair) -> Chair:
    """Two contacts."""
    chair.does(AddContacts((SUN, HOSPITAL)))
    return chair


def test_contacts_are_numbered_and_found_by_any_of_their_fields(book: Chair) -> None:
    contacts = listed_contacts(book.state)
    assert [one.contact_id for one in contacts] == ["K-00001", "K-00002"]
    for text, names in (
        ("美林", ["孙主任"]), ("88881234", ["孙主任"]), ("8888 1234", ["孙主任"]), ("透析", ["省立医院透析室"]),
        ("0531", ["孙主任", "省立医院透析室"]),
        ("美林 透析", []), ("", ["孙主任", "省立医院透析室"]),
    ):  # fmt: skip
        assert [one.name for one in matching(contacts, text)] == names, text


def test_the_same_contact_again_revises_it_and_adds_none(book: Chair) -> None:
    book.does(AddContacts((ContactFields(SUN.name, SUN.kind, organisation=SUN.organisation, phones=SUN.phones, notes="白班"),)))
    first = book.state.of(CONTACT)["K-00001"]
    assert (len(listed_contacts(book.state)), first.notes, first.version) == (2, "白班", 2)
    with pytest.raises(Refused, match="Nothing differs"):
        book.does(AddContacts((HOSPITAL,)))


def test_a_removed_contact_cannot_be_called_and_calls_to_it_stay(book: Chair) -> None:
    book.does(LogCall(Outcome.BUSY, "K-00002"))
    book.does(RemoveContact("K-00002"))
    with pytest.raises(Refused, match="K-00002"):
        book.does(LogCall(Outcome.REACHED, "K-00002"))
    assert [call.name for call in book.state.of(CALL).values()] == ["省立医院透析室"]


@pytest.mark.parametrize("phone", ["call me", "12", "0531-x", "=1+1", "1" * 40])
def test_what_is_no_phone_number_is_refused(book: Chair, phone: str) -> None:
    with pytest.raises(Refused, match="no phone number"):
        book.does(EditContact("K-00001", ContactFields("孙主任", phones=(phone,))))


def test_a_call_says_what_its_caller_entered_and_stands_in_the_case(judged: Chair) -> None:
    judged.does(AddContacts((SUN,)))
    at = judged.now
    judged.does(LogCall(Outcome.REACHED, "K-00001", said="三号楼没水", incident_id=CASE), "赵")
    (call,) = judged.state.of(CALL).values()
    assert call == Call(
        "T-000001", at, "赵", "赵", Outcome.REACHED, "孙主任", "K-00001", "美林苑物业", "0531-8888 1234", "三号楼没水",
        CASE, version=1,
    )  # fmt: skip
    in_case = [change.kind for change in judged.log if change.subject == f"incident/{CASE}"]
    assert in_case[-1] == "call_logged"


def test_without_an_entry_there_is_no_call(book: Chair) -> None:
    assert not book.state.of(CALL)
    with pytest.raises(Refused, match="Who was called"):
        book.does(LogCall(Outcome.REACHED))


def test_the_hotline_may_change_the_book_and_an_auditor_may_not(chair: Chair) -> None:
    chair.take(chair.desk.carry_out(chair.state, AddContacts((SUN,)), Actor.named("热", Role.HOTLINE), NOW))
    with pytest.raises(Refused, match="审"):
        chair.desk.carry_out(chair.state, RemoveContact("K-00001"), Actor.named("审", Role.AUDITOR), NOW)


FILE = """姓名,类别,单位,电话,片区小区,核对日期
孙主任,物业,美林苑物业,0531-8888 1234；13900000000,美林苑;泉城花园,2024/1/2
119,fire_brigade,,119,,
"""


def test_a_file_has_chinese_or_english_headings_and_kinds() -> None:
    sun, fire = parse_contacts(FILE, "book.csv")
    assert (sun.name, sun.kind, sun.phones, sun.areas, sun.verified_on) == (
        "孙主任", ContactKind.PROPERTY, ("0531-8888 1234", "13900000000"), ("美林苑", "泉城花园"), date(2024, 1, 2)
    )  # fmt: skip
    assert (fire.kind, fire.phones) == (ContactKind.FIRE_BRIGADE, ("119",))


@pytest.mark.parametrize("day", ["2024-01-02", "2024/1/2", "2024.1.2", "2024-1-02", "２０２４/1/2"])
def test_days_are_read_as_spreadsheets_write_them(day: str) -> None:
    assert parse_contacts(FILE.replace("2024/1/2", day), "book.csv")[0].verified_on == date(2024, 1, 2)


@pytest.mark.parametrize("day", ["2024/1.2", "1/2/2024", "2024/13/1", "2023-02-29", "20240102", "24-1-2", "yesterday"])
def test_what_is_no_day_with_the_year_first_is_named_with_advice(day: str) -> None:
    with pytest.raises(InputFault, match=f"row 2, verified_on: '{day}' is no date; write 2024-01-31"):
        parse_contacts(FILE.replace("2024/1/2", day), "book.csv")


def test_every_wrong_cell_is_named_with_row_and_column() -> None:
    with pytest.raises(InputFault) as fault:
        parse_contacts("name,kind,phones\n,hospital,110\n李,doctor,120\n王,crew,abc\n", "book.csv")
    assert [(one.row, one.column) for one in fault.value.faults] == [(2, "name"), (3, "kind"), (4, "phones")]
    assert "'doctor' is unknown; one of crew, hospital" in str(fault.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("name,kind\nx,crew\n", "column phones missing"),
        ("name,name,kind,phones\n", "name twice"),
        ("name,kind,phones\n", "no contact"),
        ('name,kind,phones\n"x,crew,1', "is no CSV"),
    ],
)
def test_a_file_that_is_no_contact_book_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(InputFault, match=said) as fault:
        parse_contacts(text, "book.csv")
    assert "\n" not in str(fault.value)


def test_files_of_spreadsheets_are_read_in_both_usual_encodings(tmp_path: Path) -> None:
    text = FILE.replace("2024/1/2", "2024-01-02")
    for encoding in ("utf-8-sig", "gb18030"):
        (tmp_path / "book.csv").write_bytes(text.encode(encoding))
        assert [one.name for one in read_contacts(tmp_path / "book.csv")] == ["孙主任", "119"]


def test_the_book_goes_out_and_comes_back_as_it_was(book: Chair) -> None:
    text = contacts_csv(listed_contacts(book.state))
    assert parse_contacts(text, "book.csv") == (SUN, HOSPITAL)


def test_a_cell_that_a_spreadsheet_takes_for_a_formula_is_written_as_text(chair: Chair) -> None:
    chair.does(AddContacts((ContactFields("=cmd()", phones=("119",), notes="-2+3"),)))
    _, row = contacts_csv(listed_contacts(chair.state)).splitlines()
    assert row.startswith("'=cmd(),")
    assert ",'-2+3," in row


@pytest.mark.parametrize("odd", ["=cmd()", "'=cmd()", "''+1", "-2+3", "@x", "'quoted", "it's"])
def test_an_exported_book_is_read_again_without_a_change(chair: Chair, odd: str) -> None:
    fields = ContactFields(
        odd, role=odd, organisation=odd, phones=("+8613800000000", "+86139 0000 0000"), areas=(odd,), notes=odd
    )
    chair.does(AddContacts((fields,)))
    read = parse_contacts(contacts_csv(listed_contacts(chair.state)), "book.csv")
    assert read == (fields,)
    with pytest.raises(Refused):
        chair.does(AddContacts(read))


def test_the_book_of_the_demo_is_taken_whole_and_says_that_it_is_synthetic(chair: Chair) -> None:
    for language in ("zh_CN", "en"):
        contacts = demo_contacts(chair.city, language)
        assert all(one.synthetic and one.notes and one.phones[0].startswith("000-") for one in contacts)
        assert {one.kind for one in contacts} >= {ContactKind.CREW, ContactKind.HOSPITAL, ContactKind.PROPERTY}
        chair.does(AddContacts(contacts))
        assert all(one.synthetic for one in listed_contacts(chair.state))
