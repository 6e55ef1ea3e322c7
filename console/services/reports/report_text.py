"""Text of a report to the authorities, from the facts of its case, in both languages: roads and sizes, no asset ids."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from console.domain.incidents import Incident, OrderState
from console.domain.notices import NoticeStatus
from console.domain.reports import ReportKind
from console.services.incidents.event_level import EventLevel, LevelTable
from console.services.location.place_note import place_note
from console.services.note_texts import NoteTexts
from console.services.notices.facts import area_of
from console.services.tools import Tools
from resources.texts import LANGUAGES, Catalogue

_NAMED = 12
_UNITS = {"hours": "{:.1f}", "diameter_mm": "{:.0f}", "households": "{:,.0f}", "critical_customers": "{:.0f}"}


def report_texts(tools: Tools, incident: Incident, kind: ReportKind, number: int, now: datetime) -> tuple[str, str]:
    """The report in Chinese and in English, at ``now`` (aware)."""
    zh, en = ("\n".join(_Text(tools, language).lines(incident, kind, number, now)) for language in LANGUAGES)
    return zh, en


def level_reasons(level: EventLevel, language: str) -> tuple[str, ...]:
    """Why the rules propose the level: each bound that was reached, with its figure."""
    catalogue = Catalogue.load(language)
    return tuple(
        catalogue.text(f"report.reached.{key}", value=_UNITS[key].format(level.figures.get(key, 0.0))) for key in level.reached
    )


class _Text:
    """One language's lines."""

    def __init__(self, tools: Tools, language: str) -> None:
        self._tools, self._language = tools, language
        self._catalogue = Catalogue.load(language)
        self._zone = tools.city.info.time_zone
        self._notes = NoteTexts(language, self._zone)

    def lines(self, incident: Incident, kind: ReportKind, number: int, now: datetime) -> Iterator[str]:
        """The report, line by line; each line is one fact."""
        table: LevelTable = self._tools.levels
        level, plan = table.level_of(incident), incident.plan
        if incident.is_drill:
            yield self._t("drill")
        if self._tools.city.info.synthetic:
            yield self._t("synthetic")
        yield self._t(f"title.{kind}", number=number, name=self._tools.city.info.name)
        yield ""
        yield self._t("to", names=self._listed(table.recipient(code, self._language) for code in level.tell))
        yield self._t("case", case=incident.incident_id, level=level.name, basis=self._basis(level))
        yield self._t("found", found=self._at(incident.first_abnormal_at), judged=self._at(incident.verified_at))
        yield self._t("place", place=self._notes.text(place_note(incident.place)) if incident.place else self._t("unknown"))
        if plan is not None:
            area = area_of(self._tools.city, incident)
            yield self._t("no_water", households=f"{area.households_no_water:,}", names=self._listed(area.no_water_communities))
            if incident.impact is not None and incident.impact.converged:
                names = self._listed(area.low_pressure_communities)
                yield self._t("low_pressure", households=f"{area.households_low_pressure:,}", names=names)
            critical = [one.name for one in plan.critical_customers]
            yield self._t("critical", n=len(critical), names=self._listed(critical))
            closed = {mark.valve_id for mark in incident.valve_marks if mark.closed}
            done, phase = len({one.asset_id for one in plan.valves_to_close} & closed), f"domain.phase.{incident.phase}"
            yield self._t("valves", done=done, all=len(plan.valves_to_close), phase=self._catalogue.text(phase))
        yield self._t("crews", n=len({o.crew_id for o in incident.work_orders()}), there=self._on_site(incident))
        yield self._public(incident)
        if kind is ReportKind.FINAL:
            yield from self._ended(incident)
        else:
            yield self._t("restoration", at=self._at(incident.restoration_at))
        if incident.is_open():
            yield self._t("next", hours=f"{level.continued_every.total_seconds() / 3600:.0f}")
        yield ""
        settings = self._tools.settings
        yield self._t("sign", issuer=settings.issuer or self._t("unknown"), hotline=settings.hotline or "–")
        yield self._at(now)

    def _basis(self, level: EventLevel) -> str:
        if level.is_by_hand:
            return self._t("by_hand", by=level.by, ground=level.ground, proposed=level.proposed)
        return self._listed(level_reasons(level, self._language)) or self._t("lowest")

    def _on_site(self, incident: Incident) -> int:
        return len({o.crew_id for o in incident.work_orders() if o.state in (OrderState.ON_SITE, OrderState.DONE)})

    def _public(self, incident: Incident) -> str:
        out = [one for one in incident.notices if one.issued_at is not None]
        if not out:
            return self._t("notice_none")
        last = out[-1]
        if last.status is NoticeStatus.LIFTED:
            return self._t("notice_lifted", at=self._at(last.lifted_at))
        return self._t("notice", at=self._at(out[0].issued_at), version=last.version)

    def _ended(self, incident: Incident) -> Iterator[str]:
        sample, restored = incident.sample, [m.restored_at for m in incident.valve_marks if m.restored_at is not None]
        if restored:
            hours = (max(restored) - (incident.verified_at or incident.opened_at)).total_seconds() / 3600.0
            yield self._t("restored", at=self._at(max(restored)), hours=f"{hours:.1f}")
        if sample is not None:
            turbidity, chlorine = (_figure(value) for value in (sample.turbidity_ntu, sample.chlorine_mgl))
            key = "sample_passed" if sample.passed else "sample_waived" if sample.waived_by else "sample_failed"
            yield self._t(key, turbidity=turbidity, chlorine=chlorine, by=sample.waived_by, reason=sample.reason)
        yield self._t("closed", at=self._at(incident.closed_at), reason=incident.close_reason or "–")

    def _at(self, moment: datetime | None) -> str:
        return self._t("unknown") if moment is None else f"{moment.astimezone(ZoneInfo(self._zone)):%Y-%m-%d %H:%M}"

    def _listed(self, names: Iterable[str]) -> str:
        known = list(names)
        more = self._t("more", n=len(known)) if len(known) > _NAMED else ""
        return self._catalogue.text("notice.time.separator").join(known[:_NAMED]) + more

    def _t(self, key: str, **params: object) -> str:
        return self._catalogue.text(f"report.{key}", **params)


def _figure(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:g}"
