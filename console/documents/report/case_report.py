"""The report of one case: blocks for the page and the PDF. The public variant names no pipe, valve or person."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from console.documents.report.blocks import Block, FactLine, Facts, Figure, Heading, Photo, Report, Table, Text
from console.documents.report.charts import Band, Line, Mark, line_chart
from console.documents.report.words import ReportWords
from console.domain.alarms import Evidence
from console.domain.clock import micros
from console.domain.expected import BAND_SIGMAS, usual_scatter
from console.domain.notices import Notice, NoticeStatus
from console.domain.readings import CHANNEL_BY_NAME, Channel
from console.domain.shift import LogEntry
from console.services.review.answers import Answer, Verdict
from console.services.review.past_case import PastCase
from console.services.review.questions import answers_to
from console.services.review.record import CaseRecord
from console.services.review.replay import Replay

_PUBLIC = (NoticeStatus.ISSUED, NoticeStatus.UPDATED, NoticeStatus.LIFTED)
_CHARTED, _BESIDE, _BESIDE_TALL = 6, 4, 170
_ROWS_MOST, _ANSWERED_MOST = 2_000, 30
_PICTURES_BYTES = 12_000_000
"""Of all pictures in one report: it must open on an old computer, and go by mail."""


@dataclass(frozen=True, eq=False)
class ReportOptions:
    """Options of a report.

    ``public``: streets and notices only. ``past``: earlier cases besides the record's. ``signed_by``: fingerprint of the key.
    """

    language: str = "zh_CN"
    public: bool = False
    past: Sequence[PastCase] = ()
    signed_by: str = ""


def case_report(record: CaseRecord, options: ReportOptions | None = None) -> Report:
    """The report of a case as blocks."""
    options = options or ReportOptions()
    words = ReportWords(options.language, record.city.info.time_zone)
    replay = Replay(record)
    if options.public:
        blocks = [*_public_facts(record, words), *_notices(record, words, public=True)]
    else:
        answers = answers_to(record, options.past, replay)
        blocks = [
            *_head(record, words, answers),
            *_charts(record, replay, words),
            *_remarks(record, words),
            *_log(record, words),
            *_pictures(record, words),
            *_questions(words, answers),
            *_notices(record, words, public=False),
        ]
    title = words("page.public_title" if options.public else "page.title", incident=record.incident.incident_id)
    return Report(title, options.language, _badges(record, words, options.public), tuple(blocks), _foot(record, words, options))


def _badges(record: CaseRecord, words: ReportWords, public: bool) -> tuple[str, ...]:
    shown = (
        ("drill", record.incident.is_drill),
        ("synthetic", record.city.info.synthetic),
        ("internal", not public),
        ("redacted", record.redacted and not public),
        ("clipped", record.clipped and not public),
    )
    return tuple(words(f"page.{key}") for key, holds in shown if holds)


def _foot(record: CaseRecord, words: ReportWords, options: ReportOptions) -> str:
    made = words("page.made_by", version=record.program or "–", since=words.time(record.since), until=words.time(record.until))
    return f"{made} · {words('page.signed', key=options.signed_by)}" if options.signed_by else made


def _head(record: CaseRecord, words: ReportWords, answers: Sequence[Answer]) -> list[Block]:
    case = record.incident
    lines = [
        FactLine(words("page.place"), words.place(case)),
        FactLine(words("page.phase"), words.domain("phase", case.phase.value)),
        FactLine(words("page.opened"), words.time(case.opened_at)),
        FactLine(words("page.households"), f"{case.plan.households_without_water:,}" if case.plan else words("word.none")),
    ]
    if case.closed_at is not None:
        lines.append(FactLine(words("page.closed"), words.time(case.closed_at)))
    spans = next(answer for answer in answers if answer.key == "spans")
    return [Heading(words("page.facts")), Facts((*lines, *_lines(words, spans)))]


def _lines(words: ReportWords, answer: Answer) -> tuple[FactLine, ...]:
    tones = {Verdict.GOOD: "good", Verdict.BAD: "bad", Verdict.PLAIN: "", Verdict.UNKNOWN: "muted"}
    return tuple(FactLine(words.label(fact), words.fact(fact), words.verdict(fact), tones[fact.verdict]) for fact in answer.facts)


def _questions(words: ReportWords, answers: Sequence[Answer]) -> list[Block]:
    blocks: list[Block] = [Heading(words("page.questions"))]
    for answer in answers:
        blocks.append(Heading(words.question(answer), 3))
        if answer.facts:
            blocks.append(Facts(_lines(words, answer)))
        if answer.table is not None and answer.table.rows:
            columns = tuple(words(f"column.{column}") for column in answer.table.columns)
            rows = tuple(
                tuple(words.cell(value, unit) for value, unit in zip(row, answer.table.units, strict=True))
                for row in answer.table.rows[:_ANSWERED_MOST]
            )
            blocks.append(Table(columns, rows))
            if (more := len(answer.table.rows) - len(rows)) > 0:
                blocks.append(Text(words("page.more_rows", count=more), "muted"))
    return blocks


def _log(record: CaseRecord, words: ReportWords) -> list[Block]:
    changes = record.case_changes[:_ROWS_MOST]
    columns = tuple(words(f"column.{column}") for column in ("at", "user", "note"))
    rows = tuple((words.time(change.at), change.user, words.note(change)) for change in changes)
    return [Heading(words("page.timeline")), Table(columns, rows, tuple(micros(change.at) for change in changes))]


def _pictures(record: CaseRecord, words: ReportWords) -> list[Block]:
    """Pictures of the shift log about the case, the oldest first, each once; those that do not fit are counted."""
    entries = [one for one in record.others if isinstance(one, LogEntry) and one.picture is not None]
    shown, room, left = dict[str, Block](), _PICTURES_BYTES, 0
    for entry in sorted(entries, key=lambda one: (one.at, one.entry_id)):
        picture = record.pictures.get(entry.picture.sha256) if entry.picture is not None else None
        if picture is None or picture.sha256 in shown:
            continue
        room -= len(picture.content)
        if room < 0:
            left += 1
            continue
        uri = f"data:{picture.media_type};base64,{b64encode(picture.content).decode()}"
        shown[picture.sha256] = Photo(uri, f"{words.time(entry.at)} {entry.author} · {entry.text}")
    more: list[Block] = [Text(words("page.more_pictures", count=left), "muted")] if left else []
    return [Heading(words("page.pictures")), *shown.values(), *more] if shown or left else []


def _remarks(record: CaseRecord, words: ReportWords) -> list[Block]:
    """Section of the reviewer's bookmarks, if any."""
    remarks = record.notes.remarks
    if not remarks:
        return []
    columns = (words("column.at"), words("column.by"), words("replay.notes"))
    rows = tuple((words.time(remark.at), remark.by, remark.text) for remark in remarks)
    return [Heading(words("replay.notes")), Table(columns, rows, tuple(micros(remark.at) for remark in remarks))]


