"""Evidence: what the stations showed against what was expected, as a chart with its band and in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from console.domain.alarms import Explanation
from console.domain.clock import micros
from console.domain.readings import CHANNEL_BY_NAME, Channel
from console.ui.panels.case.deviations import Deviations
from console.ui.panels.case.section import CaseView, Section
from console.ui.panels.charts import Series, Trend
from console.ui.panels.line_names import LineNames
from console.ui.widgets import label

SERIES_MOST = 5
BEFORE_S = 1500.0


class EvidenceSection(Section):
    """Chart and summary."""

    history_wanted = Signal(object)
    """The incident whose series are to be read (they come back through ``show_series``)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = Trend(104)
        self._note = label(name="muted", wrap=True)
        self._names = LineNames()
        self.box.addWidget(self._plot)
        self.box.addWidget(self._names)
        self.box.addWidget(self._note)
        self._why = label(wrap=True)
        self.box.addWidget(self._why)
        self._deviations, self._is_cramped = Deviations(), False
        self.box.addWidget(self._deviations)
        self._series: tuple[Series, ...] | None = None
        """None until the first read of this case's history arrives."""
        self._case = ""
        self._asked_at = 0

    def _fill(self, view: CaseView) -> None:
        self.setVisible(view.incident.work is None)  # planned work was neither found nor located
        words, incident = view.appearance.words, view.incident
        if incident.incident_id != self._case:
            self._case, self._series = incident.incident_id, None  # another case's lines are not this one's
        falling = [e for e in incident.evidence if e.deviation < 0 and e.channel == "pressure"]
        rising = [e for e in incident.evidence if e.channel == "flow" and (e.deviation > 0 or e.zone)]
        if incident.evidence:
            text = words("evidence.falling", n=len(falling))
            text += words("evidence.rising", n=len(rising)) if rising else ""
            zones = dict.fromkeys(e.zone for e in incident.evidence if e.zone)
            text += words("evidence.zones", zones=words.listed(zones)) if zones else ""
        else:
            text = words("evidence.by_call" if incident.ground else "evidence.none")
        self.heading.setText(words("evidence.title", text=text))
        self._plot.setVisible(bool(incident.evidence))
        self._names.setVisible(bool(incident.evidence))
        self._note.setVisible(bool(incident.evidence))
        self._note.setText(words("evidence.first", time=words.stamp(incident.first_abnormal_at, view.now)))
        self._why.setVisible(bool(incident.explanations))
        operations = words.clauses(self._explained(one, view) for one in incident.explanations)
        self._why.setText(words("evidence.explained", operations=operations))
        self._deviations.show_of(incident, view.appearance)
        self._deviations.setVisible(not self._is_cramped and not self._deviations.isHidden())
        self._asked_at = 0
        self._draw(view)

    def set_cramped(self, cramped: bool) -> None:
        """On a low screen the candidates and their buttons come before what each of them predicts."""
        if cramped != self._is_cramped:
            self._is_cramped = cramped
            if self.view is not None:
                self._fill(self.view)

    def _explained(self, one: Explanation, view: CaseView) -> str:
        words = view.appearance.words
        if one.code == "dismissed":
            return words("evidence.until", name=words.operation(one), until=words.hour(one.until, view.now))
        text = words(
            "evidence.operation",
            name=words.operation(one),
            time=words.hour(one.at, view.now),
            until=words.hour(one.until, view.now),
        )
        return text if one.certain else words("evidence.perhaps", text=text)

    def _tick(self, view: CaseView) -> None:
        if view.incident.evidence and abs(view.picture.now_us - self._asked_at) > 5_000_000:
            self._asked_at = view.picture.now_us
            self.history_wanted.emit(view.incident)

    def show_series(self, series: tuple[Series, ...]) -> None:
        """History of the evidence's stations arrived."""
        self._series = series
        if self.view is not None:
            self._draw(self.view)

    def _draw(self, view: CaseView) -> None:
        read = self._series or ()
        channel = read[0].channel if read else Channel.PRESSURE
        first = micros(view.incident.first_abnormal_at) / 1e6
        same = [_from(series, first) for series in read if series.channel is channel]
        self._names.show_names([series.title for series in same], view.appearance)
        self._plot.draw(same, view.appearance, first - BEFORE_S, max(view.picture.now_us / 1e6, first + 240))
        self._plot.mark_time(first, view.appearance)
        words, has_values = view.appearance.words, any(np.isfinite(series.value).any() for series in same)
        self._plot.tell("" if has_values else words("evidence.reading" if self._series is None else "evidence.no_history"))


def _from(series: Series, first_s: float) -> Series:
    """The series as change against its last value before the first abnormal one.

    Stations have different levels; the drop is small beside the differences between them.
    """
    known = np.isfinite(series.value)
    before = np.flatnonzero(known & (series.at_us < first_s * 1e6))
    at = before[-1] if len(before) else next(iter(np.flatnonzero(known)), None)
    return series if at is None else replace(series, base=float(series.value[at]))


def channel_of(name: str) -> Channel:
    """Channel of an evidence's name; pressure for one that is unknown."""
    return CHANNEL_BY_NAME.get(name, Channel.PRESSURE)
