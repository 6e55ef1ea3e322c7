"""TracePanel: what is traced, from where, round what; and the numbers of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from console.services.network.trace_requests import COSTS, DIRECTIONS, KINDS, TraceAnswer, TraceRequest, stops_json
from console.ui.appearance import Appearance
from console.ui.panels.map.profile_chart import ProfileChart
from console.ui.panels.map.tool_frame import ToolFrame
from console.ui.widgets import button, label, row
from maps.city import City
from maps.trace import ASSUMED, Profile

_NAMED = 6
_SIZES = 6
_ZONE = "zone:"
"""Before the name of a zone among the conditions: the zone is not entered."""


class TracePanel(ToolFrame):
    """Emits a request whenever something of it was changed by hand; shows the answer it is given."""

    request_changed = Signal(object)
    """TraceRequest."""
    export_asked = Signal()
    fit_asked = Signal()

    def __init__(self, over: QWidget, city: City, appearance: Appearance) -> None:
        super().__init__(over, appearance)
        self._city, self._request, self._filling = city, TraceRequest(()), False
        self.kind, self.cost, self.directions = QComboBox(), QComboBox(), QComboBox()
        self.where = QLineEdit()
        self.places = label(wrap=True)
        self.numbers, self.sizes, self.why = label(name="strong", wrap=True), label(wrap=True), label(name="muted", wrap=True)
        self.chart = ProfileChart()
        self.fit, self.clear_all, self.export = button(""), button(""), button("")
        for box, codes in ((self.kind, KINDS), (self.cost, COSTS), (self.directions, DIRECTIONS)):
            for code in codes:
                box.addItem(code, code)
            box.currentIndexChanged.connect(self._changed)
        self.where.editingFinished.connect(self._changed)
        self.fit.clicked.connect(self.fit_asked)
        self.export.clicked.connect(self.export_asked)
        self.clear_all.clicked.connect(lambda: self.request_changed.emit(TraceRequest((), self._request.kind)))
        self.box.addLayout(row(self.kind, self.cost, self.directions, 1))
        for part in (self.places, self.where, self.numbers, self.sizes, self.chart, self.why):
            self.box.addWidget(part)
        self.box.addLayout(row(self.fit, self.clear_all, self.export, 1))
        self.box.addStretch(1)
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self.appearance, self._filling = appearance, True
        self.title.setText(self.text("trace.title"))
        self.hint.setText(self.text("trace.hint"))
        self.where.setPlaceholderText(self.text("trace.where"))
        for box, group in ((self.kind, "kind"), (self.cost, "cost"), (self.directions, "directions")):
            for place in range(box.count()):
                box.setItemText(place, self.word(group, str(box.itemData(place))))
        for made, key in ((self.fit, "fit"), (self.clear_all, "clear"), (self.export, "export")):
            made.setText(self.text(f"trace.{key}"))
        for made, key in ((self.undo, "undo"), (self.redo, "redo"), (self.shut, "close")):
            made.setToolTip(self.text(f"trace.{key}"))
            made.setAccessibleName(self.text(f"trace.{key}"))
        self._filling = False

    def show_request(self, request: TraceRequest) -> None:
        """What is asked now."""
        self._request, self._filling = request, True
        for box, code in ((self.kind, request.kind), (self.cost, request.cost), (self.directions, request.directions)):
            box.setCurrentIndex(box.findData(code))
        self.cost.setVisible(request.kind == "path")
        self.directions.setVisible(request.kind in ("upstream", "downstream", "fed", "sources", "supply"))
        if not self.where.hasFocus():
            self.where.setText("; ".join([*request.where, *(f"{_ZONE}{zone}" for zone in request.zones)]))
        self._filling = False
        parts = [f"{self.text('trace.starts')}  {self._named(request.starts) or self.text('trace.none')}"]
        if request.kind == "path":
            parts.append(f"{self.text('trace.goal')}  {request.to or '–'}")
        if request.barriers:
            parts.append(f"{self.text('trace.barriers')}  {self._named(request.barriers)}")
        self.places.setText("\n".join(parts))
        if not request.starts:
            self.show_answer(None)

    def show_working(self) -> None:
        """The answer is on its way."""
        self.numbers.setText(self.text("trace.working"))

    def show_fault(self, text: str) -> None:
        """Why there is no answer."""
        self.show_answer(None)
        self.numbers.setText(text)

    def show_answer(self, answer: TraceAnswer | None, along: Profile | None = None) -> None:
        """The numbers of an answer; None clears them."""
        self.chart.show_profile(along, self.appearance, self.text("trace.elevation"), self.text("trace.head"))
        for made in (self.fit, self.export):
            made.setEnabled(answer is not None)
        if answer is None:
            for text in (self.numbers, self.sizes, self.why):
                text.clear()
            return
        self.numbers.setText("\n".join(self._numbers(answer)))
        self.sizes.setText("\n".join(self._sizes(answer)))
        self.why.setText("\n".join(self._why(answer)))

    def _numbers(self, answer: TraceAnswer) -> list[str]:
        found, city = answer.summary, self._city
        if answer.request.kind == "path" and not answer.trace.found:
            return [self.text("trace.no_way")]
        customers, households = f"{len(found.customers):,}", f"{found.households:,}"
        pipes, km = f"{len(answer.trace.pipes):,}", f"{found.length_m / 1000:,.2f}"
        lines = [self.text("trace.found", pipes=pipes, km=km, customers=customers, households=households)]
        if answer.request.kind == "path":
            lines.append(self.text(f"trace.cost_{answer.request.cost}", value=f"{answer.trace.cost:,.4g}"))
        if len(found.critical):
            names = [str(city.customers.name[r] or city.customers.asset_id[r]) for r in found.critical[:3].tolist()]
            lines.append(self.text("trace.critical", n=len(found.critical), names=self.appearance.words.listed(names)))
        return lines

    def _sizes(self, answer: TraceAnswer) -> list[str]:
        found, words = answer.summary, self.appearance.words
        sizes = [f"DN{size or '?'} {length / 1000:.2f} km" for size, length in list(found.by_diameter.items())[-_SIZES:]]
        kinds = [
            f"{words.of('material', name) or '?'} {length / 1000:.2f} km" for name, length in found.by_material.items() if length
        ]
        lines = [self.text("trace.by_diameter", parts=" · ".join(sizes))] if sizes else []
        return [*lines, self.text("trace.by_material", parts=" · ".join(kinds[:_SIZES]))] if kinds else lines

    def _why(self, answer: TraceAnswer) -> list[str]:
        trace, network = answer.trace, self._city.network
        basis = "assumed" if trace.basis == ASSUMED else trace.basis.replace(" ", "_").replace("-", "_")
        lines = [self.text("trace.basis", basis=self.word("basis", basis))]
        if answer.shares is not None:
            named = zip(network.nodes.ids(answer.shares.sources), answer.shares.shares, strict=True)
            parts = [self.text("trace.share", name=name, share=f"{share:.1%}") for name, share in named]
            lines.append(self.text("trace.sources", parts=" · ".join(parts[:_NAMED]) or "–"))
        elif len(trace.sources):
            lines.append(self.text("trace.sources", parts=self._named(network.nodes.ids(trace.sources))))
        if "loops" in answer.extra:
            bridges = self._named(answer.extra["without_second_way"]) or "–"
            lines.append(self.text("trace.loop", loops=answer.extra["loops"], bridges=bridges))
        if "islands" in answer.extra:
            lines.append(self.text("trace.islands", n=answer.extra["islands"], without=answer.extra["without_source"]))
        if len(trace.unknown_direction):
            lines.append(self.text("trace.unknown", n=len(trace.unknown_direction)))
        return lines + self._stops(answer)

    def _stops(self, answer: TraceAnswer) -> list[str]:
        reasons: dict[str, list[str]] = {}
        for stop in stops_json(self._city.network, answer.trace):
            reasons.setdefault(stop["reason"], []).append(stop["asset_id"])
        if not reasons:
            return []
        lines = [self.text("trace.stopped")]
        for reason, ids in reasons.items():
            more = f" {self.text('trace.more', n=len(ids))}" if len(ids) > _NAMED else ""
            lines.append(f"  {self.text('trace.stop_line', reason=self.word('stop', reason), ids=self._named(ids))}{more}")
        return lines

    def _changed(self) -> None:
        if self._filling:
            return
        typed = [part.strip() for part in self.where.text().replace("；", ";").replace("：", ":").split(";") if part.strip()]
        zones = tuple(part.removeprefix(_ZONE).strip() for part in typed if part.startswith(_ZONE))
        where = tuple(part for part in typed if not part.startswith(_ZONE))
        kind, cost, directions = (str(box.currentData()) for box in (self.kind, self.cost, self.directions))
        self.request_changed.emit(replace(self._request, where=where, zones=zones, kind=kind, cost=cost, directions=directions))

    def _named(self, ids: Sequence[str]) -> str:
        return self.appearance.words.listed(ids[:_NAMED]) + (" …" if len(ids) > _NAMED else "")
