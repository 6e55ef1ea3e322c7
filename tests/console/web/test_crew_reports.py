"""Reports, photos and positions of the crew's page over HTTP, with a real engine and store behind it."""

from __future__ import annotations

import hashlib
import html
import random
import re
import struct
import zlib
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from console.domain.clock import micros
from console.domain.corrections import CORRECTION
from console.domain.crews import CrewFix, CrewKind, CrewState
from console.domain.shift import LOG_ENTRY, LogEntry
from console.domain.valve_photos import VALVE_PHOTO
from console.domain.water_points import WATER_POINT, WaterPoint
from console.services.crews.corrections import DecideCorrection
from console.services.crews.valve_assignment import SendValveCards
from console.services.incidents.judging import JudgeBurst
from console.services.public.tanker_orders import SendTanker
from console.services.public.water_points import PlanWaterPoint
from console.web.photos import MOST_BYTES, PhotoRefused, reencoded
from maps.crs import to_wgs84
from tests.console.engine.room import done
from tests.console.web.site import PIPE, WANG, Site

SECRET = b"owner 13800000000"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.close()


def a_photo(width: int = 2400, height: int = 1000, orientation: int = 1) -> bytes:
    """A JPEG with EXIF: a place, an owner, an orientation; red left, blue right."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    exif, made = Image.Exif(), BytesIO()
    exif[0x0112], exif[0x013B] = orientation, SECRET.decode()
    exif.get_ifd(0x8825)[1] = "N"
    image.save(made, "JPEG", exif=exif)
    return made.getvalue()


def sends(client: TestClient, photo: bytes, order: str, number: int = 1, **more: str) -> Any:
    params = {"id": f"photo-{number:04d}", "order_id": order, **more}
    return client.post("/photos", params=params, content=photo, headers={"content-type": "image/jpeg"})


def test_reports_are_in_the_case_at_once_and_the_same_id_again_changes_nothing(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    other = next(str(one) for one in site.room.city.network.pipes.asset_id if str(one) != PIPE)
    reports = [
        site.answer(order, "found", number=1, later_s=1, asset_id=other),
        site.answer(order, "gauge", number=2, later_s=2, place="桥头", pressure="0,21", unit="MPa"),
        site.answer(order, "sample", number=3, later_s=3, turbidity="0.6", chlorine="0.4"),
    ]
    for body in (*reports, *reports):
        assert client.post("/answers", json=body).json()["state"] == "taken"
    case = site.case()
    assert case.found_elsewhere() == other
    assert [(one.kind.value, one.pressure_kpa) for one in case.field_reports] == [
        ("found", None),
        ("gauge", 210.0),
        ("sample", None),
    ]
    assert case.sample is not None
    assert (case.sample.turbidity_ntu, case.sample.by) == (0.6, "crew1")
    late = client.post("/answers", json=site.answer(order, "found", number=4, asset_id=PIPE)).json()
    assert (late["state"], "another pipe" in late["why"]) == ("refused", True)
    assert site.case().found_elsewhere() == other
    page = client.get(f"/orders/{order}").text
    assert "0.210 MPa" in page
    assert f'data-pipe="{PIPE}"' in page


WRONG: tuple[dict[str, object], ...] = (
    {"state": "found", "asset_id": "P-none"},
    {"state": "gauge", "pressure": "0.2", "unit": "MPa"},
    {"state": "gauge", "place": "x", "pressure": "1e9", "unit": "MPa"},
    {"state": "gauge", "place": "x", "pressure": "0.2", "unit": "psi"},
    {"state": "gauge", "asset_id": "S-none", "pressure": "0.2", "unit": "MPa"},
    {"state": "gauge", "place": "x", "pressure": ["0.2"], "unit": "MPa"},
    {"state": "sample", "turbidity": "nan", "chlorine": "0.4"},
    {"state": "sample", "turbidity": "0.5", "chlorine": "-1"},
    {"state": "photo"},
    {"state": ["found"]},
)


def test_a_report_that_cannot_be_used_is_refused_and_changes_nothing(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    before = site.case()
    for number, more in enumerate(WRONG, 1):
        assert client.post("/answers", json={**site.answer(order, ""), **more}).status_code == 422, more
        assert site.feed.health().invalid >= number
    assert site.case() == before


def test_a_valve_found_elsewhere_is_proposed_with_the_phone_s_place_and_its_card_has_it_once_accepted(site: Site) -> None:
    order, client, room = site.opens_case(), site.client(), site.room
    plan = site.case().plan
    assert plan is not None
    step = plan.valves_to_close[0]
    lon, lat = to_wgs84(np.array([step.x + 9.0]), np.array([step.y]), room.city.network.crs)
    here = {"lat": float(lat[0]), "lon": float(lon[0]), "accuracy": 6.0}
    wrong: dict[str, object] = {"layer": "valve", "fault": "elsewhere", "asset_id": step.asset_id}
    for more in (
        {},
        {**here, "lat": 99.0},
        {**here, "asset_id": "V-none"},
        {**here, "fault": "rusty"},
        {**here, "layer": "road"},
    ):
        body = {**site.answer(order, "correction", number=1), **wrong, **more}
        assert client.post("/answers", json=body).status_code == 422
    body = {**site.answer(order, "correction", number=1), **wrong, **here, "text": "<b>石板下</b>"}
    for _ in range(2):
        assert client.post("/answers", json=body).json()["state"] == "taken"
    (proposed,) = room.sees(lambda p: bool(p.of(CORRECTION))).of(CORRECTION)
    assert proposed.place == pytest.approx((step.x + 9.0, step.y), abs=0.2)
    assert f"{lon[0]:.6f}" not in client.get(f"/orders/{order}").text
    done(room.engine.submit(DecideCorrection(proposed.correction_id, is_accepted=True), WANG))
    page = client.get(f"/orders/{order}").text
    assert f"{lat[0]:.6f}, {lon[0]:.6f}" in page
    assert "<b>石板下" not in page
    hydrant = str(room.city.hydrants.asset_id[0])
    body = {**site.answer(order, "correction", number=2), "layer": "hydrant", "fault": "missing", "asset_id": hydrant}
    assert client.post("/answers", json=body).json()["state"] == "taken"
    room.sees(lambda p: len(p.of(CORRECTION)) == 2)


def test_cards_are_delivered_by_the_page_that_shows_them_and_what_is_withdrawn_stands_above(site: Site) -> None:
    order, client, room = site.opens_case(), site.client(), site.room
    case = site.case()
    client.post(f"/orders/{order}/kept", json={"version": case.version})
    done(room.engine.submit(SendValveCards(case.incident_id), WANG))
    room.settles()

    def waiting() -> list[str]:
        return [one.outgoing.kind for one in room.store.pending_outgoing() if one.outgoing.to == "crew1"]

    room.waits(lambda: "valve_cards" in waiting())
    page = client.get(f"/orders/{order}").text
    assert "Your valve: card sent" in page
    client.post(f"/orders/{order}/kept", json={"version": site.case().version})
    room.waits(lambda: "valve_cards" not in waiting())
    valve = next(one for one in site.case().cards if one.crew_id == "crew1").valves[0]
    other = next(str(one) for one in room.city.network.pipes.asset_id if str(one) != PIPE)
    done(room.engine.submit(JudgeBurst(case.incident_id, (other,), "on_site"), WANG))
    room.settles()
    assert any(one.withdrawn for one in site.case().cards if one.crew_id == "crew1")
    page = client.get(f"/orders/{order}").text
    assert "Do NOT close any more" in page
    assert valve in page


def test_duty_decides_whether_a_position_is_taken_and_its_age_is_that_of_the_fix(site: Site) -> None:
    client, room = site.client("crew2"), site.room
    nodes = room.city.network.nodes
    lon, lat = to_wgs84(nodes.x[:1], nodes.y[:1], room.city.network.crs)
    place = {"lat": float(lat[0]), "lon": float(lon[0]), "t": micros(room.clock.at) / 1000 - 90_000, "accuracy": 12, "speed": 2.5}
    assert client.post("/positions", json=place).status_code == 409
    assert client.post("/answers", json=site.answer("", "on_duty", number=1)).json()["state"] == "taken"
    assert client.post("/positions", json=place).json() == {"state": "sent"}
    crew = next(
        one for one in room.sees(lambda p: any(c.crew_id == "crew2" and c.at_us for c in p.crews)).crews if one.crew_id == "crew2"
    )
    assert (round(crew.x - float(nodes.x[0])), crew.at_us, crew.speed_mps) == (0, micros(room.clock.at) - 90_000_000, 2.5)
    huge = 10**400
    for wrong in (
        {"t": huge},
        {"accuracy": huge},
        {"lat": huge},
        {"lat": 91.0},
        {"t": 1e300},
        {"t": None},
        {"accuracy": 1e6},
        {"lat": "x"},
        {"t": place["t"] + 3.6e6},
    ):
        assert client.post("/positions", json={**place, **wrong}).status_code == 422
    assert "On duty" in client.get("/").text
    late = client.post("/answers", json=site.answer("", "off_duty", number=2, later_s=-30)).json()
    assert (late["state"], bool(late["why"])) == ("refused", True)
    assert client.post("/answers", json=site.answer("", "off_duty", number=3, later_s=1)).json()["state"] == "taken"
    assert client.post("/positions", json=place).status_code == 409
    room.sees(lambda p: any(c.crew_id == "crew2" and c.state is CrewState.OFF_DUTY for c in p.crews))


def test_a_photo_is_kept_encoded_anew_upright_and_without_what_the_camera_wrote(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    sent = a_photo(orientation=6)
    for _ in range(2):
        assert sends(client, sent, order, text="井盖<b>").json()["state"] == "taken"
    (entry,) = (
        one for one in site.room.store.records_of((LOG_ENTRY,), 0, micros(site.room.clock.at)) if isinstance(one, LogEntry)
    )
    assert entry.picture is not None
    kept = site.room.store.attachment(entry.picture.sha256)
    assert kept is not None
    assert SECRET not in kept.content
    with Image.open(BytesIO(kept.content)) as image:
        assert (image.size, dict(image.getexif())) == ((667, 1600), {})
        red, blue = image.getpixel((333, 100)), image.getpixel((333, 1500))
    assert isinstance(red, tuple)
    assert isinstance(blue, tuple)
    assert (red[0] > 200, red[2] < 60) == (True, True)
    assert (blue[2] > 200, blue[0] < 60) == (True, True)
    assert entry.incident_id == site.case().incident_id
    assert entry.author == "crew1"
    assert site.case().field_reports[0].picture == entry.picture


def test_the_last_photo_of_a_valve_is_on_its_card_and_only_for_a_crew_with_an_order_there(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    plan = site.case().plan
    assert plan is not None
    valve = plan.valves_to_close[0].asset_id
    hostile = "<img src=x onerror=alert(1)>"
    assert sends(client, a_photo(), order, valve_id="V-none").status_code == 422
    assert sends(client, a_photo(), order, number=2, valve_id=valve, text=hostile).json()["state"] == "taken"
    page = client.get(f"/orders/{order}").text
    (address,) = re.findall(r'<img src="([^"]+)" alt="Photo ' + re.escape(valve), page)
    assert "<img src=x" not in page
    shown = client.get(address)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert address.endswith(hashlib.sha256(shown.content).hexdigest())
    # Neither another crew, nor a stranger, nor a photo that is of no valve of the order.
    assert site.client("crew2").get(address).status_code == 404
    assert TestClient(site.app).get(address).status_code == 401
    sends(client, a_photo(900), order, number=3)
    site_photo = site.case().field_reports[-1].picture
    assert site_photo is not None
    assert client.get(f"/orders/{order}/photos/{site_photo.sha256}").status_code == 404
    # A later one takes its place, an earlier one that was late does not.
    sends(client, a_photo(600), order, number=4, valve_id=valve, t=(site.room.clock.at - timedelta(hours=1)).isoformat())
    assert address in client.get(f"/orders/{order}").text
    site.room.clock.sleep(60)
    sends(client, a_photo(600), order, number=5, valve_id=valve)
    assert address not in client.get(f"/orders/{order}").text
    assert len(site.room.store.records_of((VALVE_PHOTO,), 0, micros(site.room.clock.at))) == 1


def test_a_tanker_s_page_has_its_point_the_way_and_the_water_to_report_and_no_valves(site: Site) -> None:
    site.opens_case()
    room, hostile = site.room, "<script>x</script>北门"
    base = room.city.crews.base_x[1], room.city.crews.base_y[1]
    tanker = CrewFix("crew2", "水车", float(base[0]), float(base[1]), micros(room.clock.at), kind=CrewKind.TANKER)
    decisions = room.engine._decisions

    def placed() -> None:
        decisions.state = decisions.state.with_crews([tanker])

    room.engine._commands.call(placed)
    case, pipes = site.case(), room.city.network.pipes
    x, y = pipes.points(pipes.row(PIPE))[0]
    done(room.engine.submit(PlanWaterPoint(case.incident_id, hostile, float(x), float(y), 300), WANG))
    (point,) = room.store.records_of((WATER_POINT,), 0, micros(room.clock.at))
    assert isinstance(point, WaterPoint)
    done(room.engine.submit(SendTanker(point.point_id, "crew2", 6000.0), WANG))
    order = site.case().orders[-1].order_id
    client = site.client("crew2")
    assert "Bring water" in client.get("/").text
    page = client.get(f"/orders/{order}").text
    assert "Bring 6000 L of water to the water point" in html.unescape(page)
    assert "<script>x" not in page
    assert "<h2>Way there</h2>" in page
    assert 'class="valve' not in page
    assert site.client().get(f"/orders/{order}").status_code == 404
    for litres, status in (("lots", 422), ("-5", 422), ("1e9", 422), ("5500,5", 200)):
        sent = client.post("/answers", json=site.answer(order, "water", number=len(litres), litres=litres))
        assert sent.status_code == status
    assert client.post("/answers", json=site.answer(order, "done", number=20)).json()["state"] == "taken"
    (point,) = room.store.records_of((WATER_POINT,), 0, micros(room.clock.at))
    assert isinstance(point, WaterPoint)
    assert [(trip.crew_id, trip.litres) for trip in point.trips] == [("crew2", 5500.5)]
    assert "5500 L" in client.get(f"/orders/{order}").text


def a_png_bomb(side: int = 30_000) -> bytes:
    """A PNG of a few bytes that says it is 900 million pixels."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body


