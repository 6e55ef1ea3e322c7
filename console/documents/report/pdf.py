"""The report as PDF, set by Qt in another process (see ``pdf_page``: an engine never loads Qt)."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from console.documents.pdf_page import run_setter
from console.documents.report.blocks import Block, Figure, Heading, Report, Table, Text
from console.documents.report.case_report import ReportOptions, case_report
from console.documents.report.still_map import still_map
from console.documents.report.words import ReportWords
from console.services.review.record import CaseRecord

_MOST_ROWS = 400
"""Limit of rows of a table in the PDF; the HTML page has all of them."""


def report_pdf(record: CaseRecord, options: ReportOptions | None = None) -> bytes:
    """The PDF of a case. Raises PdfFault with the process's message."""
    options = options or ReportOptions()
    report = case_report(record, options)
    words = ReportWords(options.language, record.city.info.time_zone)
    figure = None if options.public else still_map(record, words)
    drawn: tuple[Block, ...] = () if figure is None else (Heading(words("page.still")), figure)
    heads = [number for number, block in enumerate(report.blocks) if isinstance(block, Heading) and block.level < 3]
    cut = heads[1] if len(heads) > 1 else len(report.blocks)
    return pdf_of(replace(report, blocks=(*report.blocks[:cut], *drawn, *report.blocks[cut:])))


def pdf_of(report: Report) -> bytes:
    """The PDF of any report. Raises PdfFault with the process's message."""
    return run_setter("console.documents.report.pdf_setting", msgspec.json.encode(_flat(report)))


def _flat(report: Report) -> dict[str, object]:
    """A report as JSON whose blocks name their kind."""
    blocks = []
    for block in report.blocks:
        shown: Block = block
        if isinstance(block, Table) and len(block.rows) > _MOST_ROWS:
            shown = Table(block.columns, (*block.rows[:_MOST_ROWS], ("…",) * len(block.columns)))
        blocks.append({"kind": type(shown).__name__, **msgspec.to_builtins(shown)})
    return {**msgspec.to_builtins(replace(report, blocks=())), "blocks": blocks}


__all__ = ["Figure", "Text", "pdf_of", "report_pdf"]
