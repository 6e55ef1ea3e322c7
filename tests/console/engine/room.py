"""A room for tests of the engine: a real store on disk, a local feed and channel, a small city, a clock moved by hand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console.channels.local import LocalChannel
from console.channels.port import DeliveryChannel
from console.detection import BurstFinding, Detector
from console.documents import NoticeDocuments
from console.domain.grid import TickGrid
from console.domain.outgoing import Outgoing
from console.domain.picture import Picture
from console.engine import Engine, Ports
from console.feeds.inbox import Inbox
from console.feeds.local import LocalFeed
from console.feeds.port import Feed
from console.services.analysis.retention import RetentionRules
from console.services.desk import Desk, DeskSettings
from console.services.ports import Documents, Hydraulics
from console.store import SqlStore, open_store
from maps.city import City
from maps.isolation import Isolator
from tests.console.ui.small_city import build_small_city

START = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)


class HandClock:
    """A clock moved by hand; the monotonic one is real, pictures keep coming."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Room:
    """An engine over a store on disk, a local feed, a local channel and a small city."""

    def __init__(
        self,
        folder: Path,
        *,
        store: str = "",
        city: City | None = None,
        documents: Documents | None = None,
        hydraulics: Hydraulics | None = None,
        at: datetime = START,
        notices: Path | None = None,
        feeds: Sequence[Feed] = (),
        channels: Sequence[DeliveryChannel] = (),
        retention: RetentionRules | None = None,
        is_shared: bool = False,
        may_lead: bool = True,
        area_minutes: float = 0.0,
    ) -> None:
        self.city = city or build_small_city()
        self.clock, self.inbox = HandClock(), Inbox()
        self.feed, self.channel = LocalFeed("test", self.city), LocalChannel()
        self.left: list[Outgoing] = []
        self.channel.listen(self.left.append)
        self.clock.at = at
        role = "engine" if is_shared else ""
        self.store: SqlStore = open_store(store or folder / "engine.sqlite", role, is_shared=is_shared, may_lead=may_lead)
        settings = DeskSettings(site="test", area_minutes=area_minutes)
        self.documents = documents or NoticeDocuments(settings, "test", self.clock.now)
        self.detector = Detector(self.city, None)
        self.desk = Desk(self.city, Isolator(self.city), self.documents, settings)
        ways = ([self.feed, *feeds], [self.channel, *channels])
        ports = Ports(
            self.clock, self.inbox, self.store, self.documents, notices or folder, *ways, hydraulics,
            retention=retention or RetentionRules(), is_shared=is_shared,
        )  # fmt: skip
        self.engine = Engine(self.city, self.desk, self.detector, ports, grid=TickGrid(60.0, 0.0))
        self.engine.start()
        for feed in ports.feeds:
            feed.start(self.inbox)
        for channel in ports.channels:
            channel.start()
        self._ports = ports

    def send(self, station: str, value: object, topic: str = "") -> None:
        payload = json.dumps({"t": self.clock.at.isoformat(), "v": {"pressure_mpa": value}}).encode()
        self.feed.offer(topic or f"quanmai/v1/test/readings/{station}", payload)

    def hears(self, values: dict[str, dict[str, float]], at: datetime | None = None) -> None:
        """Send readings of many stations at one time (default: now): station -> key of the payload -> value."""
        stamp = (at or self.clock.at).isoformat()
        body = [{"s": station, "t": stamp, "v": channels} for station, channels in values.items()]
        self.feed.offer("quanmai/v1/test/readings", json.dumps(body).encode())

    def sees(self, true: Callable[[Picture], bool], within_s: float = 60.0) -> Picture:
        until = time.monotonic() + within_s
        while not true(self.engine.latest()):
            assert time.monotonic() < until, f"the picture never came; feeds: {self.engine.latest().feeds}"
            threading.Event().wait(0.01)
        return self.engine.latest()

    def waits(self, true: Callable[[], bool]) -> None:
        until = time.monotonic() + 10
        while not true():
            assert time.monotonic() < until, "it never came true"
            threading.Event().wait(0.01)

    def settles(self, within_s: float = 60.0) -> None:
        """Wait until everything that has arrived is decided and on disk, or shown without the store."""
        until = time.monotonic() + within_s
        quiet = 0
        while quiet < 3:
            turned = threading.Event()
            self.engine._commands.call(turned.set)
            assert turned.wait(within_s), "the engine does not turn"
            quiet = quiet + 1 if not (self.engine._decisions.is_busy or len(self.inbox)) else 0
            assert time.monotonic() < until, "it never settled"

    def ticks(self, seconds: float = 60.0) -> None:
        """Move the clock on, and wait until the tick that is due is processed."""
        self.settles()  # a jump of the clock is seen before it moves on
        history = self.engine._watch.history
        before = history.last_us
        self.clock.sleep(seconds)
        until = time.monotonic() + 10
        while history.last_us == before:
            assert time.monotonic() < until, "no tick came"
            threading.Event().wait(0.002)
        self.settles()

    def finds(self, finding: BurstFinding) -> None:
        """Detection finds a burst."""
        desk, decide = self.desk, self.engine._decisions.decide
        self.engine._commands.call(lambda: decide(lambda state: desk.on_burst(state, finding, self.clock.now())))

    def close(self) -> None:
        self.engine.stop()
        self.inbox.close()
        for feed in self._ports.feeds:
            feed.stop()
        for channel in self._ports.channels:
            channel.stop()
        self.store.close()


def done(answer: Future[Any]) -> Any:
    return answer.result(timeout=60)
