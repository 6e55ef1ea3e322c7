"""The report as one HTML file: opens from a USB stick in any browser, loads nothing, prints."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from console.documents.report.blocks import Block, Heading, Report
from console.documents.report.case_map import map_data
from console.documents.report.case_report import ReportOptions, case_report
from console.documents.report.still_map import still_map
from console.documents.report.words import ReportWords
from console.services.review.record import CaseRecord

_SPEEDS = (1, 10, 60, 300, 600)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
"""Content security policy of a page without scripts."""


class _Part(NamedTuple):
    kind: str
    value: Block


def report_html(record: CaseRecord, options: ReportOptions | None = None) -> bytes:
    """The page of a case, with its map and slider; the same bytes for the same case."""
    from maps.export.web.case_map import case_page

    options = options or ReportOptions()
    report = case_report(record, options)
    words = ReportWords(options.language, record.city.info.time_zone)
    lead, rest = _split(report.blocks)
    # Browsers print a canvas in its current state, so a still map replaces it on paper.
    paper = None if options.public else still_map(record, words)
    parts = _parts()
    page = case_page(
        record.city,
        map_data(record, words, public=options.public),
        head=str(parts.head(report, _style())),
        before=str(parts.before_map(report, _kinds(lead), words, _SPEEDS, options.public, paper is not None)),
        after=str(parts.after_map(report, _kinds(rest), paper)),
    )
    return page.replace("<html>", f'<html lang="{_tag(options.language)}">', 1).encode()


def plain_page(report: Report) -> bytes:
    """A report without a map as one HTML file."""
    page = _parts().page_without_map(report, _kinds(report.blocks), _tag(report.language), _POLICY, _style())
    return str(page).encode()


@cache
def _parts() -> Any:
    """The macros of ``report.html``. Every value is escaped, and invisible characters are removed."""
    environment = Environment(
        loader=PackageLoader("console.documents", "."), autoescape=True, undefined=StrictUndefined, finalize=_visible
    )
    environment.filters["svg"] = Markup  # Drawings come from this program, with escaped texts.
    return environment.get_template("report.html").module


def _visible(value: object) -> object:
    """A text without invisible characters; finished markup is unchanged."""
    return _UNSEEN.sub("", value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _kinds(blocks: tuple[Block, ...]) -> list[_Part]:
    return [_Part(type(block).__name__.lower(), block) for block in blocks]


def _split(blocks: tuple[Block, ...]) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """Blocks before the map (the first section), and the rest."""
    heads = [number for number, block in enumerate(blocks) if isinstance(block, Heading) and block.level < 3]
    cut = heads[1] if len(heads) > 1 else len(blocks)
    return blocks[:cut], blocks[cut:]


def _tag(language: str) -> str:
    return language.replace("_", "-")


@cache
def _style() -> Markup:
    return Markup(resources.files("console.documents").joinpath("report.css").read_text("utf-8"))
