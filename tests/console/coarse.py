"""Screens compared coarsely with approved ones: the mean luminance of tiles, and the places of parts.

Other fonts (four were tried) shift the mean by up to 3.1 and 0.7 % of the tiles by more than 24; another theme shifts everything.
After an intended change of appearance: ``QUANMAI_NEW_BASELINES=1 pytest`` writes them anew; look at the screens first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

MEAN_MOST, FAR, FAR_SHARE_MOST = 4.5, 24.0, 0.03
"""Mean difference of luminance (0–255); a tile this far off shows something else; share of such tiles."""


def coarse(image: QImage, columns: int, rows: int) -> NDArray[np.float64]:
    """(rows, columns) mean luminance of tiles of equal size."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    pixels = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())[:, : grey.width()]
    high, wide = grey.height() // rows, grey.width() // columns
    tiles = pixels[: rows * high, : columns * wide].reshape(rows, high, columns, wide).astype(np.float64)
    found: NDArray[np.float64] = tiles.mean(axis=(1, 3))
    return found


def moved(found: Mapping[str, Sequence[int]], kept: Path, most: int = 2) -> str:
    """Parts (name: left, top, width, height in tiles; nothing when hidden) that lie elsewhere than before, "" when none does."""
    if os.environ.get("QUANMAI_NEW_BASELINES"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    before = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    off = [
        f"{name}: {before.get(name)} → {list(found.get(name, ()))}"
        for name in sorted({*before, *found})
        if len(before.get(name, ())) != len(found.get(name, ()))
        or any(abs(one - other) > most for one, other in zip(before.get(name, ()), found.get(name, ()), strict=True))
    ]
    return "; ".join(off)


def differences(found: NDArray[np.float64], kept: Path) -> str:
    """The differences from a kept picture, "" without any."""
    if os.environ.get("QUANMAI_NEW_BASELINES"):
        kept.parent.mkdir(exist_ok=True)
        shades = np.ascontiguousarray(np.rint(found), dtype=np.uint8)
        picture = QImage(shades.tobytes(), shades.shape[1], shades.shape[0], shades.shape[1], QImage.Format.Format_Grayscale8)
        assert picture.save(str(kept))
    before = QImage(str(kept))
    if (before.height(), before.width()) != found.shape:
        return f"{kept.name} is missing or of another size"
    apart = np.abs(coarse(before, before.width(), before.height()) - found)
    far = np.argwhere(apart > FAR)
    if apart.mean() > MEAN_MOST:
        return f"{kept.name}: differs by {apart.mean():.1f} on average"
    if len(far) > FAR_SHARE_MOST * apart.size:
        return f"{kept.name}: tiles (row, column) {far[:8].tolist()} show something else"
    return ""
