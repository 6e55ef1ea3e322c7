"""Texts of the report's charts touch neither one another nor the edge, by the measure of their font; tracks are points."""

from __future__ import annotations

from itertools import combinations, product
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontMetricsF

from console.documents.case_layers import case_layers
from console.documents.report.blocks import Figure
from console.documents.report.charts import Line, Mark, bar_chart, line_chart
from console.documents.report.still_map import still_map
from tests.console.documents.report.test_case_report import WORDS
from tests.console.package.cases import a_case

pytestmark = pytest.mark.gui
HOUR_US = 3_600_000_000


def boxes(figure: Figure) -> list[tuple[QRectF, str]]:
    """Where each text stands, by Qt's own measure of the font."""
    font = QFont("Noto Sans CJK SC")
    font.setPixelSize(11)
    metrics = QFontMetricsF(font)
    found = []
    for element in ET.fromstring(figure.svg).iter():
        if element.tag.endswith("text"):
            text = element.text or ""
            width, x, y = metrics.horizontalAdvance(text), float(element.attrib["x"]), float(element.attrib["y"])
            left = {"start": x, "middle": x - width / 2, "end": x - width}[element.attrib["text-anchor"]]
            found.append((QRectF(left, y - 8.0, width, 8.0), text))
    return found


def assert_apart(figure: Figure | None) -> None:
    assert figure is not None
    placed = boxes(figure)
    assert placed
    for (one, text), (other, second) in combinations(placed, 2):
        assert not one.intersects(other), (text, second)
    for one, text in placed:
        assert one.left() >= -0.5, text
        assert one.right() <= figure.width + 0.5, text


@pytest.mark.parametrize(("hours", "lines", "marks"), list(product((0.02, 1, 30, 400), (1, 6), (0, 5))))
def test_no_text_of_a_line_chart_touches_another(qapp: object, hours: float, lines: int, marks: int) -> None:
    at_us = np.linspace(0, hours * HOUR_US, 300).astype(np.int64)
    name, wave = "经十路与千佛山路交叉口西南角测点 P-", np.sin(at_us / 1e9)
    drawn = [Line(f"{name}{number}", at_us, wave * 10.0**-number) for number in range(lines)]
    moments = [Mark(int(hours * HOUR_US * (0.9 + 0.02 * one)), f"第 {one} 个阀门已关闭（V-10{one}）") for one in range(marks)]
    assert_apart(line_chart(drawn, moments, WORDS.zone, "压力 MPa · 相对首个异常前的变化" * 2))


@pytest.mark.parametrize("many", [1, 3, 12, 31, 90])
def test_no_text_of_a_bar_chart_touches_another(qapp: object, many: int) -> None:
    bars = [(f"{number}月 抢修公司第二工程处", 1234.5 * number) for number in range(many)]
    assert_apart(bar_chart(bars, "", 700.0))
    assert_apart(bar_chart([(f"{number:02d}", float(number)) for number in range(many)], "", counts=True))


def test_a_crews_way_is_drawn_as_the_points_that_were_reported(qapp: object) -> None:
    record = a_case()
    assert len(record.tracks) > 1
    (layer,) = (one for one in case_layers(record, WORDS, public=False) if one.name == "crew_tracks")
    assert layer.kind == "Point"
    assert len(layer.geometry) == len(record.tracks)
    figure = still_map(record, WORDS)
    assert figure is not None
    fixes = [one for one in ET.fromstring(figure.svg).iter() if one.attrib.get("class") == "fix"]
    places = set(zip(record.tracks.x.tolist(), record.tracks.y.tolist(), strict=True))
    assert 0 < len(fixes) <= len(places)
