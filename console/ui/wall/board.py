"""WallBoard: headline over the whole width, the map at the left and the network's state at the right; no control acts."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from console.domain.limits import Limits
from console.domain.picture import Picture
from console.services.overview.network_now import NetworkNow
from console.ui.appearance import Appearance
from console.ui.map.canvas import MapCanvas
from console.ui.wall.blocks import Headline, blocks, headline
from console.ui.wall.layout import Block, Placement, place, wrapped
from console.ui.wall.text_size import WallSettings, font_with_capitals, px_per_mm

_ROW, _TIGHT_ROW, _MARGIN = 1.3, 1.2, 0.5
"""Height of a row of text, where there is room and where there is little, and margins, in the font's size."""
_COLUMN = 15.0
"""Width that a column should have, in the font's size."""
_LEAST_SHARE, _MOST_SHARE = 0.4, 0.6
"""Of the width, for the text beside the map."""
_LARGER = (1.7, 1.45, 1.25, 1.1, 1.0)
"""Letters are as much larger than they must be as there is room for all of the text."""
_REFRESH_MS = 1000
_MAP_LETTER_PX = 9.5
"""Height of the map's capital letters; enlarged as far as the map can be, four times."""
_LEAST_MAP_PX = 480.0
"""Width that an enlarged map keeps for its content."""
_AS_IT_IS = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine | Qt.TextFlag.TextDontClip


