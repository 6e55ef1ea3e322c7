"""Rows of the search: a heading a group; icon, title, detail, and at the right the key of a command."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from console.ui.appearance import Appearance
from console.ui.icons import icon
from console.ui.search import Group, Hit
from console.ui.theme import Letters
from console.ui.words import one_line

HIT = Qt.ItemDataRole.UserRole
_HEADING = Qt.ItemDataRole.UserRole + 1
_ROW_PX, _HEADING_PX, _ICON_PX, _EDGE_PX, _GAP_PX = 30, 24, 16, 10, 8
_MIXED = ("best", "recent")
"""Groups with hits of several kinds: each row names its own."""


class HitRows(QStyledItemDelegate):
    """Paints the rows; the text of an item is what a screen reader says."""

    def __init__(self, appearance: Appearance, view: QListWidget) -> None:
        super().__init__(view)
        self._appearance = appearance

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Rows grow with the letters."""
        height = _HEADING_PX if index.data(_HEADING) else _ROW_PX
        return QSize(100, round(height * max(Letters.now().scale, 1.0)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Paint a heading or a hit."""
        painter.save()
        rect: QRect = option.rect
        heading = index.data(_HEADING)
        if heading:
            self._heading(painter, rect.adjusted(_EDGE_PX, 0, -_EDGE_PX, -2), str(heading), index.row() > 0)
        elif isinstance(index.data(HIT), Hit):
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            if chosen:
                painter.fillRect(rect, self._appearance.theme.colour("surface.selected"))
            self._hit(painter, rect, index.data(HIT), str(index.data(Qt.ItemDataRole.WhatsThisRole) or ""), chosen)
        else:
            painter.setPen(self._appearance.theme.colour("text.muted"))
            painter.drawText(rect.adjusted(_EDGE_PX, 0, -_EDGE_PX, 0), Qt.AlignmentFlag.AlignVCenter, str(index.data()))
        painter.restore()

    def _heading(self, painter: QPainter, rect: QRect, text: str, parted: bool) -> None:
        theme = self._appearance.theme
        painter.setFont(theme.font(8.5, QFont.Weight.DemiBold))
        painter.setPen(theme.colour("text.muted"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignBottom, text)
        if parted:
            painter.setPen(theme.colour("surface.line"))
            painter.drawLine(rect.left(), rect.top() + 2, rect.right(), rect.top() + 2)

    def _hit(self, painter: QPainter, rect: QRect, hit: Hit, kind: str, chosen: bool) -> None:
        theme = self._appearance.theme
        made = icon(f"kind_{hit.kind}", theme, _ICON_PX)
        made.paint(painter, QRect(rect.left() + _EDGE_PX, rect.top(), _ICON_PX, rect.height()))
        left, right = rect.left() + _EDGE_PX + _ICON_PX + _GAP_PX, rect.right() - _EDGE_PX
        aside = hit.detail if hit.kind == "command" else kind
        painter.setFont(theme.font(8.5))
        if aside:
            width = painter.fontMetrics().horizontalAdvance(aside)
            painter.setPen(theme.colour("text.normal" if hit.kind == "command" else "text.muted"))
            painter.drawText(QRect(right - width, rect.top(), width, rect.height()), Qt.AlignmentFlag.AlignVCenter, aside)
            right -= width + 2 * _GAP_PX
        title, detail = one_line(hit.title), "" if hit.kind == "command" else one_line(hit.detail)
        font = theme.font(10, QFont.Weight.DemiBold if chosen else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(theme.colour("text.strong" if chosen else "text.normal"))
        width = self._write(painter, QRect(left, rect.top(), right - left, rect.height()), title)
        if detail and right - left - width > 6 * _GAP_PX:
            painter.setFont(theme.font(9))
            painter.setPen(theme.colour("text.normal" if chosen else "text.muted"))
            left += width + 2 * _GAP_PX
            self._write(painter, QRect(left, rect.top(), right - left, rect.height()), detail)

    @staticmethod
    def _write(painter: QPainter, rect: QRect, text: str) -> int:
        """Write a text, cut at its end if need be; how wide it is."""
        metrics: QFontMetrics = painter.fontMetrics()
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
        return metrics.horizontalAdvance(shown)


def fill(view: QListWidget, groups: tuple[Group, ...], appearance: Appearance) -> None:
    """Show groups; the first hit is chosen."""
    words = appearance.words
    view.clear()
    for group in groups:
        name = words(f"search.{group.name}") if group.name in _MIXED else words.of("kind", group.hits[0].kind)
        heading = QListWidgetItem(name)
        heading.setData(_HEADING, name)
        heading.setFlags(Qt.ItemFlag.NoItemFlags)
        view.addItem(heading)
        for hit in group.hits:
            kind = words.of("kind", hit.kind)
            item = QListWidgetItem(", ".join(part for part in (kind, one_line(hit.title), one_line(hit.detail)) if part))
            item.setData(HIT, hit)
            item.setData(Qt.ItemDataRole.WhatsThisRole, kind if group.name in _MIXED else "")
            item.setToolTip("")
            view.addItem(item)
    step(view, 1, start=-1)


def step(view: QListWidget, by: int, start: int | None = None) -> None:
    """The next hit up or down, past headings; none beyond the ends."""
    row = view.currentRow() if start is None else start
    while 0 <= row + by < view.count():
        row += by
        if isinstance(view.item(row).data(HIT), Hit):
            view.setCurrentRow(row)
            if row == 1:
                view.scrollToTop()
            return
