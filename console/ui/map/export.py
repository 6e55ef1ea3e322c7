"""The map on paper: PNG, PDF or SVG at print resolution with title, legend, scale, north and source.

In PDF and SVG lines, symbols and names are vectors; only what is a picture by nature (tiles, the pressure surface) stays one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QImageWriter, QPageLayout, QPageSize, QPainter, QPdfWriter, QPen
from PySide6.QtSvg import QSvgGenerator

from console.ui.map.canvas import MapCanvas
from console.ui.map.drawing.band import PictureBand, StaticStyle
from console.ui.map.drawing.label_placement import text_size
from console.ui.map.drawing.static_layer import paint_all
from console.ui.map.view.camera import Camera
from console.ui.theme import Theme
from maps.errors import QuanmaiError

_CSS_DPI = 96.0
_MM_PER_INCH = 25.4
_PICTURE_RATIO = 4.0
"""Of what stays a picture on a sheet of vectors: pixels per unit of 1/96 inch."""
_TITLE_PX = 46
_LEGEND_ROW_PX = 18.0
FORMATS = ("pdf", "png", "svg")

LegendRow = tuple[str, QColor, float]


class MapNotSaved(QuanmaiError):
    """A map could not be written."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet of paper. ``dpi``: of the PNG, and how fine lines are on vectors; ``denominator``: map scale 1 : n, 0: as shown."""

    title: str
    note: str
    legend: Sequence[LegendRow]
    width_mm: float = 420.0
    height_mm: float = 297.0
    dpi: int = 300
    denominator: float = 0.0


def export_map(canvas: MapCanvas, path: Path, sheet: Sheet, theme: Theme) -> None:
    """Write the map as it looks now; the format follows the file's ending. Raises MapNotSaved."""
    ending = path.suffix.lower().lstrip(".")
    if ending not in FORMATS:
        raise MapNotSaved(f"{path.name}: a map is saved as {', '.join(FORMATS)}; end the file's name so")
    width, height = (round(mm / _MM_PER_INCH * _CSS_DPI) for mm in (sheet.width_mm, sheet.height_mm))
    camera = paper_camera(canvas.camera, width, height - _TITLE_PX, sheet.denominator)
    aside = path.with_name(f".{path.name}.part")
    try:
        if ending == "png":
            _png(canvas, aside, sheet, camera, theme)
        elif ending == "pdf":
            _pdf(canvas, aside, sheet, camera, theme)
        else:
            _svg(canvas, aside, sheet, camera, theme)
        aside.replace(path)
    except OSError as fault:
        raise MapNotSaved(f"{path}: the map could not be written: {fault.strerror}") from fault
    finally:
        aside.unlink(missing_ok=True)


def paper_camera(screen: Camera, width: int, height: int, denominator: float) -> Camera:
    """What the screen shows, on a sheet of ``width`` × ``height`` units of 1/96 inch, at a scale where one is asked for."""
    if denominator > 0:
        m_per_px = denominator / (_CSS_DPI * 39.3701)
    else:
        m_per_px = max(screen.m_per_px * screen.width / width, screen.m_per_px * screen.height / height)
    return Camera(screen.x, screen.y, m_per_px, width, height, max(screen.max_m_per_px, m_per_px))


def _png(canvas: MapCanvas, path: Path, sheet: Sheet, camera: Camera, theme: Theme) -> None:
    ratio = sheet.dpi / _CSS_DPI
    image = QImage(round(camera.width * ratio), round((camera.height + _TITLE_PX) * ratio), QImage.Format.Format_RGB32)
    if image.isNull():
        raise MapNotSaved(f"{path.name}: {camera.width * ratio:.0f} × {camera.height * ratio:.0f} pixels do not fit into memory")
    for set_dots in (image.setDotsPerMeterX, image.setDotsPerMeterY):
        set_dots(round(_CSS_DPI / 0.0254))  # fonts in points follow it, and the painter magnifies them already
    painter = QPainter(image)
    try:
        painter.scale(ratio, ratio)
        paint_sheet(painter, canvas, sheet, camera, theme, ratio)
    finally:
        painter.end()
    for set_dots in (image.setDotsPerMeterX, image.setDotsPerMeterY):
        set_dots(round(sheet.dpi / 0.0254))
    if not QImageWriter(str(path), b"png").write(image):
        raise MapNotSaved(f"{path}: the picture could not be written; is the folder writable and the disk not full?")


