"""ScriptedPort: the window's port over the real desk and planner, without threads; readings and findings are scripted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import BurstFinding, StationFinding
from console.domain.actors import Actor
from console.domain.alarms import Evidence
from console.domain.attachments import Attachment
from console.domain.changes import Change
from console.domain.clock import micros
from console.domain.compose import compose_picture
from console.domain.crews import CrewFix, CrewState
from console.domain.delivery import SentMessage, Undelivered
from console.domain.health import ChannelHealth, FeedHealth
from console.domain.incidents import Incident, PressureImpact
from console.domain.intents import Intent
from console.domain.live import LivePicture
from console.domain.notes import NO_NOTE, Note
from console.domain.orders import OrderReply
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.domain.records import Record, RecordKind
from console.services.alarms.limits import station_limits
from console.services.desk import DeskSettings
from console.services.overview.explained_stations import explained_stations
from maps.city import City
from maps.errors import QuanmaiError
from maps.locate.result import Candidate, Location
from tests.console.services.town import NOW, Chair
from tests.console.ui.small_city import build_small_city

CASE = "2024-0001"
CALM_KPA = 352.0


class ScriptedPort:
    """A ConsolePort whose state changes only by calls of the test."""

    def __init__(self, city: City | None = None, is_drill: bool = True) -> None:
        self.city = city or build_small_city()
        self.limits = station_limits(self.city)
        self.chair = Chair(self.city, DeskSettings(hotline="0531-96116", issuer="济南水务集团", is_drill=is_drill))
        self.chair.state = replace(self.chair.state, crews=self._fixes(NOW))
        self.is_drill = is_drill
        self.targets, self.crew_speed_kmh = self.chair.desk.targets, self.chair.desk.crew_speed_kmh
        self.site = self.chair.desk.site
        self.pictures: dict[str, Attachment] = {}
        self.feeds: tuple[FeedHealth, ...] = (FeedHealth("mqtt", "up", received=1000),)
        self.channels: tuple[ChannelHealth, ...] = (ChannelHealth("mqtt", "up"),)
        self.undelivered: tuple[Undelivered, ...] = ()
        self.messages: tuple[SentMessage, ...] = ()
        self.asked: list[tuple[Intent, str]] = []
        self.actors: list[Actor] = []
        self.fault: QuanmaiError | None = None
        self._subscribers: list[Callable[[Picture], None]] = []
        self._live = LivePicture(len(self.city.stations))
        self._expected = np.full(self._live.value.shape, np.nan)
        self.elevation_error_m = np.full(len(self.city.stations), np.nan)
        self._version = 0
        self.read_all()
        self._picture = self._compose()

    # ConsolePort

    def latest(self) -> Picture:
        """The newest picture."""
        return self._picture

    @property
    def notes(self) -> list[Note]:
        """Of the log, oldest first."""
        return [change.note for change in self.chair.log]

    def now(self) -> datetime:
        """The scripted time."""
        return self.chair.now

    def submit(self, intent: Intent, actor: Actor) -> Future[Any]:
        """Carry out the intent at once; refusals as the engine gives them."""
        answer: Future[Any] = Future()
        self.asked.append((intent, actor.name))
        self.actors.append(actor)
        try:
            if self.fault is not None:
                raise self.fault
            done = self.chair.acts(intent, actor)
            self.pictures |= {one.sha256: one for one in done.attachments}
            answer.set_result(done)
        except QuanmaiError as refused:
            answer.set_exception(refused)
        self.publish()
        return answer

    def subscribe(self, callback: Callable[[Picture], None]) -> None:
        """Called by ``publish``."""
        self._subscribers.append(callback)

    def history(
        self, station_row: int, channel: Channel, since_us: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Constant values that drop at the first abnormal reading."""
        at_us = np.arange(since_us, micros(self.now()), 15_000_000, dtype=np.int64)
        quiet = CALM_KPA - 4 * (station_row % 5) + 3 * np.sin(at_us / 4e8 + station_row)
        value = quiet + np.random.default_rng(station_row).normal(0, 1.2, len(at_us))
        current = float(self._live.value[station_row, channel])
        drop = CALM_KPA - 4 * (station_row % 5) - current
        value[at_us >= micros(NOW - timedelta(seconds=60))] -= drop
        return at_us, value, quiet

    def scatter(self, station_row: int, channel: Channel) -> float:
        """Scatter of the scripted noise."""
        return 1.2 if channel is Channel.PRESSURE else np.nan

    def timeline(self, incident_id: str) -> tuple[Change, ...]:
        """The case's changes."""
        return tuple(change for change in self.chair.log if change.subject == f"incident/{incident_id}")

    def messages_of(self, incident_id: str) -> tuple[SentMessage, ...]:
        """As scripted."""
        return self.messages

    def track(self, crew_id: str, since_us: int) -> tuple[tuple[int, float, float], ...]:
        """No earlier positions."""
        return ()

    def records_of(self, kinds: Sequence[RecordKind[Any]], since_us: int, until_us: int) -> tuple[Record, ...]:
        """What the desk holds of these kinds."""
        return tuple(one for kind in kinds for one in self.chair.state.of(kind).values())

    def changes_between(self, kinds: Sequence[str], since_us: int, until_us: int) -> tuple[Change, ...]:
        """Changes of these kinds."""
        return tuple(one for one in self.chair.log if one.kind in kinds and since_us <= micros(one.at) <= until_us)

    def changes_of(self, subject: str) -> tuple[Change, ...]:
        """The changes of one record."""
        return tuple(one for one in self.chair.log if one.subject == subject)

    def attachment(self, sha256: str) -> Attachment | None:
        """Pictures of entries."""
        return self.pictures.get(sha256)

    # The script

    @property
    def case(self) -> Incident:
        """The first case."""
        return self.chair.state.incidents[CASE]

    def publish(self) -> Picture:
        """Publish a new picture to the subscribers."""
        self._picture = self._compose()
        for subscriber in self._subscribers:
            subscriber(self._picture)
        return self._picture

    def wait(self, seconds: float, measuring: bool = True) -> None:
        """Move the time on; with ``measuring`` the stations repeat their values."""
        self.chair.now += timedelta(seconds=seconds)
        if measuring:
            self.read_all(self._low, self._silent)
        self.publish()

    def read_all(self, low: dict[int, float] | None = None, silent: tuple[int, ...] = ()) -> None:
        """Every station but ``silent`` ones measures now; ``low``: pressures in kPa of some rows."""
        self._low, self._silent = low or {}, silent
        rows = np.arange(len(self.city.stations))
        values = CALM_KPA - 4.0 * (rows % 5)
        for row, value in (low or {}).items():
            values[row] = value
        heard = np.setdiff1d(rows, np.array(silent, dtype=np.int64))
        self._live.value[heard, Channel.PRESSURE] = values[heard]
        self._live.at_us[heard, Channel.PRESSURE] = micros(self.chair.now) - 4_000_000 + (heard % 5) * 400_000
        self._live.interval_s[:, Channel.PRESSURE] = 60.0
        self._expected[:, Channel.PRESSURE] = CALM_KPA - 4.0 * (rows % 5)

    def burst(self, pipe_id: str = "", stations: int = 7, first: int = 0) -> None:
        """A burst is found near a pipe (the middle of the city by default); ``first``: of the likeliest pipes heads the list."""
        pipes, table = self.city.network.pipes, self.city.stations
        row = pipes.row(pipe_id) if pipe_id else self._middle_pipe()
        x, y = pipes.points(row)[1]
        near = np.argsort(np.hypot(table.x - x, table.y - y))[:stations]
        low = {int(station): 215.0 + 14 * rank for rank, station in enumerate(near)}
        self.read_all(low, silent=(3, 17))
        evidence = tuple(
            Evidence(str(table.asset_id[s]), "pressure", v, float(self._expected[s, Channel.PRESSURE]), self.chair.now)
            for s, v in low.items()
        )
        middle = pipes.vertices[pipes.offsets[:-1] + 1]
        order = np.argsort(np.hypot(middle[:, 0] - x, middle[:, 1] - y))[:12]
        shares = 0.55 ** np.arange(12)
        candidates = tuple(
            Candidate(str(pipes.asset_id[r]), float(p)) for r, p in zip(order, shares / shares.sum() * 0.98, strict=True)
        )
        candidates = (candidates[first], *candidates[:first], *candidates[first + 1 :])
        location = Location(
            candidates, tuple(c.pipe_id for c in candidates[:4]), "imported", tuple(str(table.asset_id[s]) for s in near), 55.0
        )
        self.chair.sees(BurstFinding(self.chair.now, self.chair.now - timedelta(seconds=60), "A", 55.0, 20.0, evidence, location))
        self.publish()

    def station_event(
        self,
        row: int,
        code: str,
        *,
        channel: str = "pressure",
        observed: float = 180.0,
        limit: float | None = None,
        elevation_error_m: float | None = None,
    ) -> None:
        """A station fails alone, or breaks a limit."""
        station_id, usual = str(self.city.stations.asset_id[row]), 350.0 if channel == "pressure" else None
        finding = StationFinding(
            station_id, channel, code, self.chair.now, True, NO_NOTE, observed, usual, limit, elevation_error_m
        )
        if elevation_error_m is not None:
            self.elevation_error_m[row] = elevation_error_m
        self.chair.take(self.chair.desk.on_stations(self.chair.state, [finding], self.chair.now))
        self.publish()

    def pressures(self, converged: bool = True) -> None:
        """The pressures after closing arrive."""
        customers = self.city.customers
        low = tuple(
            str(c)
            for c in customers.asset_id[np.isin(customers.community, list(self.case.plan.communities if self.case.plan else ()))][
                :14
            ]
        )
        impact = (
            PressureImpact(True, (), low, 412, ("丹凤小区",))
            if converged
            else PressureImpact(False, message="no convergence after 200 trials")
        )
        self.chair.take(self.chair.desk.on_impact(self.chair.state, CASE, impact, self.chair.now))
        self.publish()

    def reply(self, state: str, found: str = "") -> None:
        """A reply of the crew of the last order."""
        order = self.case.orders[-1]
        reply = OrderReply(order.order_id, order.crew_id, state, self.chair.now, burst_pipe=found)
        self.chair.take(self.chair.desk.on_order_reply(self.chair.state, reply, self.chair.now), order.crew_id)
        self.publish()

    def _middle_pipe(self) -> int:
        pipes = self.city.network.pipes
        middle = pipes.vertices[pipes.offsets[:-1] + 1]
        x0, y0, x1, y1 = self.city.network.bounds
        far = np.hypot(middle[:, 0] - (x0 + x1) / 2, middle[:, 1] - (y0 + y1) / 2) + np.where(pipes.diameter_mm == 300, 0, 1000)
        return int(np.argmin(far))

    def _fixes(self, now: datetime) -> dict[str, CrewFix]:
        crews = self.city.crews
        at_us = micros(now) - 8_000_000
        return {
            str(crews.asset_id[r]): CrewFix(
                str(crews.asset_id[r]),
                str(crews.name[r]),
                float(crews.base_x[r]),
                float(crews.base_y[r]),
                at_us,
                CrewState.FREE,
                70.0 * r,
                8.0,
            )
            for r in range(len(crews))
        }

    def _compose(self) -> Picture:
        self._version += 1
        rows = {str(name): row for row, name in enumerate(self.city.stations.asset_id)}
        running = self.chair.state.incidents.values()
        return compose_picture(
            self._live,
            rows,
            version=self._version,
            now_us=micros(self.chair.now),
            expected=self._expected,
            crews=self.chair.state.crews.values(),
            alarms=self.chair.state.alarms.values(),
            incidents=running,
            explained=explained_stations(running, rows, self._live.value, self._expected, self.limits),
            feeds=self.feeds,
            channels=self.channels,
            is_drill=self.is_drill,
            elevation_error_m=self.elevation_error_m.copy(),
            undelivered=self.undelivered,
            records=self.chair.state.records,
            seq=len(self.chair.log),
        )
