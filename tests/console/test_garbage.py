"""What is loaded when a window stands is not walked again."""

from __future__ import annotations

import gc

from console.garbage import set_loaded_aside


def test_later_collections_walk_only_what_is_new() -> None:
    set_loaded_aside()
    try:
        new: list[list[object]] = [[] for _ in range(100)]
        walked = gc.get_objects()
        assert len(walked) < gc.get_freeze_count() / 100
        assert any(one is new for one in walked)
    finally:
        gc.unfreeze()
