"""Garbage: what has been loaded is taken out of Python's collections, so that none of them holds a frame up."""

from __future__ import annotations

import gc


def set_loaded_aside() -> None:
    """Collect once, then leave everything there is out of later collections. Call it when a window stands, before its loop.

    A full collection walks every object of the libraries and the city, with the interpreter's lock held: 110–490 ms were
    measured with a window open. What is made afterwards is collected as ever, in a few milliseconds.
    """
    gc.collect()
    gc.freeze()
