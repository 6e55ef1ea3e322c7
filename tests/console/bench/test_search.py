"""The benchmark of the search runs small."""

from __future__ import annotations

import pytest

from console.bench.search import TEXTS, run


@pytest.mark.gui
def test_each_text_is_measured() -> None:
    found = run(pipes=300)
    assert set(found["key_cpu_ms"]) == set(TEXTS)
    assert found["worst_key_cpu_ms"] == max(found["key_cpu_ms"].values())
    assert found["assets"] > found["pipes"] > 200
