"""The station dialog: every channel of one station with its age, its trend against what was expected, and its alarms."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QVBoxLayout, QWidget

from console.domain.alarms import Alarm, AlarmState
from console.domain.clock import moment
from console.domain.expected import BAND_SIGMAS
from console.domain.limits import Limits
from console.domain.picture import Picture, StationState
from console.domain.readings import CHANNEL_BY_NAME, Channel, Quality
from console.ui.appearance import Appearance
from console.ui.panels.charts import Series, Trend
from console.ui.widgets import button, clear, label, row, tip
from console.ui.words import one_line
from maps.city import City

SPANS_H = (2, 6, 24, 72, 168)
_READ_EVERY_US = 5_000_000


class StationDialog(QDialog):
    """Stays open beside the map and follows the picture."""

    history_wanted = Signal(int, object, object)
    """(station row, Channel, since in µs since 1970); the answer comes back through ``show_series``."""
    place_asked = Signal(int)
    """Show this station (row) on the map."""

    def __init__(
        self, city: City, limits: Limits, row_: int, appearance: Appearance, picture: Picture, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._limits = limits
        self._city, self._row, self._appearance, self._picture = city, row_, appearance, picture
        self._read_at = 0
        stations, words = city.stations, appearance.words
        self.setWindowTitle(one_line(words("station.window", name=str(stations.name[row_]) or str(stations.asset_id[row_]))))
        self.resize(620, 460)
        self._state = label(name="strong", wrap=True, selectable=True)
        self._values = QGridLayout()
        self._values.setHorizontalSpacing(18)
        self._channel, self._span = QComboBox(), QComboBox()
        self._channel.setAccessibleName(words("station.channel"))
        self._span.setAccessibleName(words("station.span"))
        for channel in self._channels():
            self._channel.addItem(words.of("channel", channel.name.lower()), channel)
        for hours in SPANS_H:
            text = words("station.days", n=hours // 24) if hours > 24 else words("station.hours", n=hours)
            self._span.addItem(text, hours)
        self._trend, self._note = Trend(230, grows=True, zooms=True), label(name="muted", wrap=True)
        self._alarms = label(wrap=True, selectable=True)
        place, close = button(words("station.on_map")), button(words("notice.close"))
        place.clicked.connect(lambda: self.place_asked.emit(self._row))
        close.clicked.connect(self.close)
        self._trend.setAccessibleName(words("station.chart"))
        self._trend.setToolTip(tip(words("station.zoom")))
        self.whole = button(words("station.whole"), "flat", quick=True)
        self.whole.clicked.connect(self._trend.show_all)
        self._channel.currentIndexChanged.connect(self._trend.show_all)
        self._span.currentIndexChanged.connect(self._trend.show_all)
        self._channel.currentIndexChanged.connect(self._ask)
        self._span.currentIndexChanged.connect(self._ask)
        box = QVBoxLayout(self)
        box.addWidget(self._state)
        box.addLayout(self._values)
        box.addLayout(row(self._channel, self._span, 1, self.whole))
        box.addWidget(self._trend, 1)
        box.addWidget(self._note)
        box.addWidget(self._alarms)
        box.addLayout(row(1, place, close))
        self.show_picture(picture)

    @property
    def channel(self) -> Channel:
        """The channel whose trend is shown."""
        return Channel(self._channel.currentData() or Channel.PRESSURE)

    @property
    def view(self) -> tuple[Channel, int]:
        """What is looked at: channel, and which of the spans."""
        return self.channel, self._span.currentIndex()

    def look_at(self, channel: Channel, span: int) -> None:
        """Show this channel over this span, where the station has it."""
        self._channel.setCurrentIndex(max(self._channel.findData(channel), 0))
        self._span.setCurrentIndex(span)

    def show_picture(self, picture: Picture) -> None:
        """The newest values; the trend is read again every few seconds of the picture's time."""
        self._picture = picture
        words, stations = self._appearance.words, self._city.stations
        state = StationState(int(picture.station_state[self._row]))
        told = (str(stations.asset_id[self._row]), words.of("station_state", state.name.lower()), self._elevation_words())
        self._state.setText(" · ".join(part for part in told if part))
        self._show_values()
        mine = [alarm for alarm in picture.alarms if self._is_mine(alarm)]
        self._alarms.setText("\n".join(self._alarm_line(alarm) for alarm in mine) or words("station.no_alarms"))
        if abs(picture.now_us - self._read_at) > _READ_EVERY_US:
            self._ask()

    def show_series(self, series: Series) -> None:
        """The history that was asked for; one of another channel came too late."""
        if series.channel is not self.channel:
            return
        words, until_s = self._appearance.words, self._picture.now_us / 1e6
        self._trend.draw((series,), self._appearance, self.since_us / 1e6, until_s)
        for limit in self._limits_of(series.channel):
            self._trend.mark_level(series.channel, limit, self._appearance)
        known = np.isfinite(series.value)
        parts = [words.unit(series.channel), words("station.readings", n=int(known.sum()))]
        parts.append(self._band_words(series))
        parts.append(self._limit_words(series.channel))
        self._note.setText(" · ".join(part for part in parts if part))

    def _band_words(self, series: Series) -> str:
        """What the band is made of."""
        if not np.isfinite(series.expected).any():
            return self._appearance.words("station.learning")
        if not np.isfinite(series.sigma):
            least = "station.band_pressure" if series.channel is Channel.PRESSURE else "station.band"
            return self._appearance.words(least)
        return self._appearance.words("station.band_own", width=f"{BAND_SIGMAS * series.sigma:.1f}")

    def _limits_of(self, channel: Channel) -> list[float]:
        pair = (float(self._limits.low[self._row, channel]), float(self._limits.high[self._row, channel]))
        return [limit for limit in pair if np.isfinite(limit)]

    def _limit_words(self, channel: Channel) -> str:
        words, low, high = self._appearance.words, self._limits.low[self._row, channel], self._limits.high[self._row, channel]
        least = words("station.at_least", limit=words.limit(channel, float(low))) if np.isfinite(low) else ""
        most = words("station.at_most", limit=words.limit(channel, float(high))) if np.isfinite(high) else ""
        told = " · ".join(part for part in (least, most) if part)
        rule = self._limits.rule_of(self._row, channel)
        article = words("station.article", article=rule.article) if told and rule is not None and rule.article else ""
        return words("station.limits", limits=told) + article if told else ""

    def _elevation_words(self) -> str:
        errors = self._picture.elevation_error_m
        if errors is None or not np.isfinite(errors[self._row]):
            return ""
        error = self._appearance.words.elevation(float(errors[self._row]))
        return self._appearance.words("station.elevation", error=error) if error else ""

    def _channels(self) -> list[Channel]:
        """Channels that the city lists for the station, and those it has sent besides."""
        named = str(self._city.stations.channels[self._row]).split(",")
        told = [CHANNEL_BY_NAME[name.strip()] for name in named if name.strip() in CHANNEL_BY_NAME]
        heard = [channel for channel in Channel if self._picture.at_us[self._row, channel] > 0]
        return list(dict.fromkeys((*told, *heard))) or [Channel.PRESSURE]

    def _show_values(self) -> None:
        words, picture, at = self._appearance.words, self._picture, self._row
        clear(self._values)
        age = picture.age_s()[at]
        for line, channel in enumerate(self._channels()):
            value, expected = float(picture.value[at, channel]), float(picture.expected[at, channel])
            quality = Quality(int(picture.quality[at, channel]))
            cells = (
                words.of("channel", channel.name.lower()),
                words.value(channel, value),
                words("station.expected", value=words.value(channel, expected)) if np.isfinite(expected) else "",
                words.deviation(channel, value - expected) if np.isfinite(value - expected) else "",
                words.age(float(age[channel])),
                "" if quality is Quality.GOOD else words.of("quality", quality.name.lower()),
            )
            for column, text in enumerate(cells):
                cell = label(text, name="muted" if column in (0, 2, 4) else "")
                align = Qt.AlignmentFlag.AlignRight if column in (1, 3, 4) else Qt.AlignmentFlag.AlignLeft
                self._values.addWidget(cell, line, column, align)
        self._values.setColumnStretch(5, 1)

    def _is_mine(self, alarm: Alarm) -> bool:
        station_id = str(self._city.stations.asset_id[self._row])
        named = alarm.subject == station_id or any(e.station_id == station_id for e in alarm.evidence)
        return named and alarm.state is not AlarmState.CLEARED

    def _alarm_line(self, alarm: Alarm) -> str:
        words = self._appearance.words
        kind = words.of("station_code", alarm.code) if alarm.code else words.of("alarm_kind", alarm.kind.value)
        if alarm.limit is not None and alarm.evidence:
            kind = words.over_limit(alarm)
        raised = words.stamp(alarm.raised_at, moment(self._picture.now_us))
        told = (raised, kind, words.of("alarm_state", alarm.state.value), alarm.incident_id)
        return one_line(" · ".join(part for part in told if part))

    @property
    def since_us(self) -> int:
        """Where the trend begins, µs since 1970."""
        return int(self._picture.now_us - int(self._span.currentData()) * 3_600_000_000)

    @Slot()
    def _ask(self) -> None:
        self._read_at = self._picture.now_us
        self.history_wanted.emit(self._row, self.channel, self.since_us)
