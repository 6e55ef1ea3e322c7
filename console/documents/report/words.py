"""Words of a review in one language: answers, their values and verdicts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from console.domain.changes import Change
from console.domain.incidents import Incident
from console.domain.notes import Note
from console.services.location.place_note import title_note
from console.services.note_texts import NoteTexts
from console.services.review.answers import Answer, Fact, Value, Verdict
from resources.texts import Catalogue

_OF_CATALOGUE = {
    "milestone": "review.milestone", "report": "review.report", "ground": "review.ground", "decision": "review.decision",
    "valve_report": "review.valve_report", "predicted": "review.predicted", "sample": "review.sample",
    "subject": "review.subject", "alarm": "domain.alarm_kind", "order_kind": "domain.order_kind",
    "order_state": "domain.order_state", "targets_from": "review.targets_from",
}  # fmt: skip


class ReportWords:
    """``words("page.title", …)`` is the text ``review.page.title``."""

    def __init__(self, language: str, time_zone: str) -> None:
        self.language, self.catalogue, self.zone = language, Catalogue.load(language), ZoneInfo(time_zone)
        self._notes = NoteTexts(language, time_zone)

    def __call__(self, text: str, /, **params: object) -> str:
        """The text ``review.<text>`` with ``params`` inserted."""
        return self.catalogue.text(f"review.{text}", **params)

    def domain(self, group: str, code: str) -> str:
        """A code of the domain (``phase``, ``order_state``) in words; itself where there are none."""
        key = f"domain.{group}.{code}"
        return self.catalogue.text(key) if self.catalogue.has(key) else code

    def question(self, answer: Answer) -> str:
        """Text of the answer's question."""
        return self(f"question.{answer.key}")

    def label(self, fact: Fact) -> str:
        """Label of a fact."""
        return self(f"fact.{fact.key}")

    def fact(self, fact: Fact) -> str:
        """Value of a fact in words, with its note and target."""
        if fact.value is None:
            text = self("verdict.unknown")
        elif fact.unit == "of":
            text = self("word.of", value=fact.value, whole=fact.target)
        elif fact.unit == "rank":
            text = self("word.rank", value=fact.value)
        else:
            text = self._beside(fact)
        note = self("word.open") if fact.note == "open" else fact.note
        if note:
            text += f" ({note})" if self.language == "en" else f"（{note}）"
        if fact.target is not None and fact.unit != "of" and fact.target != 0:
            text += " · " + self("word.target", target=self.value(fact.target, fact.unit))
        return text

    def _beside(self, fact: Fact) -> str:
        """The value; with tenths of a second if it exceeds its target and both would read the same."""
        text = self.value(fact.value, fact.unit)
        value, target = fact.value, fact.target
        if not (isinstance(value, timedelta) and isinstance(target, timedelta)):
            return text
        return self._exact(value) if value > target and text == self.value(target, fact.unit) else text

    def verdict(self, fact: Fact) -> str:
        """Symbol and word of the verdict; "" without one."""
        return "" if fact.verdict in (Verdict.PLAIN, Verdict.UNKNOWN) else self(f"verdict.{fact.verdict.value}")

    def cell(self, value: Value, unit: str) -> str:
        """A cell of a table in words."""
        if value is None or value == "":
            return self("word.none")
        if unit in _OF_CATALOGUE:
            return self._coded(str(value), unit)
        if unit == "minutes" and isinstance(value, int | float):
            return f"{value:.0f} {self('unit.minutes')}"
        return self.value(value, "" if unit in ("households", "people") else unit)

    def value(self, value: Value, unit: str = "") -> str:
        """A value in words."""
        if value is None:
            return self("word.none")
        if isinstance(value, Note):
            return self._notes.text(value)
        if isinstance(value, bool):
            return self("word.yes" if value else "word.no")
        if isinstance(value, timedelta):
            return self.duration(value)
        if isinstance(value, datetime):
            return self.time(value)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, tuple):
            return "、".join(value) if self.language == "zh_CN" else ", ".join(value)
        text = self._number(value, unit) if isinstance(value, int | float) else str(value)
        if unit in _OF_CATALOGUE:
            return self._coded(text, unit)
        suffix = self.catalogue.text(f"review.unit.{unit}") if self.catalogue.has(f"review.unit.{unit}") else ""
        return f"{text} {suffix}" if suffix and suffix != "–" else text

    def time(self, at: datetime) -> str:
        """Date and time with seconds on the city's clock."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def duration(self, value: timedelta) -> str:
        """A duration such as ``12 min 05 s``, which cannot be mistaken for a time of day."""
        whole = round(abs(value.total_seconds()))
        sign = "−" if value.total_seconds() < -0.5 else ""
        hours, rest = divmod(whole, 3600)
        minutes, seconds = divmod(rest, 60)
        if self.language == "zh_CN":
            return sign + (f"{hours}小时{minutes:02d}分" if hours else f"{minutes}分{seconds:02d}秒")
        return sign + (f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s")

    def _exact(self, value: timedelta) -> str:
        """A duration such as ``1 min 00.1 s``, rounded up, so that it differs from a target that it barely exceeds."""
        tenths = -(-value // timedelta(milliseconds=100))
        minutes, rest = divmod(tenths, 600)
        hours, minutes = divmod(minutes, 60)
        if self.language == "zh_CN":
            return (f"{hours}小时{minutes:02d}分" if hours else f"{minutes}分") + f"{rest / 10:04.1f}秒"
        return (f"{hours} h {minutes:02d} min" if hours else f"{minutes} min") + f" {rest / 10:04.1f} s"

    def note(self, change: Change) -> str:
        """Note of a change. A literal one is Chinese, as written; in English preceded by the words of its kind."""
        key, text = f"ui.change.{change.kind}", self._notes.text(change.note)
        if not change.note.key and self.language == "en" and self.catalogue.has(key):
            return f"{self.catalogue.text(key)} — {text}"
        return text

    def place(self, incident: Incident) -> str:
        """Where a case is; as its title says it where no place is known."""
        return incident.title if incident.place is None else self._notes.text(title_note(incident))

    def _coded(self, code: str, unit: str) -> str:
        for prefix in (_OF_CATALOGUE[unit], "review.fact", "domain.unable"):
            if self.catalogue.has(f"{prefix}.{code}"):
                return self.catalogue.text(f"{prefix}.{code}")
        return code

    @staticmethod
    def _number(value: float, unit: str) -> str:
        if isinstance(value, int):
            return f"{value:,}"
        return f"{value:,.2f}" if unit in ("ntu", "mgl") else f"{value:,.1f}"
