"""The shift log: entries of people stay as they were written, cases write their own lines, and all of it is found."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.attachments import LARGEST_BYTES
from console.domain.changes import ChangeSet
from console.domain.contacts import Outcome
from console.domain.records import Record
from console.domain.shift import LOG_ENTRY, Level, LogEntry, MapPlace
from console.services.changesets import Refused
from console.services.incidents.judging import DismissIncident, JudgeBurst
from console.services.note_texts import NoteTexts
from console.services.shift.contacts import AddContacts, ContactFields, LogCall
from console.services.shift.entries import WriteEntry
from console.services.shift.log import KINDS, LogLine, LogQuery, matching, shift_log, shown_text
from console.services.shift.words import MOST_TAGS
from tests.console.services.conftest import CASE
from tests.console.services.town import NOW, Chair, a_finding

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
ZH, EN = NoteTexts("zh_CN").text, NoteTexts("en").text


def log_of(chair: Chair) -> tuple[LogLine, ...]:
    records: list[Record] = [one for kind in KINDS for one in chair.state.of(kind).values()]
    return shift_log(records, chair.log)


def entry_of(changes: ChangeSet) -> LogEntry:
    (entry,) = changes.of(LOG_ENTRY)
    return entry


def test_an_entry_keeps_its_author_time_level_tags_and_place(chair: Chair) -> None:
    place = MapPlace("H10", 500_300.0, 4_058_000.0)
    entry = entry_of(chair.does(WriteEntry("  东口井盖松动 ", Level.IMPORTANT, ("#井盖", " 井盖", "＃Road"), place=place), "赵"))
    assert entry == LogEntry(
        "L-000001", NOW, "赵", "赵", "东口井盖松动", Level.IMPORTANT, ("井盖", "Road"), place=place, version=1
    )


def test_a_correction_is_an_entry_of_its_own_and_the_former_text_stays(chair: Chair) -> None:
    first = entry_of(chair.does(WriteEntry("压力 0.12")))
    chair.does(WriteEntry("压力 0.21", corrects=first.entry_id, former=first.text), "赵")
    (line, correction) = log_of(chair)
    assert shown_text(line) == "压力 0.21"
    assert line.entry is not None
    assert line.entry.text == "压力 0.12"
    assert (correction.author, correction.entry and correction.entry.former) == ("赵", "压力 0.12")
    assert chair.state.of(LOG_ENTRY)["L-000001"] == first


def test_of_two_corrections_both_are_kept_and_the_later_one_is_shown(chair: Chair) -> None:
    first = entry_of(chair.does(WriteEntry("一")))
    for text in ("二", "三"):
        chair.does(WriteEntry(text, corrects=first.entry_id, former="一"))
    line = log_of(chair)[0]
    assert ([one.text for one in line.corrections], shown_text(line)) == (["二", "三"], "三")


def test_a_reply_stands_under_its_entry(chair: Chair) -> None:
    first = entry_of(chair.does(WriteEntry("井盖松动")))
    chair.does(WriteEntry("已派人", reply_to=first.entry_id), "赵")
    assert [one.text for one in log_of(chair)[0].replies] == ["已派人"]


def test_an_entry_about_a_case_also_stands_in_the_log_of_the_case(judged: Chair) -> None:
    before = judged.state.incidents[CASE]
    judged.does(WriteEntry("物业来电", incident_id=CASE))
    last = [change for change in judged.log if change.subject == f"incident/{CASE}"][-1]
    assert (last.kind, ZH(last.note), last.before, last.after) == ("entry_written", "物业来电", None, None)
    assert judged.state.incidents[CASE] == before
    with pytest.raises(Refused, match="2024-0009"):
        judged.does(WriteEntry("x", incident_id="2024-0009"))


def test_an_empty_entry_and_one_too_long_are_refused(chair: Chair) -> None:
    with pytest.raises(Refused, match="empty"):
        chair.does(WriteEntry("  "))
    with pytest.raises(Refused, match="4001 letters"):
        chair.does(WriteEntry("x" * 4001))
    assert len(entry_of(chair.does(WriteEntry("x", tags=tuple(map(str, range(40)))))).tags) == MOST_TAGS


def test_a_picture_is_known_by_its_bytes_not_by_its_name(chair: Chair) -> None:
    changes = chair.does(WriteEntry("", picture=PNG, picture_name="漏点.exe"))
    (kept,) = changes.attachments
    assert (kept.sha256, kept.content, kept.media_type) == (hashlib.sha256(PNG).hexdigest(), PNG, "image/png")
    ref = entry_of(changes).picture
    assert ref is not None
    assert (ref.sha256, ref.size_bytes, ref.name) == (kept.sha256, len(PNG), "漏点.exe")
    for wrong, said in ((b"GIF89a", "PNG and JPEG"), (b"<svg/>", "PNG and JPEG"), (PNG + b"\0" * LARGEST_BYTES, "too large")):
        with pytest.raises(Refused, match=said):
            chair.does(WriteEntry("x", picture=wrong, picture_name="a.png"))


def test_cases_write_their_own_lines_in_the_reader_s_language(chair: Chair) -> None:
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DismissIncident(CASE, "施工用水"))
    lines = log_of(chair)
    assert [line.kind for line in lines] == ["incident_opened", "burst_judged", "incident_dismissed"]
    assert all(line.is_automatic and line.incident_id == CASE for line in lines)
    assert ZH(lines[-1].note).startswith("排除爆管：施工用水")
    assert EN(lines[-1].note).startswith("Dismissed, not a burst: 施工用水")


def _mixed(chair: Chair) -> tuple[LogLine, ...]:
    chair.does(WriteEntry("经十路东口井盖松动", tags=("井盖",)))
    chair.sees(a_finding())
    chair.does(WriteEntry("ＤＮ３００ 爆管现场围挡", tags=("现场", "安全"), incident_id=CASE), "赵")
    chair.does(AddContacts((ContactFields("孙主任", phones=("0531-8888 1234",)),)))
    chair.does(LogCall(Outcome.REACHED, "K-00001", said="已通知居民储水", incident_id=CASE))
    return log_of(chair)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (LogQuery("井盖"), {0}),
        (LogQuery("东口 松动"), {0}),
        (LogQuery("dn300 围挡"), {2}),
        (LogQuery("居民储水"), {3}),
        (LogQuery("孙主任"), {3}),
        (LogQuery("立案"), {1}),
        (LogQuery(tag="#安全"), {2}),
        (LogQuery(incident_id=CASE), {1, 2, 3}),
        (LogQuery(people_only=True), {0, 2, 3}),
        (LogQuery("井盖", incident_id=CASE), set()),
        (LogQuery(since=NOW + timedelta(seconds=5)), {1, 2, 3}),
        (LogQuery(until=NOW + timedelta(seconds=5)), {0}),
        (LogQuery(), {0, 1, 2, 3}),
    ],
)  # fmt: skip
def test_a_query_finds_exactly_its_lines(chair: Chair, query: LogQuery, found: set[int]) -> None:
    lines = _mixed(chair)
    assert len(lines) == 4
    assert {lines.index(line) for line in matching(lines, query, ZH)} == found


def test_a_line_is_found_by_a_word_of_its_correction_and_of_its_former_text(chair: Chair) -> None:
    first = entry_of(chair.does(WriteEntry("阀门漏水")))
    chair.does(WriteEntry("阀门渗水", corrects=first.entry_id, former=first.text))
    lines = log_of(chair)
    assert lines[0] in matching(lines, LogQuery("渗水"), ZH)
    assert set(matching(lines, LogQuery("漏水"), ZH)) == set(lines)


def test_entries_leave_the_memory_of_the_desk_after_some_hours(chair: Chair) -> None:
    chair.does(WriteEntry("早班"))
    chair.now += timedelta(hours=7)
    chair.does(WriteEntry("中班"))
    assert [one.text for one in chair.state.of(LOG_ENTRY).values()] == ["中班"]


def test_lines_stand_in_the_order_of_their_times_whatever_order_they_are_read_in(chair: Chair) -> None:
    lines = _mixed(chair)
    records: list[Record] = [one for kind in KINDS for one in reversed(list(chair.state.of(kind).values()))]
    assert shift_log(records, reversed(chair.log)) == lines
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert replace(lines[0]) == lines[0]
