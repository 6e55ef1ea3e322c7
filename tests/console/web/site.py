"""The crew's page over a real engine and store, with one judged case and an order of crew C1; and its client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from console.domain.actors import Actor
from console.domain.crews import CrewFix
from console.domain.incidents import Incident
from console.services.crews.orders import SendCrew
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.web.app import CrewPage
from console.web.channel import WebChannel
from console.web.feed import WebFeed
from console.web.guard import page_proof
from console.web.parts import Parts
from maps.city import City
from tests.console.engine.room import Room, done

WANG = Actor.named("王")
PIPE = "P-104040"


class Site:
    """``tokens``: of the crews' links, crew1 and crew2. Only crew1 has an order."""

    def __init__(
        self, folder: Path, city: City | None = None, *, patience_s: float = 8.0, monotonic: Callable[[], float] | None = None
    ) -> None:
        self.feed = WebFeed()
        self.channel = WebChannel(self._crews, *(() if monotonic is None else (monotonic,)))
        self.room = Room(folder, city=city, feeds=[self.feed], channels=[self.channel])
        links = self.room.store.crew_links
        self.links = {crew: links.make(crew, WANG, self.room.clock.at) for crew in ("crew1", "crew2")}
        self.tokens = {crew: token for crew, (_, token) in self.links.items()}
        self.parts = Parts(
            self.room.city, self.room.clock, self.room.store, links, self.feed, self.channel, patience_s=patience_s
        )
        self.app = CrewPage(self.parts).app()

    def _crews(self) -> frozenset[str]:
        return self.room.store.crew_links.crews()

    def opens_case(self) -> str:
        """A judged case with a repair order of crew1; the order's id."""
        room = self.room
        base = room.city.crews.base_x[0], room.city.crews.base_y[0]
        fix = CrewFix("crew1", "抢修1队", float(base[0]), float(base[1]), int(room.clock.at.timestamp() * 1e6))
        decisions = room.engine._decisions

        def placed() -> None:
            decisions.state = decisions.state.with_crews([fix])

        room.engine._commands.call(placed)
        room.settles()
        incident_id = done(room.engine.submit(OpenIncident(PIPE), WANG)).incidents[0].incident_id
        done(room.engine.submit(JudgeBurst(incident_id, (PIPE,), "calls"), WANG))
        if not any(order.crew_id == "crew1" for order in self.case().orders):
            done(room.engine.submit(SendCrew(incident_id, "crew1"), WANG))
        room.settles()
        return next(order.order_id for order in self.case().orders if order.crew_id == "crew1")

    def case(self) -> Incident:
        """The only case, as on disk."""
        (case,) = self.room.store.cases_since(0)
        return case

    def client(self, crew: str = "crew1", *, address: str = "http://testserver") -> TestClient:
        """A phone that opened its link."""
        client = TestClient(self.app, base_url=address, headers={"accept-language": "en"})
        assert client.get(f"/in/{self.tokens[crew]}").status_code == 200
        client.headers["x-quanmai-page"] = page_proof(self.tokens[crew])
        return client

    def answer(self, order_id: str, state: str, valve: str = "", *, number: int = 1, later_s: float = 0.0, **more: str) -> Any:
        """The body of an answer; ``number``: of the id that the browser gave."""
        at = self.room.clock.at + timedelta(seconds=later_s)
        return {
            "id": f"answer-{number:04d}", "order_id": order_id, "state": state, "valve_id": valve, "t": at.isoformat(), **more
        }  # fmt: skip

    def close(self) -> None:
        """End the engine."""
        self.room.close()


def hostile(city: City, word: str) -> City:
    """A city whose names of pipes' roads, customers and crews are ``word``."""
    network = city.network
    roads = network.pipes.road_name.copy()
    roads[:] = word
    pipes = replace(network.pipes, road_name=roads)
    names = city.customers.name.copy()
    names[:] = word
    return replace(city, network=replace(network, pipes=pipes), customers=replace(city.customers, name=names))
