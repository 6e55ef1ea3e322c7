"""The printed map: every format, lines as vectors, the requested scale, refusals with advice."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from console.ui.appearance import Appearance
from console.ui.map.canvas import MapCanvas
from console.ui.map.export import MapNotSaved, Sheet, export_map, paper_camera
from console.ui.map.layers import MapLayer, PipeTheme
from console.ui.panels.map.legend import legend_rows
from console.ui.theme import Theme
from console.ui.words import Words

pytestmark = pytest.mark.gui
THEME = Theme.load("light")


def a_sheet(dpi: int = 96) -> Sheet:
    """A5 across."""
    rows = legend_rows(Appearance(THEME, Words("zh_CN", "Asia/Shanghai")), PipeTheme.DIAMETER, ())
    return Sheet("小城 供水管网图", "内部使用", rows, 210.0, 148.0, dpi)


def test_a_picture_has_the_paper_size_in_dots(canvas: MapCanvas, tmp_path: Path) -> None:
    export_map(canvas, tmp_path / "map.png", a_sheet(150), THEME)
    image = QImage(str(tmp_path / "map.png"))
    assert image.width() == pytest.approx(210 / 25.4 * 150, abs=2)
    assert round(image.dotsPerMeterX() * 0.0254) == 150
    colours = {image.pixel(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)}
    assert len(colours) > 20
    assert image.height() == pytest.approx(148 / 25.4 * 150, abs=3)


def test_a_vector_file_holds_the_pipes_as_lines(canvas: MapCanvas, tmp_path: Path) -> None:
    export_map(canvas, tmp_path / "map.svg", a_sheet(), THEME)
    text = (tmp_path / "map.svg").read_text("utf-8")
    assert text.count("<polyline") + text.count("<path") + text.count("<line") > 400
    assert "小城 供水管网图" in text


@pytest.mark.parametrize("factor", [1.0, 8.0])
def test_a_vector_file_holds_symbols_and_names_as_vectors_and_no_picture(
    canvas: MapCanvas, tmp_path: Path, factor: float
) -> None:
    canvas.set_visible(frozenset(MapLayer) - {MapLayer.TILES, MapLayer.PRESSURE})
    canvas.navigation.look(canvas.camera.zoomed(factor, 450, 300))
    canvas.settle()
    export_map(canvas, tmp_path / "map.svg", a_sheet(), THEME)
    text = (tmp_path / "map.svg").read_text("utf-8")
    assert "<image" not in text
    roads = {str(name) for name in canvas.scene.city.roads.name if name}
    assert any(f">{name}" in text for name in roads)
    export_map(canvas, tmp_path / "map.pdf", a_sheet(), THEME)
    assert b"/Subtype /Image" not in (tmp_path / "map.pdf").read_bytes()


def test_a_pdf_is_one_page_of_vectors(canvas: MapCanvas, tmp_path: Path) -> None:
    export_map(canvas, tmp_path / "map.pdf", a_sheet(), THEME)
    data = (tmp_path / "map.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert data.count(b"/Type /Page\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["map.pdf"]


def test_a_scale_is_kept_and_the_middle_stays(canvas: MapCanvas) -> None:
    camera = paper_camera(canvas.camera, 794, 559, 5000.0)
    assert camera.scale_denominator(96.0) == pytest.approx(5000.0)
    assert (camera.x, camera.y) == (canvas.camera.x, canvas.camera.y)
    whole = paper_camera(canvas.camera, 794, 559, 0.0)
    low, high = canvas.camera.view()[:2], canvas.camera.view()[2:]
    assert whole.view()[0] <= low[0] + 1e-6
    assert whole.view()[3] >= high[1] - 1e-6


def test_a_file_that_cannot_be_written_is_reported(canvas: MapCanvas, tmp_path: Path) -> None:
    with pytest.raises(MapNotSaved, match="pdf, png, svg"):
        export_map(canvas, tmp_path / "map.bmp", a_sheet(), THEME)
    with pytest.raises(MapNotSaved):
        export_map(canvas, tmp_path / "none" / "map.png", a_sheet(), THEME)
