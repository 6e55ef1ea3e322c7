"""AlarmSounds: a tone for the most pressing alarm that nobody has acknowledged, again and again until somebody does.

Muting ends by itself, and stays in sight while it lasts. A new critical alarm sounds once even then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QWidget

from console.domain.alarms import Alarm, AlarmKind, AlarmState, Priority
from console.domain.picture import Picture
from console.ui.settings import StoredSettings
from console.ui.sounds.player import SoundPlayer

REPEAT_S = {Priority.CRITICAL: 10.0, Priority.HIGH: 20.0, Priority.MEDIUM: 60.0, Priority.LOW: 300.0}
"""So often a tone is repeated until its alarm is acknowledged."""
MUTE_MINUTES = (5, 15, 30, 60)
"""Times for which sounds can be muted; there is no longer one."""
USUAL_VOLUME = 60
_APART_S = 3.0
"""Two tones do not follow each other faster, however many alarms come in."""


@dataclass(frozen=True, slots=True)
class SoundChoice:
    """What somebody chose. ``volume`` 0–100; ``least``: the least pressing priority that sounds."""

    is_on: bool = True
    volume: int = USUAL_VOLUME
    least: Priority = Priority.MEDIUM

    @classmethod
    def stored(cls, stored: StoredSettings) -> SoundChoice:
        """As remembered; what is missing or of another version has its default."""
        usual = cls()
        volume = str(stored.get("sound/volume", usual.volume))
        names = tuple(priority.name for priority in Priority)
        return cls(
            stored.choice("sound/on", ("yes", "no"), "yes") == "yes",
            min(int(volume), 100) if volume.isdecimal() else usual.volume,
            Priority[stored.choice("sound/least", names, usual.least.name)],
        )

    def keep(self, stored: StoredSettings) -> None:
        """Remember it."""
        for key, value in (("on", "yes" if self.is_on else "no"), ("volume", str(self.volume)), ("least", self.least.name)):
            stored.put(f"sound/{key}", value)
        stored.flush()


def unacknowledged(alarms: Iterable[Alarm], least: Priority) -> dict[str, Priority]:
    """Priorities of the alarms that call for somebody, by id; information about operations does not."""
    return {
        alarm.alarm_id: alarm.priority
        for alarm in alarms
        if alarm.state is AlarmState.ACTIVE and alarm.kind is not AlarmKind.OPERATION and alarm.priority <= least
    }


class AlarmSounds(QObject):
    """``player``: None for a window that is silent (a replay, a picture in a drill) and asks for no attention."""

    changed = Signal()
    """Muted, no longer muted, or a second of it has passed."""
    told = Signal(str)
    """Why a sound could not be played, as the system says it."""

    def __init__(
        self,
        window: QWidget,
        stored: StoredSettings,
        player: SoundPlayer | None,
        now: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(window)
        self._window, self._stored, self._player, self._now = window, stored, player, now
        self.choice = SoundChoice.stored(stored)
        self._waiting: dict[str, Priority] = {}
        self._sounded_at: dict[Priority, float] = {}
        self._last_at = float("-inf")
        self._muted_until: float | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self.tick)
        if player is not None:
            player.failed.connect(self.told)

    def choose(self, choice: SoundChoice) -> None:
        """Another choice, from now on and at the next start."""
        self.choice = choice
        choice.keep(self._stored)
        self.changed.emit()

    def try_out(self, priority: Priority) -> None:
        """Play a priority's tone as it would sound."""
        if self._player is not None:
            self._player.play(priority, self.choice.volume / 100)

    @property
    def way(self) -> str:
        """How tones are played (``SoundPlayer.way``), "" in a silent window."""
        return "" if self._player is None else self._player.way

    # Alarms

    def show_picture(self, picture: Picture) -> None:
        """The newest alarms."""
        before, self._waiting = self._waiting, unacknowledged(picture.alarms, Priority.LOW)
        new = [priority for alarm_id, priority in self._waiting.items() if alarm_id not in before]
        if self._player is not None and new and min(new) <= Priority.HIGH and not self._window.isActiveWindow():
            QApplication.alert(self._window)  # the task bar's entry, until the window is looked at
        for priority in set(new):
            self._sounded_at.pop(priority, None)  # a new alarm does not wait for the repetition of an older one
        self._sound(is_new=bool(new) and min(new) is Priority.CRITICAL)
        self._run()

    @Slot()
    def tick(self) -> None:
        """A second later: end the mute when its time is over, repeat what is not acknowledged."""
        if self._muted_until is not None:
            if self._now() >= self._muted_until:
                self._muted_until = None
            self.changed.emit()
        self._sound(is_new=False)
        self._run()

    def _sound(self, *, is_new: bool) -> None:
        """``is_new``: a critical alarm has just come, which a mute does not hold back."""
        loud = [priority for priority in self._waiting.values() if priority <= self.choice.least]
        if self._player is None or not loud or not self.choice.is_on or (self.is_muted and not is_new):
            return
        first, now = min(loud), self._now()
        if now - self._sounded_at.get(first, float("-inf")) >= REPEAT_S[first] and now - self._last_at >= _APART_S:
            self._sounded_at[first] = self._last_at = now
            self._player.play(first, self.choice.volume / 100)

    def _run(self) -> None:
        """The timer runs only while there is something to repeat or to count down."""
        wanted = self.is_muted or (self._player is not None and bool(self._waiting))
        if wanted != self._timer.isActive():
            self._timer.start() if wanted else self._timer.stop()

    # Mute

    @property
    def is_muted(self) -> bool:
        """Whether repeated tones are held back."""
        return self._muted_until is not None

    @property
    def muted_s(self) -> float:
        """Seconds until the mute ends; 0 where there is none."""
        return max(self._muted_until - self._now(), 0.0) if self._muted_until is not None else 0.0

    def mute(self, minutes: int) -> None:
        """Hold tones back for so long, at most the longest of ``MUTE_MINUTES``."""
        self._muted_until = self._now() + 60.0 * min(max(minutes, 0), MUTE_MINUTES[-1])
        self._run()
        self.changed.emit()

    def unmute(self) -> None:
        """Let them sound again."""
        self._muted_until = None
        self.changed.emit()
        self._run()

    def toggle_mute(self) -> None:
        """By key: mute for the shortest time, or end it."""
        self.unmute() if self.is_muted else self.mute(MUTE_MINUTES[0])

    def close(self) -> None:
        """Stop."""
        self._timer.stop()
        if self._player is not None:
            self._player.close()