def _charts(record: CaseRecord, replay: Replay, words: ReportWords) -> list[Block]:
    marks = [Mark(micros(record.incident.first_abnormal_at), words("page.first_abnormal"))]
    if record.incident.issued_at is not None:
        marks.append(Mark(micros(record.incident.issued_at), words("page.issued")))
    figures = [
        _chart(record, replay, words, marks, Channel.PRESSURE, 1e-3, "pressure_of"),
        _chart(record, replay, words, marks, Channel.FLOW, 1.0, "flow_of"),
    ]
    drawn: list[Block] = [figure for figure in figures if figure is not None]
    if not drawn:
        return []
    beside = _beside_expected(record, replay, words, marks)
    return [Heading(words("page.charts")), *drawn, *(beside or [Text(words("page.expected_unknown"), "muted")])]


def _beside_expected(record: CaseRecord, replay: Replay, words: ReportWords, marks: Sequence[Mark]) -> list[Block]:
    """Measured and expected values, one chart per station that deviated; none without stored expected values."""
    if not len(record.expected):
        return []
    found: list[Block] = []
    for item in record.incident.evidence:
        if len(found) < _BESIDE and record.city.stations.has(item.station_id):
            figure = _with_band(record, replay, words, marks, item)
            found += [] if figure is None else [figure]
    return found


