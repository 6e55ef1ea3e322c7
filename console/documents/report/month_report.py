"""The monthly review as a report: board, charts, list of incidents, repeats."""

from __future__ import annotations

import math

from console.documents.report.blocks import Block, FactLine, Facts, Heading, Report, Table, Text
from console.documents.report.charts import bar_chart
from console.documents.report.words import ReportWords
from console.services.review.answers import Fact, Verdict, targets
from console.services.review.monthly import Filters, Month


def month_report(month: Month, city: str, words: ReportWords, filters: Filters, *, badges: tuple[str, ...] = ()) -> Report:
    """The review of a month as a report."""
    blocks: list[Block] = [Text(words("month.filters", filters=_filters(filters, words)), "muted"), Heading(words("month.board"))]
    blocks.append(Facts(tuple(_line(fact, words) for fact in month.board)))
    if month.calls:
        blocks += [Heading(words("month.calls")), Facts(tuple(_line(fact, words) for fact in month.calls))]
    counts = bar_chart([(row.month[2:], float(row.cases)) for row in month.trend], words("month.by_month"), counts=True)
    took = bar_chart(
        [(row.month[2:], math.nan if row.notice_minutes is None else row.notice_minutes) for row in month.trend],
        words("month.notice_by_month"),
        float(targets()["service"]["notice_minutes"]),
    )
    rated = bar_chart(
        [(row.month[2:], math.nan if row.satisfaction is None else row.satisfaction) for row in month.trend],
        words("month.satisfaction_result"),
        float(targets()["service"]["satisfaction"]),
    )
    blocks.append(Heading(words("month.trend")))
    for title, figure in (("by_month", counts), ("notice_by_month", took), ("satisfaction_result", rated)):
        if figure is not None:
            blocks += [Heading(words(f"month.{title}"), 3), figure]
    blocks.append(Heading(words("month.incidents")))
    blocks.append(_list(month, words) if month.cases else Text(words("month.none")))
    if month.repeats:
        rows = tuple((pipe, str(count)) for pipe, count in month.repeats)
        blocks += [Heading(words("month.repeat_table"), 3), Table((words("month.pipe"), words("month.cases")), rows)]
    title = words("month.title", month=f"{month.first:%Y-%m}", city=city)
    return Report(title, words.language, badges, tuple(blocks))


def _line(fact: Fact, words: ReportWords) -> FactLine:
    tones = {Verdict.GOOD: "good", Verdict.BAD: "bad", Verdict.PLAIN: "", Verdict.UNKNOWN: "muted"}
    return FactLine(words(f"month.{fact.key}"), words.fact(fact), words.verdict(fact), tones[fact.verdict])


def _list(month: Month, words: ReportWords) -> Table:
    names = ("incident", "opened", "title", "phase", "time_to_notice", "time_to_site", "time_to_repair", "households")
    rows = []
    for case in month.cases:
        incident = case.incident
        households = f"{incident.plan.households_without_water:,}" if incident.plan else words("word.none")
        rows.append(
            (
                incident.incident_id,
                words.time(incident.opened_at),
                words.place(incident),
                words.domain("phase", incident.phase.value),
                *(words.cell(value, "duration") for value in (case.to_notice, case.to_site, case.to_repair)),
                households,
            )
        )
    return Table(tuple(words(f"column.{name}") for name in names), tuple(rows))


def _filters(filters: Filters, words: ReportWords) -> str:
    parts = [
        words.domain("phase", filters.phase) if filters.phase else "",
        filters.text,
        words("page.drill") if filters.drills else "",
        f"≥ DN{filters.least_diameter_mm:.0f}" if filters.least_diameter_mm else "",
    ]
    return " · ".join(part for part in parts if part) or words("month.all")