class WallBoard(QWidget):
    """``map`` becomes its child. Painted by hand: nothing on it can be pressed."""

    def __init__(
        self, map_: MapCanvas, limits: Limits, appearance: Appearance, settings: WallSettings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.map, self._appearance, self._settings = map_, appearance, settings
        map_.setParent(self)
        self._network = NetworkNow(map_.scene.city, limits)
        self._picture: Picture | None = None
        self._heard_at, self._down_since = monotonic(), 0.0
        self.headline = Headline("", "", "text.normal")
        self.placement = Placement((), 0, 0.0)
        self._blocks: tuple[Block, ...] = ()
        self._head_lines: list[str] = []
        self._columns, self._font, self._bold = 1, QFont(), QFont()
        self._column_px = self._board_px = 0.0
        self._rows, self.row = 1, _ROW
        self._shown: tuple[object, ...] = ()
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()

    def show_picture(self, picture: Picture) -> None:
        """The newest picture; the same one again (another theme) is no sign of life."""
        if self._picture is None or picture.version != self._picture.version:
            self._heard_at = monotonic()
        is_down = any(one.state == "down" for one in picture.feeds)
        self._down_since = (self._down_since or monotonic()) if is_down else 0.0
        self._picture = picture
        self.refresh()

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        self.refresh()

    def letter_px(self) -> float:
        """Least height of a capital letter, logical px."""
        return self._settings.letter_mm() * px_per_mm(self._settings, self.screen(), self.width())

    def refresh(self) -> None:
        """The texts as of now; painted anew only where they differ."""
        picture, words = self._picture, self._appearance.words
        if picture is None or not self.width():
            return
        now = monotonic()
        down_s = now - self._down_since if self._down_since else 0.0
        compliance = self._network.compliance(picture)
        head = headline(picture, compliance, now - self._heard_at, down_s, words)
        new = blocks(picture, self._network, compliance, self._settings.area_minutes, words, self._settings.targets)
        shown = (head, new, self._appearance, self.size())
        if shown != self._shown:
            self._shown = shown
            self.headline, self._blocks = head, new
            self._lay_out()
            self.update()

    def _lay_out(self) -> None:
        least = self.letter_px()
        for factor, self.row in (*((one, _ROW) for one in _LARGER), (1.0, _TIGHT_ROW)):
            self._set_size(least * factor)
            em, width = float(self._font.pixelSize()), self.width()
            self._head_lines = self._headline_lines()
            top = self._top()
            board = min(max(_COLUMN * em, _LEAST_SHARE * width), _MOST_SHARE * width)
            self._columns = max(int(board // (_COLUMN * em)), 1)
            self._column_px = (board - _MARGIN * em * (self._columns + 1)) / self._columns
            rows = max(int((self.height() - top - _MARGIN * em) / (self.row * em)), 1)
            metrics = QFontMetricsF(self._bold)
            self.placement = place(self._blocks, self._columns, self._column_px, rows, metrics.horizontalAdvance, em * 0.6)
            if not (self.placement.hidden or self.placement.is_short) and len(self._head_lines) == 1:
                break
        self._board_px, self._rows = board, rows
        self.map.setGeometry(0, int(top), int(width - board), int(self.height() - top))
        self.map.enlarge(min(self.letter_px() / _MAP_LETTER_PX, self.map.width() / _LEAST_MAP_PX))

    def _set_size(self, capital_px: float) -> None:
        theme = self._appearance.theme
        self._font = font_with_capitals(theme, capital_px)
        self._bold = font_with_capitals(theme, capital_px, QFont.Weight.DemiBold)

    def _headline_lines(self) -> list[str]:
        metrics, em = QFontMetricsF(self._bold), self._bold.pixelSize()
        room = self.width() - 2 * _MARGIN * em - metrics.horizontalAdvance(self.headline.time) - em
        return wrapped(self.headline.text, room, metrics.horizontalAdvance)

    def _top(self) -> float:
        return (len(self._head_lines) * _ROW + 0.3) * self._font.pixelSize()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Set the text anew."""
        super().resizeEvent(event)
        self.refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint headline and columns."""
        theme, em = self._appearance.theme, float(self._font.pixelSize())
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("surface.panel"))
        if self._blocks:
            self._paint_head(painter, em)
            self._paint_columns(painter, em)
        painter.end()

    def _paint_head(self, painter: QPainter, em: float) -> None:
        theme, head, top = self._appearance.theme, self.headline, self._top()
        painter.fillRect(QRectF(0, 0, self.width(), top), theme.colour("surface.loud" if head.loud else "surface.window"))
        painter.setFont(self._bold)
        painter.setPen(theme.colour("text.on_accent" if head.loud else head.role))
        line = QRectF(_MARGIN * em, 0.15 * em, self.width() - 2 * _MARGIN * em, _ROW * em)
        for text in self._head_lines:
            painter.drawText(line, _AS_IT_IS | Qt.AlignmentFlag.AlignLeft, text)
            line.translate(0, _ROW * em)
        painter.setPen(theme.colour("text.on_accent" if head.loud else "text.strong"))
        line.moveTop(0.15 * em)
        painter.drawText(line, _AS_IT_IS | Qt.AlignmentFlag.AlignRight, head.time)

    def _paint_columns(self, painter: QPainter, em: float) -> None:
        theme, left, top = self._appearance.theme, self.width() - self._board_px, self._top() + 0.2 * em
        for piece in self.placement.pieces:
            x = left + _MARGIN * em + piece.column * (self._column_px + _MARGIN * em)
            at = QRectF(x, top + piece.row * self.row * em, self._column_px, self.row * em)
            side = Qt.AlignmentFlag.AlignRight if piece.right else Qt.AlignmentFlag.AlignLeft
            painter.setFont(self._font if piece.role == "text.muted" else self._bold)
            painter.setPen(theme.colour(piece.role))
            painter.drawText(at, _AS_IT_IS | side, piece.text)
        if self.placement.hidden:
            text = self._appearance.words("wall.hidden", n=self.placement.hidden)
            x = left + _MARGIN * em + (self._columns - 1) * (self._column_px + _MARGIN * em)
            painter.setFont(self._font)
            painter.setPen(theme.colour("state.stale"))
            at = QRectF(x, top + (self._rows - 1) * self.row * em, self._column_px, self.row * em)
            painter.drawText(at, _AS_IT_IS | Qt.AlignmentFlag.AlignLeft, text)
