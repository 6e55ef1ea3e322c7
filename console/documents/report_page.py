"""The report as one HTML file: opens from a USB stick in any browser, loads nothing, prints."""

from __future__ import annotations

import html
import re
from functools import cache
from importlib import resources

from console.documents.report import ReportOptions, case_report
from console.documents.report_blocks import Block, FactLine, Facts, Figure, Heading, Report, Table, Text
from console.documents.report_map import map_data
from console.documents.report_still import still_map
from console.documents.report_words import ReportWords
from console.services.review.record import CaseRecord

_SPEEDS = (1, 10, 60, 300, 600)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def report_html(record: CaseRecord, options: ReportOptions | None = None) -> bytes:
    """The page of a case, with its map and slider; the same bytes for the same case."""
    from maps.export.case_map import case_page

    options = options or ReportOptions()
    report = case_report(record, options)
    words = ReportWords(options.language, record.city.info.time_zone)
    lead, rest = _split(report.blocks)
    heading = words("page.area" if options.public else "page.map")
    # Browsers print a canvas as it happens to stand: on paper a drawing takes its place.
    paper = None if options.public else still_map(record, words)
    opening = '<section id="qm-map">' if paper is None else '<section id="qm-map" class="drawn">'
    page = case_page(
        record.city,
        map_data(record, words, public=options.public),
        head=_head(report),
        before=f"<main>{_title(report)}{''.join(map(_block, lead))}{opening}<h2>{plain(heading)}</h2>"
        f"{_controls(words) if not options.public else ''}<noscript>{plain(words('page.no_map'))}</noscript>",
        after=f"{_paper(paper)}</section>{''.join(map(_block, rest))}<footer>{plain(report.foot)}</footer></main>",
    )
    return _with_language(page, options.language).encode()


def plain_page(report: Report) -> bytes:
    """A report without a map as one HTML file."""
    body = f"<main>{_title(report)}{''.join(map(_block, report.blocks))}<footer>{plain(report.foot)}</footer></main>"
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_STILL}">{_head(report)}'
    language = report.language.replace("_", "-")
    return f'<!DOCTYPE html><html lang="{language}"><head>{head}</head><body>{body}</body></html>'.encode()


_STILL = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"


def plain(text: str) -> str:
    """A text as HTML text: never markup, nothing invisible, no template braces."""
    return html.escape(_UNSEEN.sub("", text), quote=True)


def _split(blocks: tuple[Block, ...]) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """What stands before the map: the first section."""
    heads = [number for number, block in enumerate(blocks) if isinstance(block, Heading) and block.level < 3]
    cut = heads[1] if len(heads) > 1 else len(blocks)
    return blocks[:cut], blocks[cut:]


def _head(report: Report) -> str:
    icon = '<link rel="icon" href="data:,">'
    return (
        f'<meta name="viewport" content="width=device-width">{icon}<title>{plain(report.title)}</title><style>{_style()}</style>'
    )


def _with_language(page: str, language: str) -> str:
    tag = language.replace("_", "-")
    return page.replace("<html>", f'<html lang="{tag}">', 1)


def _title(report: Report) -> str:
    badges = "".join(f'<span class="badge">{plain(badge)}</span>' for badge in report.badges)
    return f"<header><h1>{plain(report.title)}</h1>{badges}</header>"


def _controls(words: ReportWords) -> str:
    def button(name: str, text: str) -> str:
        return f'<button type="button" id="qm-{name}">{plain(words(f"page.{text}"))}</button>'

    speeds = "".join(f'<option value="{speed}"{" selected" if speed == 60 else ""}>×{speed}</option>' for speed in _SPEEDS)
    time = plain(words("page.time"))
    return (
        f'<div class="controls">{button("previous", "previous")}{button("play", "play")}{button("next", "next")}'
        f'<label>{plain(words("page.speed"))} <select id="qm-speed">{speeds}</select></label>'
        f'<input type="range" id="qm-slider" min="0" max="1" value="0" step="1" aria-label="{time}">'
        '<output id="qm-clock"></output>'
        '</div><div id="qm-facts" aria-live="polite"></div>'
    )


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{plain(block.text)}</h{block.level}>"
        case Text():
            return f'<div class="text {plain(block.tone)}">{plain(block.text)}</div>'
        case Facts():
            return f"<dl>{''.join(map(_fact, block.lines))}</dl>"
        case Figure():
            return f"<figure>{block.svg}<figcaption>{plain(block.caption)}</figcaption></figure>"
        case Table():
            return _table(block)


def _fact(line: FactLine) -> str:
    verdict = f' <span class="verdict">{plain(line.verdict)}</span>' if line.verdict else ""
    return f'<div class="{plain(line.tone)}"><dt>{plain(line.label)}</dt><dd>{plain(line.value)}{verdict}</dd></div>'


def _paper(figure: Figure | None) -> str:
    return "" if figure is None else f'<figure class="paper">{figure.svg}</figure>'


def _table(table: Table) -> str:
    head = "".join(f"<th>{plain(column)}</th>" for column in table.columns)
    times = table.times or (None,) * len(table.rows)
    rows = "".join(_row(row, at) for row, at in zip(table.rows, times, strict=True))
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _row(cells: tuple[str, ...], at_us: int | None) -> str:
    at = "" if at_us is None else f' data-at="{at_us // 1000}"'
    return f"<tr{at}>{''.join(f'<td>{plain(cell)}</td>' for cell in cells)}</tr>"


@cache
def _style() -> str:
    return resources.files("console.documents").joinpath("report.css").read_text("utf-8")
