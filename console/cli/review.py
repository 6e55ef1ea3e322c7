"""Commands for review: package, review, export, month."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.children import shared_calls
from console.cli.output import AsJson, print_result
from console.domain.addresses import masked
from maps.errors import InputFault
from maps.files import refuse_overwriting

if TYPE_CHECKING:
    from console.documents.report.case_report import ReportOptions
    from console.package import Checked
    from console.services.review.notes import Findings
    from console.services.review.past_case import PastCase
    from console.services.review.record import CaseRecord

commands = typer.Typer()

PackagePath = Annotated[Path, typer.Argument(help="incident package (.incident)")]
Language = Annotated[str, typer.Option(help="zh_CN or en")]
Trusted = Annotated[Path | None, typer.Option("--key", help="public key (PEM) that must have signed it")]


@commands.command()
def review(
    file: PackagePath,
    other: Annotated[Path | None, typer.Argument(help="a second package, shown beside the first")] = None,
    check: Annotated[bool, typer.Option("--check", help="verify only; exit 2 for an invalid package")] = False,
    key: Trusted = None,
    what_if_closed: Annotated[list[str] | None, typer.Option(help="valve that had been closed; prints the outcome")] = None,
    what_if_stuck: Annotated[list[str] | None, typer.Option(help="valve that could not be closed; prints the outcome")] = None,
    as_json: AsJson = False,
) -> None:
    """Verify an incident package and open it in the window with a time slider, without server or network."""
    from console.package import record_of, verify_package

    checked = verify_package(file, trusted=key)
    record = record_of(checked, file)
    if check:
        print_result(_about(file, checked), as_json, _sentence(file, checked))
        return
    if what_if_closed or what_if_stuck:
        _print_outcome(record, file, what_if_closed or [], what_if_stuck or [], as_json)
        return
    from console.app import run_review
    from console.screen import has_screen

    if not has_screen():
        raise InputFault(f"{file}: valid, but there is no screen here; 'quanmai export {file} --html OUT' makes a page of it")
    second = None if other is None else (record_of(verify_package(other, trusted=key), other), other)
    raise typer.Exit(run_review((record, file), second))


@commands.command()
def export(
    file: PackagePath,
    out: Annotated[Path, typer.Argument(help="file, or folder for --csv and --parquet")],
    html: Annotated[bool, typer.Option("--html", help="one HTML page with map and time slider, no network needed")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="the report as PDF")] = False,
    gpkg: Annotated[bool, typer.Option("--gpkg", help="layers with styles for QGIS")] = False,
    geojson: Annotated[bool, typer.Option("--geojson", help="layers, WGS84")] = False,
    kml: Annotated[bool, typer.Option("--kml", help="layers for phones")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="tables in a folder")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="tables in a folder")] = False,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="tables in one spreadsheet")] = False,
    package: Annotated[bool, typer.Option("--package", help="a package again, with --redact")] = False,
    public: Annotated[bool, typer.Option("--public", help="without pipes, valves and people")] = False,
    redact: Annotated[bool, typer.Option("--redact", help="leave personal data out")] = False,
    past: Annotated[Path | None, typer.Option(help="folder of earlier packages to compare with")] = None,
    language: Language = "zh_CN",
    key: Trusted = None,
) -> None:
    """Export a case from its package, in one format."""
    from console.package import record_of, verify_package
    from console.services.review.redact import redacted

    forms = {"html": html, "pdf": pdf, "gpkg": gpkg, "geojson": geojson, "kml": kml, "csv": csv, "parquet": parquet, "xlsx": xlsx}
    asked = [name for name, wanted in {**forms, "package": package}.items() if wanted]
    if len(asked) != 1:
        raise typer.BadParameter("give one of " + ", ".join(f"--{name}" for name in (*forms, "package")))
    _refuse_language(language)
    if public and asked[0] in ("csv", "parquet", "xlsx", "package"):
        raise typer.BadParameter(f"--{asked[0]} contains the whole case; --public is for a page, a PDF or layers")
    refuse_overwriting(out, [file, *_past_files(past), *([key] if key else [])])
    checked = verify_package(file, trusted=key)
    record = record_of(checked, file)
    options = replace(_options(checked, language, public), past=_past_cases(past))
    _write(redacted(record) if redact else record, file, asked[0], out, options)
    print_result({"written": str(out)}, False, f"{out}")


@commands.command("package")
def package_(
    store: Annotated[str, typer.Argument(help="store file or database URL")],
    incident: Annotated[str, typer.Argument(help="incident id, such as 2024-0001")],
    to: Annotated[Path, typer.Option("--to", help="package to write (.incident)")],
    city: Annotated[Path, typer.Option(help="city dataset (.gpkg)")],
    notices: Annotated[Path | None, typer.Option(help="folder of the notices' files")] = None,
    sign: Annotated[Path | None, typer.Option(help="Ed25519 private key (PEM)")] = None,
    redact: Annotated[bool, typer.Option("--redact", help="leave personal data out")] = False,
    margin_minutes: Annotated[float, typer.Option(help="readings before the first abnormal one", min=0, max=1e6)] = 60.0,
    language: Language = "zh_CN",
) -> None:
    """Write the package of one incident from a store."""
    from console.documents.report.case_report import ReportOptions
    from console.documents.report.html_page import report_html
    from console.package import write_package
    from console.services.review.collect import Around, collect_case
    from console.services.review.redact import redacted
    from console.settings import load_settings
    from console.store import open_store
    from maps.dataset import read_city

    _refuse_language(language)
    refuse_overwriting(to, [city, *([] if "://" in store else [Path(store)]), *(one for one in (sign, notices) if one)])
    files = {path.name: path.read_bytes() for path in notices.iterdir() if path.is_file()} if notices else {}
    around = Around(before=timedelta(minutes=margin_minutes), files=files, targets=load_settings().targets.targets)
    kept = _existing_store(store, open_store)
    try:
        record = collect_case(kept, read_city(city), incident, around)
    finally:
        kept.close()
    record = redacted(record) if redact else record
    write_package(record, to, report=report_html(record, ReportOptions(language)), key=sign)
    print_result({"written": str(to)}, False, f"{to}")


@commands.command()
def month(
    store: Annotated[str, typer.Argument(help="store file or database URL")],
    when: Annotated[str, typer.Option("--month", help="such as 2024-01")],
    out: Annotated[Path | None, typer.Option("--out", help="page (.html) or PDF (.pdf); without it: JSON")] = None,
    time_zone: str = "Asia/Shanghai",
    city: Annotated[str, typer.Option(help="name in the title")] = "",
    phase: Annotated[str, typer.Option(help="only incidents of this phase")] = "",
    text: Annotated[str, typer.Option(help="only incidents with this text in id, place or road")] = "",
    least_dn: Annotated[float, typer.Option(help="only pipes from this diameter on, mm", min=0.0, max=1e5)] = 0.0,
    drills: Annotated[bool, typer.Option("--drills", help="include drills")] = False,
    packages: Annotated[Path | None, typer.Option(help="folder of reviewed packages, whose findings are included")] = None,
    language: Language = "zh_CN",
) -> None:
    """Make the monthly review: incidents, service standard, trends."""
    from console.documents.report.html_page import plain_page
    from console.documents.report.month_report import month_report
    from console.documents.report.pdf import pdf_of
    from console.documents.report.words import ReportWords
    from console.services.review.monthly import Filters
    from console.store import open_store
    from maps.files import write_aside

    if out is not None:
        refuse_overwriting(out, [*([] if "://" in store else [Path(store)]), *_past_files(packages)])
    _refuse_language(language)
    filters = Filters(phase, text, drills, least_dn)
    kept = _existing_store(store, open_store)
    try:
        made = _month(kept, _first_of(when), time_zone, filters, _findings(packages))
    finally:
        kept.close()
    words = ReportWords(language, time_zone)
    report = month_report(made, city, words, filters, badges=(words("page.drill"),) if drills else ())
    if out is None:
        board = {fact.key: words.fact(fact) for fact in made.board}
        rows = [{"incident": case.incident.incident_id, "title": case.incident.title} for case in made.cases]
        calls = {fact.key: words.fact(fact) for fact in made.calls}
        print_result({"month": when, "board": board, "incidents": rows, "calls": calls}, True)
        return
    if out.suffix.lower() not in (".html", ".pdf"):
        raise typer.BadParameter(f"{out}: the review is written as .html or .pdf")
    write_aside(out, pdf_of(report) if out.suffix.lower() == ".pdf" else plain_page(report))
    print_result({"written": str(out)}, False, f"{out}")


def _write(record: CaseRecord, file: Path, form: str, out: Path, options: ReportOptions) -> None:
    from maps.files import write_aside

    if form == "html":
        from console.documents.report.html_page import report_html

        write_aside(out, report_html(record, options))
    elif form == "pdf":
        from console.documents.report.pdf import report_pdf

        write_aside(out, report_pdf(record, options))
    elif form == "package":
        from console.documents.report.html_page import report_html
        from console.package import write_package

        write_package(record, out, report=report_html(record, options))
    elif form in ("csv", "parquet", "xlsx"):
        _write_tables(record, file, form, out, options.language)
    else:
        _write_layers(record, form, out, options)


def _write_tables(record: CaseRecord, file: Path, form: str, out: Path, language: str) -> None:
    from console.documents.case_tables import case_tables, write_csv, write_parquet, write_xlsx
    from console.documents.report.words import ReportWords
    from console.services.review.questions import answers_to

    words = ReportWords(language, record.city.info.time_zone)
    tables = case_tables(record, words, answers_to(record))
    if form != "xlsx":
        for table in tables:
            refuse_overwriting(out / f"{table.name}.{form}", [file])
    if form == "csv":
        write_csv(tables, out)
    elif form == "parquet":
        write_parquet(tables, out)
    else:
        write_xlsx(tables, out, words)


def _write_layers(record: CaseRecord, form: str, out: Path, options: ReportOptions) -> None:
    from console.documents.case_layers import case_layers
    from console.documents.report.words import ReportWords
    from maps.export.vector_files import write_layers_geojson, write_layers_gpkg, write_layers_kml

    words, crs = ReportWords(options.language, record.city.info.time_zone), record.city.network.crs
    layers = case_layers(record, words, public=options.public, network=form != "kml")
    if form == "gpkg":
        write_layers_gpkg(layers, crs, out)
    elif form == "geojson":
        write_layers_geojson(layers, crs, out)
    else:
        write_layers_kml(layers, crs, out, words("page.title", incident=record.incident.incident_id))


def _options(checked: Checked, language: str, public: bool) -> ReportOptions:
    from console.documents.report.case_report import ReportOptions

    return ReportOptions(language, public, signed_by=checked.signed_by)


def _about(file: Path, checked: Checked) -> dict[str, Any]:
    manifest = checked.manifest
    return {
        "package": str(file), "ok": True, "incident": manifest.incident_id, "schema": manifest.schema,
        "files": len(manifest.files), "since": manifest.since, "until": manifest.until, "drill": manifest.is_drill,
        "redacted": manifest.redacted, "signed_by": checked.signed_by or None,
    }  # fmt: skip


def _sentence(file: Path, checked: Checked) -> str:
    signed = f"signed by {checked.signed_by}" if checked.signed_by else "not signed"
    return f"{file}: valid, incident {checked.manifest.incident_id}, {len(checked.manifest.files)} files, {signed}"


def _print_outcome(record: CaseRecord, file: Path, closed: list[str], stuck: list[str], as_json: bool) -> None:
    from console.services.review.what_if import rerun

    asked = partial(rerun, closed=closed, unable=[*record.incident.unable_valves(), *stuck])
    outcome = asked(record) if record.city.epanet is None else shared_calls().call(asked, record, reads=str(file))
    plan, impact = outcome.plan, outcome.impact
    found = {
        "valves_to_close": [step.asset_id for step in plan.valves_to_close],
        "households_without_water": plan.households_without_water,
        "people_without_water": plan.people_without_water,
        "minutes": plan.minutes,
        "low_pressure_households": impact.low_pressure_households if impact and impact.converged else None,
        "was": {"households_without_water": record.incident.plan.households_without_water if record.incident.plan else None},
    }
    print_result(found, as_json, json.dumps(found, ensure_ascii=False, indent=2))


def _refuse_language(language: str) -> None:
    if language not in ("zh_CN", "en"):
        raise typer.BadParameter(f"{language!r} is neither zh_CN nor en")


def _existing_store(store: str, open_store: Any) -> Any:
    """The existing store at an address; a review never creates one, so that a mistyped name leaves no empty file."""
    if "://" not in store and not Path(store).is_file():
        raise InputFault(f"store {masked(store)}: no such file; check the path")
    return open_store(store if "://" in store else Path(store))


def _first_of(when: str) -> date:
    try:
        first = datetime.strptime(when, "%Y-%m").date()  # noqa: DTZ007
    except ValueError as fault:
        raise typer.BadParameter(f"{when!r} is not a month; write it as 2024-01") from fault
    if not 1970 <= first.year < 2200:
        raise typer.BadParameter(f"{when!r} is not a month between 1970 and 2199")
    return first


def _month(store: Any, first: date, time_zone: str, filters: Any, findings: dict[str, Findings]) -> Any:
    from console.domain.clock import micros
    from console.domain.tickets import TICKET, Ticket
    from console.services.review.monthly import MonthInputs, month_bounds, month_review

    since, until = month_bounds(first, time_zone)
    incidents = store.incidents_between(micros(since - timedelta(days=400)), micros(until))
    within = [one for one in incidents if since <= one.opened_at < until]
    changes = store.changes_with(f"incident/{one.incident_id}" for one in within)
    tickets = [one for one in store.records_of((TICKET,), micros(since), micros(until)) if isinstance(one, Ticket)]
    inputs = MonthInputs(
        incidents, changes, findings, lambda start, end: store.readings_between(micros(start), micros(end) - 1), tickets
    )
    return month_review(first, time_zone, inputs, filters)


def _past_cases(folder: Path | None) -> list[PastCase]:
    """The cases in the packages of a folder, with their reviewers' findings."""
    from console.services.review.past_case import PastCase

    return [PastCase.of(record.incident, record.notes.findings) for record in _packages(folder)]


def _findings(folder: Path | None) -> dict[str, Findings]:
    """Reviewers' findings by incident, from the packages of a folder; of several the last by file name counts."""
    return {record.incident.incident_id: record.notes.findings for record in _packages(folder)}


def _packages(folder: Path | None) -> list[CaseRecord]:
    from console.package import read_package

    return [read_package(path) for path in _past_files(folder)]


def _past_files(folder: Path | None) -> list[Path]:
    return sorted(folder.glob("*.incident")) if folder is not None else []
