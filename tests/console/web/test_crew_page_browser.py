"""The crew's page in Chromium at 360×640: the network is cut and comes back, answers are kept and taken once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from console.domain.incidents import OrderState
from console.web.server import WebAddress, WebServer
from maps.crs import to_wgs84
from tests.console.engine.room import START
from tests.console.web.chromium import Chromium
from tests.console.web.site import WANG, Site
from tests.console.web.test_crew_reports import a_photo, sends

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
    assert sends(site.client(), a_photo(1200, 900), order, valve_id=valve).json()["state"] == "taken"
    phone.goes(f"{served.url}/in/{site.tokens['crew1']}")
    phone.waits(READY)
    # The list alone keeps the order's page on the phone: it opens for the first time without a signal.
    phone.waits(f"caches.match('/orders/{order}', {{cacheName: 'pages'}}).then(one => !!one)")
    phone.waits("!!navigator.serviceWorker.controller")
    served.cut()
    phone.goes(f"{served.url}/orders/{order}")
    phone.waits(READY)
    phone.waits("!document.getElementById('signal').hidden")
    # The way there and the valve's last photo are on the phone too.
    assert phone.value("document.querySelectorAll('ol.legs li').length") >= 1
    phone.value("document.querySelector('figure img').scrollIntoView()")
    phone.waits("document.querySelector('figure img').naturalWidth === 1200")
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
    # Tablets, upright and across: nothing is wider than the screen, buttons are large enough for a thumb.
    for width, height in ((800, 1280), (1280, 800)):
        phone.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True)
        phone.waits(f"innerWidth === {width}")
        assert phone.value("document.documentElement.scrollWidth") <= width
        assert phone.value("Math.min(...[...document.querySelectorAll('main summary')].map(one => one.offsetHeight))") >= 40
        phone.picture(tmp_path / f"tablet-{width}.png")
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


def test_reports_with_a_photo_are_kept_without_a_signal_and_the_position_is_shared_on_duty_only(
    served: Served, phone: Chromium, tmp_path: Path
) -> None:
    site = served.site
    order = site.opens_case()
    room, picture = site.room, tmp_path / "井.jpg"
    Image.new("RGB", (3000, 1500), "brown").save(picture, quality=95)
    lon, lat = to_wgs84(room.city.crews.base_x[:1], room.city.crews.base_y[:1], room.city.network.crs)
    phone.send("Browser.grantPermissions", permissions=["geolocation"], origin=served.url)
    phone.send("Emulation.setGeolocationOverride", latitude=float(lat[0]) + 0.001, longitude=float(lon[0]), accuracy=8)
    phone.goes(f"{served.url}/in/{site.tokens['crew1']}")
    phone.waits(READY)
    assert phone.value("document.getElementById('share').hidden")
    phone.value(pressed("on_duty").replace("[data-valve='']", ""))
    phone.waits(f"{READY} && document.body.dataset.duty === 'on_duty' && !document.getElementById('share').hidden")
    # The page's clock is the real one, the engine's is a test's: positions of today are refused, and said so.
    phone.value("document.getElementById('share').click()")
    phone.waits("document.getElementById('position').textContent.startsWith('The centre cannot')")
    room.clock.at = datetime.now(UTC)
    phone.waits(f"caches.match('/orders/{order}', {{cacheName: 'pages'}}).then(one => !!one)")
    phone.goes(f"{served.url}/")
    phone.waits(f"{READY} && document.getElementById('position').textContent.startsWith('Position shared')")
    room.sees(lambda p: any(one.crew_id == "crew1" and one.at_us > START.timestamp() * 1e6 + 1e9 for one in p.crews), 30.0)
    phone.picture(tmp_path / "duty.png")
    served.cut()
    phone.goes(f"{served.url}/orders/{order}")
    phone.waits(READY)
    chosen = phone.value(
        "(() => { const line = document.querySelector('svg.sketch polyline.plain'), [x, y] = line.getAttribute('points')"
        ".split(' ')[0].split(',').map(Number), at = new DOMPoint(x, y).matrixTransform(line.ownerSVGElement.getScreenCTM());"
        "line.ownerSVGElement.dispatchEvent(new MouseEvent('click', {clientX: at.x, clientY: at.y}));"
        "return document.querySelector('select[data-pipes]').value; })()"
    )
    assert chosen in set(room.city.network.pipes.asset_id)
    phone.picture(tmp_path / "found.png")
    phone.value(pressed("found"))
    phone.waits(f"{answers('kept')} === 1")
    phone.value(pressed("gauge"))  # without a place and a value it is not kept
    place = "document.querySelector(\"input[name='place']\")"
    phone.value(f"{place}.value = '路口'; document.querySelector(\"input[name='pressure']\").value = '0.21'")
    phone.value(pressed("gauge"))
    phone.waits(f"{answers('kept')} === 2")
    document = phone.send("DOM.getDocument")["root"]["nodeId"]
    chosen_file = phone.send("DOM.querySelector", nodeId=document, selector="input[type='file']")["nodeId"]
    phone.send("DOM.setFileInputFiles", nodeId=chosen_file, files=[str(picture)])
    phone.value(pressed("photo"))
    phone.waits(f"{answers('kept')} === 3")
    phone.goes(f"{served.url}/orders/{order}")
    phone.waits(f"{READY} && {answers('kept')} === 3")
    served.restore()
    phone.value("dispatchEvent(new Event('online'))")
    phone.waits(f"{READY} && {answers('taken')} === 4")
    case = site.case()
    assert [one.kind.value for one in case.field_reports] == ["found", "gauge", "photo"]
    assert (case.orders[0].found_pipe, case.field_reports[1].pressure_kpa) == (chosen, 210.0)
    ref = case.field_reports[2].picture
    assert ref is not None
    assert 1_000 < ref.size_bytes < 300_000
    phone.waits("document.querySelectorAll('ul.reported li').length === 3")
    phone.picture(tmp_path / "reports.png")
    phone.waits("document.documentElement.scrollWidth <= 360")
    assert phone.messages == []
