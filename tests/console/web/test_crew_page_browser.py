"""The crew's page in Chromium at 360×640: the network is cut and comes back, answers are kept and taken once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.incidents import OrderState
from console.web.server import WebAddress, WebServer
from tests.console.web.chromium import Chromium
from tests.console.web.site import WANG, Site

pytestmark = pytest.mark.slow

READY = "document.body && document.body.dataset.ready === 'yes'"


def pressed(state: str, valve: str = "") -> str:
    return f"document.querySelector(`button.answer[data-state='{state}'][data-valve='{valve}']`).click()"


def answers(state: str) -> str:
    return f"document.querySelectorAll('#outbox li.{state}').length"


class Served:
    """The page at a port of its own, which can be cut."""

    def __init__(self, site: Site) -> None:
        self.site, self._server = site, WebServer(WebAddress("127.0.0.1", 0), site.app)
        self._server.start()
        self.port = self._server.port

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def cut(self) -> None:
        self._server.stop()

    def restore(self) -> None:
        self._server = WebServer(WebAddress("127.0.0.1", self.port), self.site.app)
        self._server.start()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    site = Site(tmp_path)
    served = Served(site)
    yield served
    served.cut()
    site.close()


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Chromium]:
    phone = Chromium(tmp_path / "phone")
    yield phone
    phone.close()


def test_orders_and_answers_outlast_a_cut_network_and_are_taken_once_when_it_is_back(
    served: Served, phone: Chromium, tmp_path: Path
) -> None:
    site = served.site
    order = site.opens_case()
    plan = site.case().plan
    assert plan is not None
    valve = plan.valves_to_close[0].asset_id
    phone.goes(f"{served.url}/in/{site.tokens['crew1']}")
    phone.waits(READY)
    # The list alone keeps the order's page on the phone: it opens for the first time without a signal.
    phone.waits(f"caches.match('/orders/{order}', {{cacheName: 'pages'}}).then(one => !!one)")
    phone.waits("!!navigator.serviceWorker.controller")
    served.cut()
    phone.goes(f"{served.url}/orders/{order}")
    phone.waits(READY)
    phone.waits("!document.getElementById('signal').hidden")
    phone.value(pressed("on_site"))
    phone.waits(f"{answers('kept')} === 1")
    phone.value(pressed("valve_closed", valve))
    phone.waits(f"{answers('kept')} === 2")
    assert "kept here" in phone.value(f"document.querySelector(`p.mine[data-of='{valve}']`).textContent")
    phone.picture(tmp_path / "offline.png")
    # Closed and opened again without a signal: the answers are still there.
    phone.goes(f"{served.url}/orders/{order}")
    phone.waits(f"{READY} && {answers('kept')} === 2")
    assert site.case().orders[0].state is OrderState.SENT
    site.room.clock.sleep(120)
    served.restore()
    phone.value("dispatchEvent(new Event('online'))")
    phone.waits(f"{READY} && {answers('taken')} === 2")
    case = site.case()
    assert case.orders[0].state is OrderState.ON_SITE
    assert case.closed_valves() == (valve,)
    kinds = [change.kind for change in site.room.engine.timeline(case.incident_id)]
    assert (kinds.count("order_on_site"), kinds.count("valve_closed")) == (1, 1)
    phone.waits("document.querySelector('section.valve.closed') !== null")
    phone.waits("document.getElementById('signal').hidden")
    phone.picture(tmp_path / "taken.png")
    assert phone.value("document.documentElement.scrollWidth") <= 360
    assert phone.messages == []


def test_a_revoked_link_empties_what_the_phone_has_kept(served: Served, phone: Chromium) -> None:
    site = served.site
    order = site.opens_case()
    phone.goes(f"{served.url}/in/{site.tokens['crew1']}")
    phone.waits(READY)
    phone.waits(f"caches.match('/orders/{order}', {{cacheName: 'pages'}}).then(one => !!one)")
    phone.waits("!!navigator.serviceWorker.controller")
    site.room.store.crew_links.revoke("crew1", WANG, site.room.clock.at)
    phone.goes(f"{served.url}/orders/{order}")
    phone.waits("document.body.dataset.problem === 'no_link'")
    phone.waits("caches.has('pages').then(one => !one)")
    served.cut()
    phone.goes(f"{served.url}/orders/{order}")
    phone.waits("!document.body || !document.body.dataset.crew")
    assert site.case().orders[0].text[:12] not in phone.value("document.documentElement.innerHTML")
