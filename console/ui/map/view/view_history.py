"""History of views, back and forward as in a browser, and named bookmarks."""

from __future__ import annotations

import json
from dataclasses import dataclass

from console.ui.map.view.camera import Camera

_VIEWS_MOST = 60
_SAME_PLACE = 0.15
"""Views closer than this share of the screen, at the same scale, are one."""


@dataclass(frozen=True, slots=True)
class View:
    """A place looked at: middle (world, m) and metres per pixel."""

    x: float
    y: float
    m_per_px: float

    @classmethod
    def of(cls, camera: Camera) -> View:
        """What a camera looks at."""
        return cls(camera.x, camera.y, camera.m_per_px)

    def camera(self, like: Camera) -> Camera:
        """The camera that looks there, of the same size as another."""
        return like.centred(self.x, self.y, self.m_per_px)


class ViewHistory:
    """Views in order; going somewhere new forgets what was ahead."""

    def __init__(self) -> None:
        self._views: list[View] = []
        self._at = -1

    def add(self, camera: Camera) -> None:
        """The map has come to rest somewhere."""
        view = View.of(camera)
        if self._at >= 0 and _same(self._views[self._at], view, camera):
            self._views[self._at] = view
            return
        self._views = [*self._views[: self._at + 1], view][-_VIEWS_MOST:]
        self._at = len(self._views) - 1

    def back(self) -> View | None:
        """The view before, None at the first."""
        return self._go(-1)

    def forward(self) -> View | None:
        """The view after, None at the last."""
        return self._go(1)

    def _go(self, step: int) -> View | None:
        if not 0 <= self._at + step < len(self._views):
            return None
        self._at += step
        return self._views[self._at]


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A named view of one city."""

    name: str
    view: View


def bookmarks_from(text: str) -> tuple[Bookmark, ...]:
    """As remembered; damaged text gives none."""
    try:
        return tuple(Bookmark(str(n), View(float(x), float(y), float(m))) for n, x, y, m in json.loads(text or "[]"))
    except (ValueError, TypeError):
        return ()


def bookmarks_text(bookmarks: tuple[Bookmark, ...]) -> str:
    """For the settings."""
    return json.dumps([[b.name, b.view.x, b.view.y, b.view.m_per_px] for b in bookmarks], ensure_ascii=False)


def _same(one: View, other: View, camera: Camera) -> bool:
    near = _SAME_PLACE * min(camera.width, camera.height) * camera.m_per_px
    scale = other.m_per_px / one.m_per_px
    return abs(one.x - other.x) < near and abs(one.y - other.y) < near and 0.9 < scale < 1.1
