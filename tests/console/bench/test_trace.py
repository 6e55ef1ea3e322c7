"""The benchmark of traces and plans runs and prints the figures asked for."""

from __future__ import annotations

from console.bench.trace import lattice, run


def test_the_figures_of_the_budget_are_all_there() -> None:
    figures = run(pipes=2000)
    assert figures["pipes"] == 2000
    # The work is checked, not the time: on a fast machine times round to zero.
    assert figures["connected_pipes"] > 1900
    assert figures["upstream_pipes"] > 1000
    assert figures["path_pipes"] > 0
    for name in ("segments_ms", "connected_ms", "path_ms", "upstream_ms", "city_plans_s"):
        assert isinstance(figures[name], float)
    for name in ("plan_ms", "alternatives_ms", "replan_ms"):
        assert set(figures[name]) >= {"p50", "p95"}


def test_the_lattice_is_the_same_for_the_same_seed() -> None:
    one, other = lattice(500, seed=3), lattice(500, seed=3)
    assert one.network.valves.pipe.tolist() == other.network.valves.pipe.tolist()
