"""Whether there is a screen. Fast to import: asked before the program is loaded."""

from __future__ import annotations

import os
import sys


def has_screen() -> bool:
    """Whether a window can be opened."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
