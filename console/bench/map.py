"""Benchmark of the map: full redraw, frames while panning, overlay, picking, opening, memory."""

from __future__ import annotations

import gc
import os
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.garbage_collection import set_loaded_aside
from maps.city import City, CityInfo, StationTable
from maps.errors import InputFault
from maps.network import NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable

_SEGMENTS_A_PIPE = 5
_BLOCK_M = 110.0
_REPEATS = 9
_STATIONS = 10_000
_CREWS = 500
_TRACED = 20_000


def run(pipes: int = 200_000, size: str = "2560x1440", frames: int = 120) -> dict[str, Any]:
    """Measure the map of a grid city of about ``pipes`` pipes with five segments each, drawn at ``size`` (px), antialiased."""
    width, _, height = size.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise InputFault(f"size {size!r}: give it as 2560x1440")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    city = grid_city(pipes)
    result: dict[str, Any] = {
        "pipes": len(city.network.pipes),
        "segments": len(city.network.pipes.vertices) - len(city.network.pipes),
        "size": size,
    }
    result |= _measure(city, (int(width), int(height)), frames)
    del app
    return result


def _measure(city: City, size: tuple[int, int], frames: int) -> dict[str, Any]:
    from console.ui.map.drawing.band import StaticStyle
    from console.ui.map.layers import LayerSettings, MapLayer
    from console.ui.map.scene import Scene
    from console.ui.map.view.camera import Camera
    from console.ui.theme import Theme

    style = StaticStyle(Theme.load("dark"), LayerSettings(frozenset(MapLayer)))
    memory = _memory_mb(city, size, style)
    begin = perf_counter()
    scene = Scene(city)
    camera = Camera(0.0, 0.0, 1.0, *size).fitted(scene.bounds)
    _redraws_ms(scene, camera, style, 1)
    open_s = perf_counter() - begin
    redraw = {
        f"x{factor}": round(min(_redraws_ms(scene, camera.zoomed(factor, size[0] / 2, size[1] / 2), style, _REPEATS)), 1)
        for factor in (1, 8, 64)
    }
    return {
        "redraw_ms": redraw,
        **_frames(scene, size, style.theme, frames),
        "pick_ms": {"p95": round(_pick_p95_ms(scene), 3)},
        "open_s": round(open_s, 2),
        "map_memory_mb": round(memory, 1),
        "load_1_min": round(os.getloadavg()[0], 2),
    }


def _memory_mb(city: City, size: tuple[int, int], style: Any) -> float:
    """Memory of a scene after drawing at three scales, MB (arrays only; images are allocated by Qt)."""
    from console.ui.map.scene import Scene
    from console.ui.map.view.camera import Camera

    gc.collect()
    tracemalloc.start()
    scene = Scene(city)
    for factor in (1, 8, 64):
        camera = Camera(0.0, 0.0, 1.0, *size).fitted(scene.bounds)
        _redraws_ms(scene, camera.zoomed(factor, size[0] / 2, size[1] / 2), style, 1)
    kept = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    return kept


def _redraws_ms(scene: Any, camera: Any, style: Any, times: int) -> list[float]:
    """Times of full redraws as in the renderer, ms: in bands on threads, into a reused image."""
    from console.ui.map.drawing.static_layer import BANDS, Extras, blank, paint_static

    image = blank(camera, style)
    with ThreadPoolExecutor(max(BANDS - 1, 1)) as pool:
        paint_static(image, scene, camera, style, Extras(), pool)
        return [_timed(lambda: paint_static(image, scene, camera, style, Extras(), pool)) for _ in range(times)]