def a_jpeg_bomb() -> bytes:
    """A small JPEG whose header says 65,000 pixels a side."""
    photo = bytearray(a_photo(16, 16))
    at = photo.index(b"\xff\xc0") + 5
    photo[at : at + 4] = struct.pack(">HH", 65_000, 65_000)
    return bytes(photo)


def test_what_is_no_photo_or_a_bomb_is_refused_before_it_is_decoded() -> None:
    for content, kind in (
        (a_png_bomb(), "photo_type"),
        (a_jpeg_bomb(), "photo_pixels"),
        (b"<svg/>", "photo_type"),
        (b"", "photo_type"),
    ):
        with pytest.raises(PhotoRefused, match=kind):
            reencoded(content)
    whole = a_photo(64, 64)
    with pytest.raises(PhotoRefused):
        reencoded(whole[: len(whole) // 2])
    kinds = set()
    for cut in range(2, len(whole), 97):
        try:
            kinds.add(reencoded(whole[:cut] + b"\0" + whole[cut + 1 :]).media_type)
        except PhotoRefused as refused:
            kinds.add(refused.kind)
    assert kinds <= {"image/jpeg", "photo_type", "photo_pixels", "photo_damaged"}


def test_damaged_exif_costs_no_photo_and_ends_no_request() -> None:
    whole, chance = a_photo(64, 64, orientation=6), random.Random(1)
    begin, end = whole.index(b"Exif"), whole.index(b"\xff\xdb")
    for _ in range(800):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(begin + 6, end)] = chance.randrange(256)
        with Image.open(BytesIO(reencoded(bytes(damaged)).content)) as image:
            assert (image.size, dict(image.getexif())) == ((64, 64), {})


def test_photos_need_the_link_the_page_and_a_sensible_size_and_rate(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    photo = a_photo(32, 32)
    assert sends(TestClient(site.app), photo, order).status_code == 401
    assert sends(site.client("crew2"), photo, order).status_code == 404
    assert sends(client, b"x" * (MOST_BYTES + 1), order).status_code == 413
    assert (
        client.post(
            "/photos", params={"id": "photo-9999", "order_id": order}, content=photo, headers={"x-quanmai-page": "x"}
        ).status_code
        == 403
    )
    told = [sends(client, photo, order, number).status_code for number in range(24)]
    assert told[0] == 200
    assert 429 in told
    assert len(site.case().field_reports) <= 20


def test_the_page_can_be_installed(site: Site) -> None:
    client = site.client()
    manifest = client.get("/manifest.webmanifest")
    assert manifest.headers["content-type"].startswith("application/manifest+json")
    body = manifest.json()
    assert (body["display"], body["start_url"]) == ("standalone", "/")
    assert client.get(body["icons"][0]["src"]).headers["content-type"].startswith("image/svg")
    assert "manifest-src 'self'" in manifest.headers["content-security-policy"]
