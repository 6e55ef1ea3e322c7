"""AssetLocator: shows assets and cases that were picked, chosen or found, and offers the map's context menu."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from console.domain.alarms import Alarm
from console.domain.shift import MapPlace
from console.services.alarms.operations import EnterOperation
from console.services.crews.valve_reports import MarkValveUnable
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.outages.planning import PlanOutage
from console.services.shift.entries import WriteEntry
from console.services.tickets.taking import TakeCall
from console.ui.appearance import Appearance
from console.ui.commands.questions import Questions
from console.ui.focus import CaseFocus
from console.ui.map.canvas import MapCanvas
from console.ui.map.live.found_mark import FoundMark
from console.ui.map.view.picking import Asset
from console.ui.panels.case.location import JUDGED_IN
from console.ui.permitted import allow
from console.ui.search import Hit
from console.ui.words import Words, one_line
from maps.locate.next_reading import ReadingPlace

_VALVE_M_PER_PX = 0.8
_PLACE_M_PER_PX = 2.0


class AssetLocator(QObject):
    """Moves the map and the case focus. Decisions go through ``Questions``."""

    pipe_selected = Signal(str)
    """A pipe is looked at; "" for none."""
    valve_picked = Signal(str)
    """A valve was clicked on the map."""
    entry_asked = Signal(object)
    """MapPlace: an entry of the shift log about it."""
    ticket_asked = Signal(float, float)
    """A caller's ticket at a place of the map, the network's CRS."""
    connection_asked = Signal(str)
    """Pipe id: the outage of an accepted connection to it is to be planned."""
    outage_asked = Signal(str)
    """Pipe id: a planned outage is to be made on it."""
    drill_burst_asked = Signal(str)
    """An instructor wants this pipe to break (drills only)."""

    def __init__(self, map_: MapCanvas, focus: CaseFocus, questions: Questions, appearance: Appearance, window: QWidget) -> None:
        super().__init__(window)
        self._city, self._map, self._focus = map_.scene.city, map_, focus
        self._framed: tuple[object, ...] = ()
        focus.changed.connect(self._frame_case)
        self._questions, self._appearance, self._window = questions, appearance, window
        self.in_drill = False
        self.offers: list[Callable[[QMenu, Asset | None, Words], None]] = []
        """What else the map's menu offers for an asset or an empty place (``map_menu.py``)."""
        self._chosen = ""

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language, for the next menu."""
        self._appearance = appearance

    def choose_case(self, incident_id: str) -> None:
        """Bring a case into focus and into view."""
        self._focus.choose(incident_id)
        self.show_case()

    def show_case(self) -> None:
        """The map on the case in focus."""
        incident = self._focus.incident
        if incident is None:
            return
        plan, location = incident.plan, incident.location
        around = (*plan.zone_pipes, *plan.dry_pocket_pipes) if plan is not None else ()
        self._map.fit_pipes((*around, *(location.set_90 if location is not None else ()), *incident.target_pipes()))

    def select_pipe(self, pipe_id: str) -> None:
        """Highlight a pipe with its description. What a judgement would be about stays the same."""
        pipes = self._city.network.pipes
        row = pipes.row(pipe_id)
        kind = self._appearance.words.pipe(float(pipes.diameter_mm[row]), str(pipes.material[row]), int(pipes.year_laid[row]))
        self._chosen = pipe_id
        self._map.select_pipes((pipe_id,), " · ".join(part for part in (pipe_id, kind, str(pipes.road_name[row])) if part))
        self.pipe_selected.emit(pipe_id)

    def show_valve(self, valve_id: str) -> None:
        """The map on a valve."""
        valves = self._city.network.valves
        row = valves.row(valve_id)
        self._near(float(valves.x[row]), float(valves.y[row]), _VALVE_M_PER_PX)

    def show_station(self, row: int) -> None:
        """The map on a station."""
        self._near(*self._map.station_place(row), _PLACE_M_PER_PX)

    def show_reading_place(self, place: ReadingPlace) -> None:
        """The map on a place to read."""
        self._near(place.x, place.y, _PLACE_M_PER_PX)

    def on_alarm(self, alarm: Alarm) -> None:
        """An alarm's case, else its station."""
        if alarm.incident_id:
            self.choose_case(alarm.incident_id)
        elif self._city.stations.has(alarm.subject):
            self.show_station(self._city.stations.row(alarm.subject))

    def show_place(self, place: MapPlace) -> None:
        """The map on a place of the shift log."""
        self._near(place.x, place.y, _PLACE_M_PER_PX)

    def chosen_pipe(self) -> str:
        """The pipe that is highlighted, "" for none."""
        return self._chosen if self._chosen and self._city.network.pipes.has(self._chosen) else ""

    def chosen_place(self) -> MapPlace | None:
        """The pipe that is highlighted, as a place for the shift log."""
        pipes = self._city.network.pipes
        if not self._chosen or not pipes.has(self._chosen):
            return None
        x, y = pipes.points(pipes.row(self._chosen)).mean(axis=0)
        return MapPlace(self._chosen, float(x), float(y))

    def go_to(self, hit: Hit) -> None:
        """What the search found, with a pin on it; pipes and cases are marked as such."""
        placed = hit.kind != "pipe" and isfinite(hit.x) and isfinite(hit.y)
        self._map.mark_found(FoundMark(hit.x, hit.y, one_line(hit.title)) if placed else None)
        match hit.kind:
            case "incident":
                self.choose_case(hit.key)
            case "pipe":
                self.select_pipe(hit.key)
                self._map.fit_pipes((hit.key,))
            case _:
                if placed:
                    self._near(hit.x, hit.y, _PLACE_M_PER_PX)

    def on_picked(self, asset: Asset | None) -> None:
        """A click on the map."""
        self._map.mark_found(None)
        if asset is None:
            self._chosen = ""
            self._map.select_pipes(())
            self.pipe_selected.emit("")
        elif asset.kind == "pipe":
            self.select_pipe(asset.asset_id)
        elif asset.kind == "valve":
            self.valve_picked.emit(asset.asset_id)

    def on_menu(self, asset: Asset | None, at: QPoint) -> None:
        """Show the context menu of an asset on the map."""
        menu, words = QMenu(self._window), self._appearance.words
        menu.aboutToHide.connect(menu.deleteLater)
        if asset is not None:
            self._offer(menu, asset)
            works = menu.addAction(words("map.operation"), lambda: self._questions.operation(asset.asset_id, asset.kind))
            here = MapPlace(asset.asset_id, asset.x, asset.y)
            entry = menu.addAction(words("map.shift_entry"), lambda: self.entry_asked.emit(here))
            allow(menu, works, EnterOperation)
            allow(menu, entry, WriteEntry)
            menu.addAction(words("map.copy_id", id=asset.asset_id), lambda: QApplication.clipboard().setText(asset.asset_id))
        for offer in self.offers:
            offer(menu, asset, words)
        point = (asset.x, asset.y) if asset is not None else self._map.input.cursor_world
        if point is not None:
            call = menu.addAction(words("map.ticket"), lambda: self.ticket_asked.emit(*point))
            allow(menu, call, TakeCall)
        menu.addAction(words("commands.fit"), self._map.navigation.fit_all)
        menu.popup(at)

    def _offer(self, menu: QMenu, asset: Asset) -> None:
        words, incident = self._appearance.words, self._focus.incident
        if asset.kind == "pipe":
            self.select_pipe(asset.asset_id)
            if incident is not None and incident.phase in JUDGED_IN and asset.asset_id not in incident.burst_pipes:
                what = words("location.correct_ask" if incident.burst_pipes else "location.judge_ask", pipe=asset.asset_id)
                judge = menu.addAction(what, lambda: self._questions.judgement(incident, asset.asset_id))
                allow(menu, judge, JudgeBurst)
            text = words("map.plan_outage", pipe=asset.asset_id)
            allow(menu, menu.addAction(text, lambda: self.outage_asked.emit(asset.asset_id)), PlanOutage)
            self._offer_connection(menu, asset.asset_id)
            report = menu.addAction(
                words("map.report_burst", pipe=asset.asset_id), lambda: self._questions.report(asset.asset_id)
            )
            allow(menu, report, OpenIncident)
            if self.in_drill:
                menu.addAction(words("map.drill_burst", pipe=asset.asset_id), lambda: self.drill_burst_asked.emit(asset.asset_id))
        if asset.kind == "customer":
            row = int(self._city.customers.pipe[asset.row])
            if row >= 0:
                self._offer_connection(menu, str(self._city.network.pipes.asset_id[row]))
        plan = incident.plan if incident is not None and asset.kind == "valve" else None
        if incident is not None and plan is not None and asset.asset_id in {step.asset_id for step in plan.valves_to_close}:
            case_id = incident.incident_id
            unable = menu.addAction(words("plan.unable"), lambda: self._questions.why_unable(case_id, asset.asset_id))
            allow(menu, unable, MarkValveUnable)

    def _offer_connection(self, menu: QMenu, pipe_id: str) -> None:
        text = self._appearance.words("map.plan_connection", pipe=pipe_id)
        allow(menu, menu.addAction(text, lambda: self.connection_asked.emit(pipe_id)), PlanOutage)

    def _frame_case(self) -> None:
        """A new case or plan is brought into view, unless the user has moved the map."""
        incident = self._focus.incident
        if incident is None or self._map.navigation.touched:
            return
        framed = incident.incident_id, incident.plan
        if framed != self._framed:
            self._framed = framed
            self.show_case()

    def _near(self, x: float, y: float, m_per_px: float) -> None:
        self._map.navigation.look_at(x, y, min(self._map.camera.m_per_px, m_per_px))