def _frames(scene: Any, size: tuple[int, int], theme: Any, count: int) -> dict[str, Any]:
    """Frames of a real canvas with all live items, each with new values; then panning and zooming during redraws."""
    from PySide6.QtCore import QCoreApplication, QPointF

    from console.ui.map.canvas import MapCanvas
    from console.ui.map.layers import MapLayer
    from console.ui.map.live.marks import Highlight, MarkLines
    from console.ui.words import Words

    city = scene.city
    canvas = MapCanvas(scene, _picture(city, 0), theme, Words("zh_CN", city.info.time_zone))
    canvas.resize(*size)
    canvas.show()
    QCoreApplication.processEvents()
    canvas.highlight((Highlight(MarkLines(_trace(city))),))
    canvas.navigation.fit_all()
    canvas.settle()
    set_loaded_aside()
    overlay = []
    for step in range(max(count // 2, 1)):
        canvas.show_picture(_picture(city, step))
        overlay.append(_timed(canvas.repaint))
    canvas.highlight(())
    canvas.set_visible(canvas.visible_layers - {MapLayer.STATIONS, MapLayer.CREWS})
    canvas.settle()
    frames = []
    for step in range(count):
        begin = perf_counter()
        if step % 10 == 9:
            canvas.navigation.zoom(1.25 if step % 20 == 9 else 0.8, QPointF(size[0] / 3, size[1] / 3))
        else:
            canvas.navigation.look(canvas.camera.panned(6.0 if step % 40 < 20 else -6.0, 3.0))
        canvas.repaint()
        frames.append((perf_counter() - begin) * 1000)
        QCoreApplication.processEvents()
    canvas.close()
    canvas.shut()
    return {
        "pan_frame_ms": {"p50": _percentile(frames, 50), "p99": _percentile(frames, 99)},
        "overlay_frame_ms": {"p50": _percentile(overlay, 50), "p95": _percentile(overlay, 95)},
    }


def _trace(city: City) -> NDArray[np.float64]:
    """Segments of the pipes around the centre, (n, 4): a tenth of the city, at most 20,000 pipes."""
    pipes = city.network.pipes
    middle = pipes.vertices[pipes.offsets[:-1]]
    away = np.abs(middle - np.median(middle, axis=0)).max(axis=1)
    rows = np.argsort(away)[: min(_TRACED, len(pipes))]
    return np.vstack([np.hstack([line[:-1], line[1:]]) for line in (pipes.points(int(row)) for row in rows)])


def _timed(action: Any) -> float:
    begin = perf_counter()
    action()
    return (perf_counter() - begin) * 1000


def _percentile(values: list[float], share: float) -> float:
    return round(float(np.percentile(values, share)), 1)


def _pick_p95_ms(scene: Any) -> float:
    rng = np.random.default_rng(3)
    low_x, low_y, high_x, high_y = scene.bounds
    scene.pipes.near(low_x, low_y, 1.0)
    times = [_timed(lambda: scene.pipes.near(rng.uniform(low_x, high_x), rng.uniform(low_y, high_y), 40.0)) for _ in range(300)]
    return float(np.percentile(times, 95))


def _picture(city: City, step: int) -> Any:
    """Live values of one moment: one station in 500 is abnormal; 500 crews, some of them driving."""
    from console.domain.crews import CrewFix, CrewState
    from console.domain.picture import Picture
    from console.domain.readings import Channel

    stations = len(city.stations)
    shape = (stations, len(Channel))
    now = 1_704_294_005_000_000 + step * 1_000_000
    state = np.zeros(stations, dtype=np.uint8)
    state[step % 7 :: max(stations // 20, 1)] = 6
    rng = np.random.default_rng(step)
    low_x, low_y, high_x, high_y = city.network.bounds
    states = tuple(CrewState)
    crews = tuple(
        CrewFix(
            f"c{i}",
            f"抢修{i}队",
            low_x + (high_x - low_x) * (i % 25) / 25,
            low_y + (high_y - low_y) * (i // 25) / 20 + step,
            now - 9_000_000,
            states[i % 5],
            float(i % 360),
            4.0 if i % 2 else 0.0,
        )
        for i in range(_CREWS)
    )
    return Picture(
        1 + step,
        now,
        352.0 + rng.normal(0, 3, shape),
        np.full(shape, now - 4_000_000, dtype=np.int64),
        np.zeros(shape, dtype=np.uint8),
        np.full(shape, 352.0),
        state,
        crews=crews,
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
    """Points of each pipe, (pipes × 6, 2): a straight line with inner points displaced by 1–2 m."""
    start = np.column_stack([nodes.x[ends[:, 0]], nodes.y[ends[:, 0]]])
    stop = np.column_stack([nodes.x[ends[:, 1]], nodes.y[ends[:, 1]]])
    share = np.linspace(0, 1, _SEGMENTS_A_PIPE + 1)[None, :, None]
    points = start[:, None, :] * (1 - share) + stop[:, None, :] * share
    points[:, 1:-1] += rng.normal(0, 1.5, points[:, 1:-1].shape)
    return points.reshape(-1, 2)
