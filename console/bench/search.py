"""Benchmark of the search (Ctrl+K): processor time a key over a large synthetic city, with every name indexed."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

_SHORT = ("1", "7", "p", "路", "j", "12", "99", "p1", "jf")
TEXTS = (*_SHORT, "解放路", "jfl", "7号", "p123456", "DN400 灰口", "zzzz", "500000 4050000")
"""One sign, two signs, a name, initials, an address, an id, pipes of a kind, nothing, a coordinate."""
_TIMES = 5


def run(pipes: int = 1_000_000, texts: tuple[str, ...] = TEXTS, seed: int = 1) -> dict[str, Any]:
    """Build a city, index its names, then search each text: the best of five, as processor time of this process in ms.

    ``assets``: pipes, valves, hydrants, stations, customers, roads and zones together.
    """
    from console.domain.picture import Picture
    from console.ui.search import Search
    from console.ui.words import Words
    from maps.synthetic import SyntheticOptions, build_city

    city = build_city(SyntheticOptions(pipes=pipes, seed=seed))
    network, nothing = city.network, np.zeros(len(city.stations))
    tables = (network.pipes, network.valves, city.hydrants, city.stations, city.customers, city.roads, city.zones)
    picture = Picture(1, 0, nothing, nothing.astype(np.int64), nothing.astype(np.uint8), nothing, nothing.astype(np.uint8))
    words, search = Words("zh_CN", "Asia/Shanghai"), Search(city)
    before = time.process_time()
    started = time.perf_counter()
    search.prepare()
    figures: dict[str, Any] = {
        "pipes": len(network.pipes),
        "assets": sum(map(len, tables)),
        "index_cpu_s": round(time.process_time() - before, 2),
        "index_s": round(time.perf_counter() - started, 2),
    }
    found = {text: min(_key_ms(search, text, picture, words) for _ in range(_TIMES)) for text in texts}
    return figures | {"key_cpu_ms": found, "worst_key_cpu_ms": max(found.values())}


def _key_ms(search: Any, text: str, picture: Any, words: Any) -> float:
    before = time.process_time()
    search.find(text, picture, (), words)
    return round(1e3 * (time.process_time() - before), 1)
