"""Benchmark of building a synthetic city, with a check of its hydraulics: ``run(pipes) -> dict``."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from maps.city import City
from maps.hydraulics.session import EpanetSession
from maps.synthetic import SyntheticOptions, build_city
from maps.units import kpa_from_head_m, mpa_from_kpa

_HOURS = (3, 7, 13, 19)


def run(pipes: int = 5_000, seed: int = 1) -> dict[str, Any]:
    """Seconds to build a city of ``pipes`` pipes; with a model also its load, median solve and the day's pressures (MPa)."""
    started = time.perf_counter()
    cpu = time.process_time()
    city = build_city(SyntheticOptions(pipes=pipes, seed=seed))
    figures: dict[str, Any] = {
        "pipes": len(city.network.pipes),
        "nodes": len(city.network.nodes),
        "valves": len(city.network.valves),
        "customers": len(city.customers),
        "km": round(float(city.network.pipes.length_m.sum()) / 1000, 1),
        "build_s": round(time.perf_counter() - started, 2),
        "build_cpu_s": round(time.process_time() - cpu, 2),
    }
    if city.epanet is not None:
        figures |= _hydraulics(city)
    return figures


def _hydraulics(city: City) -> dict[str, Any]:
    served = city.network.nodes.demand_m3h > 0
    started = time.perf_counter()
    with EpanetSession(city) as session:
        load_s = time.perf_counter() - started
        seconds, low, high, converged = [], np.inf, -np.inf, True
        for hour in _HOURS:
            started = time.perf_counter()
            state = session.solve(hour * 3600)
            seconds.append(time.perf_counter() - started)
            pressure = state.pressure_m[served]
            low, high = min(low, float(pressure.min())), max(high, float(pressure.max()))
            converged = converged and state.converged
    return {
        "load_s": round(load_s, 2),
        "solve_s": round(float(np.median(seconds)), 3),
        "converged": converged,
        "lowest_mpa": round(mpa_from_kpa(kpa_from_head_m(low)), 3),
        "highest_mpa": round(mpa_from_kpa(kpa_from_head_m(high)), 3),
    }
