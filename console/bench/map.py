"""Benchmark of the map: full redraw, frames while panning, overlay, picking, opening, memory."""

from __future__ import annotations

import gc
import os
import tracemalloc
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps.city import City, CityInfo, StationTable
from maps.network import NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable

_SEGMENTS_A_PIPE = 5
_BLOCK_M = 110.0
_REPEATS = 5
_PAN_FRAMES = 120
_STATIONS = 10_000


def run(pipes: int = 200_000, size: tuple[int, int] = (2560, 1440)) -> dict[str, Any]:
    """Measure the map of a grid city of about ``pipes`` pipes with five segments each, drawn at ``size`` (px), antialiased."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    city = grid_city(pipes)
    result: dict[str, Any] = {
        "pipes": len(city.network.pipes),
        "segments": len(city.network.pipes.vertices) - len(city.network.pipes),
        "size": f"{size[0]}x{size[1]}",
    }
    result |= _measure(city, size)
    del app
    return result


def _measure(city: City, size: tuple[int, int]) -> dict[str, Any]:
    from console.ui.map.camera import Camera
    from console.ui.map.scene import MapLayer, Scene
    from console.ui.map.static_layer import StaticStyle
    from console.ui.theme import Theme

    style = StaticStyle(Theme.load("dark"), frozenset(MapLayer))
    memory = _memory_mb(city, size, style)
    begin = perf_counter()
    scene = Scene(city)
    camera = Camera(0.0, 0.0, 1.0, *size).fitted(scene.bounds)
    _redraw_ms(scene, camera, style)
    open_s = perf_counter() - begin
    cameras = {f"x{factor}": camera.zoomed(factor, size[0] / 2, size[1] / 2) for factor in (1, 8, 64)}
    redraw = {}
    for name, view in cameras.items():
        _redraw_ms(scene, view, style)
        redraw[name] = round(min(_redraw_ms(scene, view, style) for _ in range(_REPEATS)), 1)
    return {
        "redraw_ms": redraw,
        **_frames(city, size, style.theme),
        "pick_ms": {"p95": round(_pick_p95_ms(scene, camera), 3)},
        "open_s": round(open_s, 2),
        "map_memory_mb": round(memory, 1),
    }


def _memory_mb(city: City, size: tuple[int, int], style: Any) -> float:
    """What a scene keeps once it has been drawn at three scales, MB (numpy's share; pictures are Qt's)."""
    from console.ui.map.camera import Camera
    from console.ui.map.scene import Scene

    gc.collect()
    tracemalloc.start()
    scene = Scene(city)
    for factor in (1, 8, 64):
        _redraw_ms(scene, Camera(0.0, 0.0, 1.0, *size).fitted(scene.bounds).zoomed(factor, size[0] / 2, size[1] / 2), style)
    kept = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    return kept


def _redraw_ms(scene: Any, camera: Any, style: Any) -> float:
    from console.ui.map.static_layer import blank, paint_static

    begin = perf_counter()
    for _ in paint_static(blank(camera, style), scene, camera, style):
        pass
    return (perf_counter() - begin) * 1000


def _frames(city: City, size: tuple[int, int], theme: Any) -> dict[str, Any]:
    """Frames of a real canvas: panning while the redraw runs in slices; then the overlay with ten thousand stations."""
    from PySide6.QtCore import QCoreApplication

    from console.ui.map.canvas import MapCanvas
    from console.ui.map.scene import MapLayer, Scene
    from console.ui.words import Words

    canvas = MapCanvas(Scene(city), _picture(len(city.stations)), theme, Words("zh_CN", city.info.time_zone))
    canvas.resize(*size)
    canvas.show()
    QCoreApplication.processEvents()
    canvas.renderer.draw_now()
    canvas.repaint()
    overlay = [_timed(canvas.repaint) for _ in range(30)]
    canvas.set_visible(frozenset(MapLayer) - {MapLayer.STATIONS})
    frames = []
    for step in range(_PAN_FRAMES):
        begin = perf_counter()
        canvas.look(canvas.camera.panned(6.0 if step % 40 < 20 else -6.0, 3.0))
        canvas.repaint()
        frames.append((perf_counter() - begin) * 1000)
        QCoreApplication.processEvents()
    canvas.close()
    return {
        "pan_frame_ms": {"p50": _percentile(frames, 50), "p99": _percentile(frames, 99)},
        "overlay_frame_ms": {"p50": _percentile(overlay, 50), "p95": _percentile(overlay, 95)},
    }


def _timed(deed: Any) -> float:
    begin = perf_counter()
    deed()
    return (perf_counter() - begin) * 1000


def _percentile(values: list[float], share: float) -> float:
    return round(float(np.percentile(values, share)), 1)


def _pick_p95_ms(scene: Any, camera: Any) -> float:
    rng = np.random.default_rng(3)
    low_x, low_y, high_x, high_y = scene.bounds
    scene.pipes.near(low_x, low_y, 1.0)
    times = [_timed(lambda: scene.pipes.near(rng.uniform(low_x, high_x), rng.uniform(low_y, high_y), 40.0)) for _ in range(300)]
    return float(np.percentile(times, 95))


def _picture(stations: int) -> Any:
    from console.domain.picture import Picture
    from console.domain.readings import Channel

    shape = (stations, len(Channel))
    now = 1_704_294_005_000_000
    state = np.zeros(stations, dtype=np.uint8)
    state[:: max(stations // 20, 1)] = 6
    return Picture(
        1,
        now,
        np.full(shape, 352.0),
        np.full(shape, now - 4_000_000, dtype=np.int64),
        np.zeros(shape, dtype=np.uint8),
        np.full(shape, 352.0),
        state,
    )


def grid_city(pipes: int) -> City:
    """A street grid of about ``pipes`` pipes whose lines bend a little; mains every tenth street. Coordinates in metres."""
    side = max(round((pipes / 2) ** 0.5), 2)
    rng = np.random.default_rng(1)
    column, row = np.meshgrid(np.arange(side), np.arange(side))
    x = 480_000 + column.ravel() * _BLOCK_M + rng.normal(0, 12, side * side)
    y = 4_040_000 + row.ravel() * _BLOCK_M + rng.normal(0, 12, side * side)
    grid = np.arange(side * side).reshape(side, side)
    across = np.column_stack([grid[:, :-1].ravel(), grid[:, 1:].ravel()])
    along = np.column_stack([grid[:-1].ravel(), grid[1:].ravel()])
    ends = np.vstack([across, along])
    street = np.concatenate([across[:, 0] // side, along[:, 0] % side])
    diameter = np.where(street % 40 == 0, 1000.0, np.where(street % 10 == 0, 500.0, np.where(street % 3 == 0, 200.0, 100.0)))
    nodes = NodeTable.of([f"J{i}" for i in range(len(x))], x=x, y=y)
    table = PipeTable.of(
        [f"P{i}" for i in range(len(ends))],
        from_node=ends[:, 0],
        to_node=ends[:, 1],
        diameter_mm=diameter,
        length_m=np.full(len(ends), _BLOCK_M),
        vertices=_bent(nodes, ends, rng),
        offsets=np.arange(len(ends) + 1, dtype=np.int64) * (_SEGMENTS_A_PIPE + 1),
    )
    at = rng.choice(len(x), min(_STATIONS, len(x)), replace=False)
    stations = StationTable.of([f"S{i}" for i in range(len(at))], node=at, channels=["pressure"] * len(at), x=x[at], y=y[at])
    network = PipeNetwork(nodes, table, PumpTable.empty(), ValveTable.empty(), "EPSG:4548")
    return City(CityInfo("bench", "bench", synthetic=True), network, stations=stations)


def _bent(nodes: NodeTable, ends: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Points of each pipe, (pipes × 6, 2): the straight line, its inner points moved a metre or two."""
    start = np.column_stack([nodes.x[ends[:, 0]], nodes.y[ends[:, 0]]])
    stop = np.column_stack([nodes.x[ends[:, 1]], nodes.y[ends[:, 1]]])
    share = np.linspace(0, 1, _SEGMENTS_A_PIPE + 1)[None, :, None]
    points = start[:, None, :] * (1 - share) + stop[:, None, :] * share
    points[:, 1:-1] += rng.normal(0, 1.5, points[:, 1:-1].shape)
    return points.reshape(-1, 2)