def _with_band(record: CaseRecord, replay: Replay, words: ReportWords, marks: Sequence[Mark], item: Evidence) -> Figure | None:
    channel = CHANNEL_BY_NAME[item.channel]
    factor = 1e-3 if channel is Channel.PRESSURE else 1.0
    row = record.city.stations.row(item.station_id)
    at_us, value, expected = replay.series(row, channel, replay.since_us, replay.until_us)
    if not np.isfinite(expected).any():
        return None
    sigma = replay.scatter(row, channel)
    half = usual_scatter(channel, expected, sigma)
    band = Band(at_us, (expected - half) * factor, (expected + half) * factor)
    unit = "MPa" if channel is Channel.PRESSURE else "m³/h"
    own = words("page.measured_expected_own", station=item.station_id, width=f"{BAND_SIGMAS * sigma:.1f}")
    fixed = words("page.measured_expected", station=item.station_id)
    caption = f"{own if np.isfinite(sigma) else fixed}, {unit}"
    return line_chart([Line(item.station_id, at_us, value * factor, band)], marks, words.zone, caption, _BESIDE_TALL)


def _chart(
    record: CaseRecord, replay: Replay, words: ReportWords, marks: Sequence[Mark], channel: Channel, factor: float, title: str
) -> Figure | None:
    stations = record.city.stations
    name = channel.name.lower()
    ids = [item.station_id for item in record.incident.evidence if item.channel == name]
    if not ids and channel is Channel.FLOW:
        ids = [str(stations.asset_id[row]) for row in range(len(stations)) if "flow" in str(stations.channels[row])]
    lines: list[Line] = []
    for station in dict.fromkeys(ids):
        if len(lines) < _CHARTED and stations.has(station):
            at_us, value, _ = replay.series(stations.row(station), channel, replay.since_us, replay.until_us)
            if np.isfinite(value).any():
                lines.append(Line(station, at_us, value * factor))
    return line_chart(lines, marks, words.zone, words(f"page.{title}"))


def _public_facts(record: CaseRecord, words: ReportWords) -> list[Block]:
    """Communities as named in the last public notice, without any part of the network."""
    public = [notice for notice in record.incident.notices if notice.status in _PUBLIC]
    if not public:
        return []
    facts = public[-1].facts
    lines = [
        FactLine(words("page.no_water_communities"), "、".join(facts.no_water_communities) or words("word.none")),
        FactLine(words("page.low_communities"), "、".join(facts.low_pressure_communities) or words("word.none")),
        FactLine(words("replay.restoration"), words.time(facts.expected_end)),
    ]
    return [Heading(words("page.facts")), Facts(tuple(lines))]


def _notices(record: CaseRecord, words: ReportWords, *, public: bool) -> list[Block]:
    seen: dict[tuple[str, int, str, str], tuple[Notice, str]] = {}
    for known in record.incident_states:
        for notice in known.value.notices:
            if not public or notice.status in _PUBLIC:
                key = (notice.notice_id, notice.version, notice.status.value, notice.text_zh)
                seen.setdefault(key, (notice, words.time(known.at)))
    blocks: list[Block] = [Heading(words("page.notices"))] if seen else []
    last = ""
    for notice, at in seen.values():
        status = words.domain("notice_status", notice.status.value)
        head = words("page.notice_version", notice=notice.notice_id, version=notice.version, status=status, at=at)
        blocks.append(Heading(head, 3))
        text = notice.text_zh if words.language == "zh_CN" else notice.text_en
        if text != last:
            blocks.append(Text(text, "notice"))
        last = text
    return blocks
