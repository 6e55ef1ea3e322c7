"""Documents of the shift: the log as CSV and as a page, a handover as page and PDF with the audit head."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from console.documents.report.blocks import Block, FactLine, Facts, Heading, Report, Table, Text
from console.documents.report.pdf import pdf_of
from console.domain.changes import Change
from console.domain.heads import Head
from console.domain.shift import Handover, HandoverItem, ItemChange, Part, Signature
from console.services.note_texts import NoteTexts
from console.services.shift.log import LogLine
from maps.errors import QuanmaiError
from maps.files import write_aside, write_together
from resources.texts import Catalogue


class _Words:
    """Texts of one language with the city's clock."""

    def __init__(self, language: str, time_zone: str) -> None:
        self.language, self._catalogue = language, Catalogue.load(language)
        self.notes, self._zone = NoteTexts(language, time_zone), ZoneInfo(time_zone)

    def __call__(self, key: str, **params: object) -> str:
        return self._catalogue.text(f"shift.{key}", **params)

    def of(self, group: str, code: str) -> str:
        return self._catalogue.text(f"domain.{group}.{code}")

    def stamp(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"


def log_csv(lines: Sequence[LogLine], language: str, time_zone: str) -> str:
    """The lines as CSV with a heading; a text that a spreadsheet takes for a formula gets an apostrophe."""
    words, out = _Words(language, time_zone), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_columns(words))
    for line in lines:
        writer.writerow([f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell for cell in _cells(line, words)])
    return out.getvalue()


def log_report(lines: Sequence[LogLine], language: str, time_zone: str, *, is_drill: bool = False) -> Report:
    """The lines as a document."""
    words = _Words(language, time_zone)
    span = words("document.span", since=words.stamp(lines[0].at), until=words.stamp(lines[-1].at)) if lines else ""
    table = Table(_columns(words), tuple(map(tuple, (_cells(line, words) for line in lines))))
    badges = (words("document.drill"),) if is_drill else ()
    return Report(words("document.log"), language, badges, (Text(span, "muted"), table), words("document.log_foot"))


def handover_report(one: Handover, head: Head, language: str, time_zone: str) -> Report:
    """A handover with its exact content. ``head``: number and hash of the change that holds the signatures."""
    words = _Words(language, time_zone)
    blocks: list[Block] = [
        Facts(
            (
                FactLine(words("handover.outgoing"), _signed(one.outgoing, words)),
                FactLine(words("handover.incoming"), _signed(one.incoming, words)),
                FactLine(words("document.at"), words.stamp(one.signed_at)),
                FactLine(words("document.previewed"), words.stamp(one.previewed_at)),
                FactLine(words("document.since"), words.stamp(one.since) if one.since is not None else words("document.unknown")),
            )
        )
    ]
    for part in Part:
        blocks += [Heading(words.of("handover_part", part.value)), _section([i for i in one.items if i.part is part], words)]
    blocks += [Heading(words("document.changes")), _changes(one.changes, words)]
    if one.remarks:
        blocks += [Heading(words("document.remarks")), Text(one.remarks)]
    blocks += [
        Heading(words("document.head")),
        Text(words("document.head_text", seq=head.seq, hash=head.hash, short=head.hash[:16])),
        Text(head_line(head)),
    ]
    title, badges = words("document.handover", handover=one.handover_id), (words("document.drill"),) if one.is_drill else ()
    return Report(title, language, badges, tuple(blocks), words("document.foot", handover=one.handover_id, seq=head.seq))


def head_of(changes: tuple[Change, ...]) -> Head:
    """Number and hash of the change that holds the signatures. Raises QuanmaiError when the log does not have it."""
    signed = next((one for one in changes if one.kind == "handover_signed"), None)
    if signed is None:
        raise QuanmaiError("the log of actions does not hold this handover; run 'quanmai audit verify'")
    return Head(signed.seq, signed.hash)


def head_line(head: Head) -> str:
    """The head as ``quanmai audit verify --heads`` reads it."""
    return json.dumps({"seq": head.seq, "hash": head.hash})


def write_handover(one: Handover, head: Head, to: Path, language: str, time_zone: str) -> tuple[Path, Path, Path]:
    """Write PDF, page and head beside each other (``to`` with .pdf, .html, .head.jsonl). Raises PdfFault and InputFault."""
    report = handover_report(one, head, language, time_zone)
    paths = (to.with_suffix(".pdf"), to.with_suffix(".html"), to.with_suffix(".head.jsonl"))
    contents = (pdf_of(report), _page_of(report), f"{head_line(head)}\n".encode())
    write_together(dict(zip(paths, contents, strict=True)))
    return paths


def write_log(lines: Sequence[LogLine], to: Path, language: str, time_zone: str, *, is_drill: bool = False) -> Path:
    """Write the log by the ending of ``to``: .csv (UTF-8 with mark, for spreadsheets), .pdf, else .html."""
    if to.suffix.lower() == ".csv":
        content = log_csv(lines, language, time_zone).encode("utf-8-sig")
    else:
        report = log_report(lines, language, time_zone, is_drill=is_drill)
        to = to if to.suffix.lower() in (".pdf", ".html") else to.with_suffix(".html")
        content = pdf_of(report) if to.suffix.lower() == ".pdf" else _page_of(report)
    write_aside(to, content)
    return to


def _page_of(report: Report) -> bytes:
    """The report as a page. With its module comes folium, a third of a second of each start of a window."""
    from console.documents.report.html_page import plain_page

    return plain_page(report)


def _columns(words: _Words) -> tuple[str, ...]:
    return (
        words("log.time"), words("log.author"), words("document.level"), words("log.text"), words("document.tags"),
        words("document.case"),
    )  # fmt: skip


def _cells(line: LogLine, words: _Words) -> list[str]:
    text = [words.notes.text(line.note)]
    text += [words("log.former", text=one.former) + " → " + one.text for one in line.corrections]
    text += [words("log.answered", author=one.author, text=one.text) for one in line.replies]
    level = words.of("level", line.level.value) if line.entry is not None else ""
    return [words.stamp(line.at), line.author, level, "\n".join(text), " ".join(line.tags), line.incident_id]


def _section(items: Sequence[HandoverItem], words: _Words) -> Block:
    if not items:
        return Text(words("handover.none"), "muted")
    rows = tuple((words.notes.text(item.note), words.stamp(item.due) if item.due is not None else "") for item in items)
    return Table((words("document.item"), words("document.deadline")), rows)


def _changes(changes: Sequence[ItemChange], words: _Words) -> Block:
    if not changes:
        return Text(words("document.no_changes"), "muted")
    rows = tuple(
        tuple("–" if item is None else words.notes.text(item.note) for item in (one.before, one.after)) for one in changes
    )
    return Table((words("document.before"), words("document.after")), rows)


def _signed(one: Signature, words: _Words) -> str:
    return words("document.verified" if one.is_verified else "document.typed", name=one.name)
