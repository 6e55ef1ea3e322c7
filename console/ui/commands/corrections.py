"""What is done with corrections of the dataset: decided with a reason, ended, exported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtWidgets import QWidget

from console.domain.corrections import Correction
from console.services.crews.correction_export import exported
from console.services.crews.corrections import DecideCorrection, EndCorrection
from console.ui.appearance import Appearance
from console.ui.commands.dispatch import Submit
from console.ui.dialogs.ask import ReasonQuestion
from maps.city import City
from maps.errors import QuanmaiError
from maps.files import write_aside


class CorrectionCommands:
    """Submits intents; refusing and ending ask for the reason first."""

    def __init__(
        self, city: City, appearance: Appearance, submit: Submit, show_fault: Callable[[QuanmaiError], object], window: QWidget
    ) -> None:
        self._city, self.appearance, self._submit, self._show_fault = city, appearance, submit, show_fault
        self._window = window

    def accept(self, one: Correction) -> None:
        """Plans use it from now on."""
        self._submit(DecideCorrection(one.correction_id, is_accepted=True))

    def refuse(self, one: Correction) -> ReasonQuestion:
        """It changes nothing; the reason is kept."""
        return self._asked(
            one, "refuse", lambda why: self._submit(DecideCorrection(one.correction_id, is_accepted=False, reason=why))
        )

    def end(self, one: Correction) -> ReasonQuestion:
        """The dataset counts again."""
        return self._asked(one, "end", lambda why: self._submit(EndCorrection(one.correction_id, why)))

    def export(self, name: str, corrections: Iterable[Correction]) -> None:
        """Write a file for the GIS: CSV, or GeoJSON by the name."""
        path = Path(name)
        form = "geojson" if path.suffix.lower() in (".geojson", ".json") else "csv"
        try:
            write_aside(path, exported(self._city, corrections, form))
        except QuanmaiError as fault:
            self._show_fault(fault)

    def _asked(self, one: Correction, name: str, submit: Callable[[str], object]) -> ReasonQuestion:
        words = self.appearance.words
        text = f"{words.of('correction_layer', one.layer.value)} {one.asset_id}: {words.of('correction_fault', one.fault.value)}"
        question = ReasonQuestion(self.appearance, words(f"corrections.{name}"), text, parent=self._window)
        question.accepted.connect(lambda: submit(question.reason))
        question.open()
        return question
