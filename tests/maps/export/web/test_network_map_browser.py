"""The web map in a real browser without network: it draws, makes no requests and logs no console messages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from maps.export.web.network_map import WebMapOptions, write_web_map
from tests.maps.export.cases import CANDIDATES, HOSTILE, STATION, a_city, a_plan

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser's command."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on this machine")


def opened(chromium: str, page: Path, folder: Path) -> tuple[str, str, list[str]]:
    """(document after its scripts ran, console and other log, addresses asked for)."""
    netlog = folder / "net.json"
    done = subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            f"--user-data-dir={folder / 'profile'}",
            f"--log-net-log={netlog}",
            "--virtual-time-budget=4000",
            "--window-size=1200,800",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        timeout=90,
        check=True,
    )
    asked = re.findall(r'"url":"(https?://[^"]+)"', netlog.read_text("utf-8", errors="replace"))
    return done.stdout.decode(), done.stderr.decode(errors="replace"), asked


def of_page(asked: list[str]) -> list[str]:
    """Requests without those of the browser itself to its maker."""
    return [url for url in asked if not re.search(r"//[\w.-]*(google|gvt1|googleapis)\.com", url)]


@pytest.mark.parametrize(
    ("crs", "public", "word"),
    [
        ("EPSG:4548", False, ""),
        ("EPSG:4548", True, ""),
        ("local", False, ""),
        ("EPSG:4548", False, HOSTILE),
        ("local", True, HOSTILE),
    ],
)
def test_the_page_draws_without_network_and_without_console_messages(
    chromium: str, tmp_path: Path, crs: str, public: bool, word: str
) -> None:
    path = tmp_path / "map.html"
    options = WebMapOptions(is_drill=True, stations={STATION: f"0.212 MPa{word}"}, abnormal=frozenset({STATION}))
    city = a_city(crs, word=word)
    # A script in the page reports whether a name ran as code and whether the map was drawn.
    write_web_map(path, city, candidates=CANDIDATES, plan=a_plan(word), title=f"事件{word}", public=public, options=options)
    report = (
        "<script>window.onload=function(){document.body.dataset.report=JSON.stringify({"
        "broken:window.broken===undefined?0:window.broken,"
        "canvas:document.querySelectorAll('canvas.leaflet-zoom-animated').length,"
        "valves:document.querySelectorAll('.qm-valve').length,"
        "images:document.images.length})}</script>"
    )
    path.write_text(path.read_text("utf-8").replace("</html>", report + "</html>"), encoding="utf-8")
    document, log, asked = opened(chromium, path, tmp_path)
    found = re.search(r'data-report="([^"]*)"', document)
    assert found, "the page's scripts did not run to their end"
    seen = json.loads(found[1].replace("&quot;", '"'))
    assert seen == {"broken": 0, "canvas": 1, "valves": 0 if public else 2, "images": 0}
    assert "CONSOLE" not in log
    assert of_page(asked) == []


def test_a_page_with_a_request_and_an_error_fails_the_check(chromium: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text("<html><body><img src='http://map.invalid/a.png'><script>undefined_name()</script></body></html>")
    _, log, asked = opened(chromium, path, tmp_path)
    assert "CONSOLE" in log
    assert set(of_page(asked)) == {"http://map.invalid/a.png"}
