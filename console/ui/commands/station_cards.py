"""StationCards: the station dialogs that are open, kept up to date; a station is open once."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from console.domain.picture import Picture
from console.domain.readings import Channel
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.dialogs.station import StationDialog
from console.ui.panels.charts import Series
from console.ui.port import ConsolePort


class StationCards(QObject):
    """Opens station dialogs and keeps them up to date."""

    place_asked = Signal(int)
    """Show this station (row) on the map."""

    def __init__(self, port: ConsolePort, tasks: BackgroundTasks, appearance: Appearance, window: QWidget) -> None:
        super().__init__(window)
        self._port, self._tasks, self._appearance, self._window = port, tasks, appearance, window
        self._open: dict[int, StationDialog] = {}

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language: open dialogs are made anew where they stand."""
        self._appearance = appearance
        for station, dialog in list(self._open.items()):
            place, view = dialog.pos(), dialog.view
            dialog.close()
            anew = self.show(station)
            anew.look_at(*view)
            anew.move(place)

    @Slot(int)
    def show(self, station: int) -> StationDialog:
        """The dialog of a station (row), in front."""
        dialog = self._open.get(station)
        if dialog is None:
            dialog = StationDialog(
                self._port.city, self._port.limits, station, self._appearance, self._port.latest(), self._window
            )
            dialog.history_wanted.connect(self._read)
            dialog.place_asked.connect(self.place_asked)
            dialog.finished.connect(lambda _: self._forget(station))
            self._open[station] = dialog
            self._read(station, dialog.channel, dialog.since_us)
        dialog.show()
        dialog.raise_()
        return dialog

    def show_picture(self, picture: Picture) -> None:
        """The newest values to every open dialog."""
        for dialog in self._open.values():
            dialog.show_picture(picture)

    @Slot(int, object, object)
    def _read(self, station: int, channel: Channel, since_us: int) -> None:
        self._tasks.request(f"station {station}", lambda: self._series(station, channel, since_us), self._deliver)

    def _series(self, station: int, channel: Channel, since_us: int) -> tuple[int, Series]:
        at_us, value, expected = self._port.history(station, channel, since_us)
        stations, sigma = self._port.city.stations, self._port.scatter(station, channel)
        station_id, name = str(stations.asset_id[station]), str(stations.name[station])
        return station, Series(station_id, channel, at_us, value, expected, sigma, name=name)

    def _deliver(self, found: tuple[int, Series]) -> None:
        station, series = found
        if station in self._open:
            self._open[station].show_series(series)

    def _forget(self, station: int) -> None:
        dialog = self._open.pop(station, None)
        if dialog is not None:
            dialog.deleteLater()