def _pdf(canvas: MapCanvas, path: Path, sheet: Sheet, camera: Camera, theme: Theme) -> None:
    writer = QPdfWriter(str(path))
    writer.setResolution(round(_CSS_DPI))  # of the units only: lines and letters are vectors
    writer.setTitle(sheet.title)
    size = QPageSize(QSizeF(sheet.width_mm, sheet.height_mm), QPageSize.Unit.Millimeter, "", QPageSize.SizeMatchPolicy.ExactMatch)
    writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    painter = QPainter()
    if not painter.begin(writer):
        raise MapNotSaved(f"{path}: the file could not be written; is the folder writable and the disk not full?")
    try:
        paint_sheet(painter, canvas, sheet, camera, theme, _PICTURE_RATIO, vector=True)
    finally:
        painter.end()


def _svg(canvas: MapCanvas, path: Path, sheet: Sheet, camera: Camera, theme: Theme) -> None:
    svg = QSvgGenerator()
    svg.setFileName(str(path))
    svg.setSize(QSize(camera.width, camera.height + _TITLE_PX))
    svg.setViewBox(QRectF(0, 0, camera.width, camera.height + _TITLE_PX))
    svg.setResolution(round(_CSS_DPI))
    svg.setTitle(sheet.title)
    painter = QPainter()
    if not painter.begin(svg):
        raise MapNotSaved(f"{path}: the file could not be written; is the folder writable and the disk not full?")
    try:
        paint_sheet(painter, canvas, sheet, camera, theme, _PICTURE_RATIO, vector=True)
    finally:
        painter.end()


def paint_sheet(
    painter: QPainter, canvas: MapCanvas, sheet: Sheet, camera: Camera, theme: Theme, ratio: float, *, vector: bool = False
) -> None:
    """Draw ground, marks, symbols, names and decorations, then title and legend."""
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.translate(0, _TITLE_PX)
    painter.setClipRect(QRectF(0, 0, camera.width, camera.height))
    painter.fillRect(QRectF(0, 0, camera.width, camera.height), theme.colour("map.background"))
    style = StaticStyle(theme, canvas.layer_settings, ratio)
    band = PictureBand(painter, camera, camera.view(), style, lambda: True, _CSS_DPI / sheet.dpi, vector)
    paint_all(band, canvas.scene, canvas.renderer.extras)
    canvas.marks().paint(band)
    canvas.paint_overlay(painter, camera, ratio, vector=vector)
    _legend(painter, sheet, camera, theme, raised=bool(canvas.margin().remark))
    painter.setClipping(False)
    painter.translate(0, -_TITLE_PX)
    _title(painter, sheet, camera, theme)


def _title(painter: QPainter, sheet: Sheet, camera: Camera, theme: Theme) -> None:
    painter.fillRect(QRectF(0, 0, camera.width, _TITLE_PX), theme.colour("surface.card"))
    painter.setPen(theme.colour("text.strong"))
    painter.setFont(theme.font(16.0, QFont.Weight.DemiBold))
    inside = QRectF(16, 0, camera.width - 32, _TITLE_PX)
    painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, sheet.title)
    painter.setPen(theme.colour("text.muted"))
    painter.setFont(theme.font(9.5))
    painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, sheet.note)


def _legend(painter: QPainter, sheet: Sheet, camera: Camera, theme: Theme, *, raised: bool) -> None:
    if not sheet.legend:
        return
    font = theme.font(9.0)
    width = 70 + max(text_size(font, text)[0] for text, _, _ in sheet.legend)
    height = _LEGEND_ROW_PX * len(sheet.legend) + 12
    left, top = 12.0, camera.height - height - (92 if raised else 60)
    painter.fillRect(QRectF(left, top, width, height), theme.colour("surface.card", 0.94))
    painter.setFont(font)
    for number, (text, colour, pen_width) in enumerate(sheet.legend):
        y = top + 6 + _LEGEND_ROW_PX * (number + 0.5)
        painter.setPen(QPen(colour, max(pen_width, 1.0), Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLine(round(left + 10), round(y), round(left + 48), round(y))
        painter.setPen(theme.colour("text.normal"))
        painter.drawText(QRectF(left + 58, y - 9, width, 18), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
