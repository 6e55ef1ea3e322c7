"""The report's page in a real browser, dark and light, in both languages, compared with approved screens."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from console.documents.report.case_report import ReportOptions
from console.documents.report.html_page import report_html
from console.services.review.record import CaseRecord
from tests.console.coarse import coarse, differences, moved
from tests.console.package.cases import a_case
from tests.maps.export.web.test_network_map_browser import chromium, opened

__all__ = ["chromium"]
pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "baselines"
TILES = (32, 20)
SIZE = (1280, 800)
DARK = "@media (prefers-color-scheme:dark)"
OUTLINE = """<script>window.onload=function(){var found={};
document.querySelectorAll('h1,h2,h3,table,canvas,svg').forEach(function(part){found[part.tagName]=(found[part.tagName]||0)+1});
document.body.dataset.outline=JSON.stringify(found)}</script>"""


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    """A whole case."""
    return a_case()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_report_equals_its_approved_picture(
    record: CaseRecord, chromium: str, tmp_path: Path, language: str, theme: str
) -> None:
    page = report_html(record, ReportOptions(language)).decode()
    assert DARK in page
    # The choice of colours is set in the page: the browser has no command line option for it.
    path = tmp_path / "report.html"
    path.write_text(page.replace(DARK, "@media all" if theme == "dark" else "@media not all"), encoding="utf-8")
    picture = QImage(str(shown(chromium, path, tmp_path)))
    assert differences(coarse(picture, *TILES), FOLDER / f"report-{theme}-{language}.png") == ""


def test_the_report_has_the_parts_it_had(record: CaseRecord, chromium: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(report_html(record).decode().replace("</html>", OUTLINE + "</html>"), encoding="utf-8")
    document, _, _ = opened(chromium, path, tmp_path)
    found = re.search(r'data-outline="([^"]*)"', document)
    assert found, "the page's scripts did not run to their end"
    counts = {name: [count] for name, count in json.loads(found[1].replace("&quot;", '"')).items()}
    assert moved(counts, FOLDER / "report.json", most=0) == ""


def shown(chromium: str, page: Path, folder: Path) -> Path:
    """The page's picture, its first screen."""
    out = folder / "report.png"
    subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND", "--no-first-run",
            f"--user-data-dir={folder / 'profile'}", f"--window-size={SIZE[0]},{SIZE[1]}", "--hide-scrollbars",
            "--virtual-time-budget=3000", f"--screenshot={out}", page.as_uri(),
        ],
        capture_output=True, timeout=90, check=True,
    )  # fmt: skip
    return out
