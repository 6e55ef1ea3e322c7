"""The shelving dialog: which alarm, for how long and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from console.domain.alarms import Alarm
from console.services.alarms.station_alarms import ShelveAlarm, TakeOutOfService
from console.ui.appearance import Appearance
from console.ui.dialogs.ask import ReasonQuestion
from console.ui.widgets import ElidedLabel, label

_MINUTES = (15, 30, 60, 120, 480)
_ONE_SHOT, _OUT_OF_SERVICE = 0, -1


class ShelveQuestion(ReasonQuestion):
    """How long an alarm rests, and why. ``told``: the alarm in words; ``now``: the present, while the dialog stands open."""

    def __init__(
        self, appearance: Appearance, alarm: Alarm, told: str, now: Callable[[], datetime], parent: QWidget | None = None
    ) -> None:
        words = appearance.words
        usual = words.catalogue.section("ui.shelve_usual").values()
        super().__init__(
            appearance, words("shelve.title"), words("shelve.text"), parent=parent, do=words("shelve.do"), usual=usual
        )
        self._words, self._now, self._alarm = words, now, alarm
        which = ElidedLabel(told, "strong")
        which.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.time = QComboBox()
        for minutes in _MINUTES:
            self.time.addItem(words("shelve.minutes", n=minutes), minutes)
        self.time.addItem(words("shelve.one_shot"), _ONE_SHOT)
        self.time.addItem(words("shelve.out_of_service"), _OUT_OF_SERVICE)
        self.back = label(name="muted", wrap=True)
        self.time.currentIndexChanged.connect(self._say_back)
        for place, part in enumerate((which, None, self.time, self.back)):
            if part is not None:
                self.box.insertWidget(place, part)
        if alarm.incident_id:
            self.box.insertWidget(4, label(words("shelve.of_case", incident=alarm.incident_id), "warning", wrap=True))
        self._say_back()

    def _say_back(self) -> None:
        minutes, now = int(self.time.currentData()), self._now()
        until = self._words.hour(now + timedelta(minutes=max(minutes, 0)), now)
        key = {_ONE_SHOT: "back_one_shot", _OUT_OF_SERVICE: "back_by_hand"}.get(minutes, "back_at")
        self.back.setText(self._words(f"shelve.{key}", time=until))

    def intent(self) -> ShelveAlarm | TakeOutOfService:
        """What was chosen."""
        minutes, alarm_id = int(self.time.currentData()), self._alarm.alarm_id
        if minutes == _OUT_OF_SERVICE:
            return TakeOutOfService(alarm_id, self.reason)
        return ShelveAlarm(alarm_id, None if minutes == _ONE_SHOT else self._now() + timedelta(minutes=minutes), self.reason)
