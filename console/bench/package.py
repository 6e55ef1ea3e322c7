"""Benchmark of the incident package: 12 h of 1,000 stations, one reading a minute, written, opened, replayed; its report."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from console.domain.alarms import Alarm, AlarmKind, Evidence, Priority
from console.domain.changes import GENESIS, Change, Draft, change_hash
from console.domain.clock import micros
from console.domain.expected import CHARTED, ExpectedValues
from console.domain.incidents import Incident, Phase
from console.domain.notes import Note
from console.domain.readings import Channel, ReadingBatch
from console.domain.values import to_json
from console.services.review.record import CaseRecord, Tracks
from maps.city import City, StationTable
from maps.isolation import Isolator
from maps.locate.result import Candidate, Location
from maps.synthetic import SyntheticOptions, build_city

_START = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)
_FRAMES = 600


def run(pipes: int = 20_000, stations: int = 1_000, hours: float = 12.0, window: bool = True) -> dict[str, Any]:
    """Measure; times in seconds (``…_s``) and milliseconds (``…_ms``)."""
    from console.documents.report.html_page import report_html
    from console.package import read_package, write_package
    from console.services.review.replay import Replay

    record = a_record(pipes, stations, hours)
    found: dict[str, Any] = {"pipes": len(record.city.network.pipes), "stations": stations, "readings": len(record.readings)}
    with tempfile.TemporaryDirectory(prefix="quanmai-bench-") as folder:
        path = Path(folder) / "bench.incident"
        began = time.perf_counter()
        report = report_html(record)
        found["report_s"] = _since(began)
        began = time.perf_counter()
        write_package(record, path, report=report)
        found |= {"write_s": _since(began), "package_mb": round(path.stat().st_size / 1e6, 2), "budget_write_s": 5.0}
        found["report_mb"] = round(len(report) / 1e6, 2)
        began = time.perf_counter()
        opened = read_package(path)
        replay = Replay(opened)
        found |= {"open_s": _since(began), "budget_open_s": 2.0}
        times = np.random.default_rng(1).uniform(replay.since_us, replay.until_us, _FRAMES).astype(np.int64)
        found["picture_ms"] = _quantiles([_timed(lambda at=at: replay.picture(int(at))) for at in times])
        if window:
            found |= {"frame_ms": _frames(opened, path), "budget_frame_p95_ms": 16.0}
    return found


def a_record(pipes: int, stations: int, hours: float) -> CaseRecord:
    """The record of a burst in the middle of the period, in a synthetic city."""
    city = _with_stations(build_city(SyntheticOptions(pipes=pipes)), stations)
    rng = np.random.default_rng(7)
    since, until = _START - timedelta(hours=hours / 2), _START + timedelta(hours=hours / 2)
    at_us = np.arange(micros(since), micros(until), 60_000_000, dtype=np.int64)
    count = len(at_us) * stations
    value = 300 + rng.normal(0, 3, count).round(2) - np.where(np.repeat(at_us, stations) > micros(_START), 20, 0)
    batch = ReadingBatch(
        np.tile(np.arange(stations, dtype=np.int32), len(at_us)),
        np.full(count, Channel.PRESSURE, np.uint8),
        np.repeat(at_us, stations) + np.tile(rng.integers(0, 50_000_000, stations), len(at_us)),
        value,
        np.zeros(count, np.uint8),
    )
    delay_us = np.where(rng.random(count) < 0.01, 900e6, 2e6) * rng.random(count)
    batch = replace(batch, arrived_us=batch.at_us + delay_us.astype(np.int64) // 50_000 * 50_000)
    batch = batch.where(np.argsort(batch.at_us, kind="stable"))
    incident, changes = _case(city, until)
    tracks, expected = _tracks(city, at_us, rng), _expected(at_us, stations)
    return CaseRecord(incident, city, changes, (), _alarms(incident), batch, tracks, since, until, expected=expected)


def _expected(at_us: Any, stations: int) -> ExpectedValues:
    """Pressures over the day at each station's level, rounded to 0.01 as in the store."""
    day = 300 + 15 * np.sin(np.arange(len(at_us)) / 229.0)
    expected = np.full((len(at_us), stations, len(CHARTED)), np.nan)
    expected[:, :, 0] = (day[:, None] + np.random.default_rng(11).normal(0, 40, stations)).round(2)
    return ExpectedValues.of_ticks(at_us, expected)


def _with_stations(city: City, count: int) -> City:
    rows = np.random.default_rng(3).choice(len(city.network.nodes), count, replace=count > len(city.network.nodes))
    nodes = city.network.nodes
    table = StationTable.of(
        [f"Q{number:05d}" for number in range(count)],
        name=[f"测点{number}" for number in range(count)],
        node=rows,
        channels=["pressure"] * count,
        x=nodes.x[rows],
        y=nodes.y[rows],
    )
    return replace(city, stations=table)


def _case(city: City, until: datetime) -> tuple[Incident, tuple[Change, ...]]:
    """A case: opened, judged, valves closed one after another, then all phases to the end."""
    pipe = str(city.network.pipes.asset_id[len(city.network.pipes) // 2])
    near = [str(name) for name in city.network.pipes.asset_id[len(city.network.pipes) // 2 :][:30]]
    evidence = tuple(Evidence(str(name), "pressure", 280.0, 300.0, _START) for name in city.stations.asset_id[:20])
    plan = Isolator(city).plan([pipe])
    first = Incident(
        "2024-0001", "经十路 DN300", _START, _START, alarm_ids=("A-000001",), alerted_at=_START, evidence=evidence, is_drill=True,
        location=Location(tuple(Candidate(name, 1 / len(near)) for name in near), tuple(near), "built"), plan=plan,
    )  # fmt: skip
    steps: list[tuple[str, dict[str, Any]]] = [("burst_judged", {"burst_pipes": (pipe,), "phase": Phase.VERIFIED})]
    steps += [("phase_isolating", {"phase": Phase.ISOLATING}), ("phase_isolated", {"phase": Phase.ISOLATED})]
    steps += [("phase_repairing", {"phase": Phase.REPAIRING})]
    drafts = [Draft("incident_opened", "incident/2024-0001", None, to_json(first), Note.literal("立案"))]
    case = first
    for kind, values in steps:
        before = {name: to_json(getattr(case, name)) for name in values}
        case = replace(case, **values)
        after = {name: to_json(getattr(case, name)) for name in values}
        drafts.append(Draft(kind, "incident/2024-0001", before, after, Note.literal(kind)))
    drafts.append(Draft("alarm_raised", "alarm/A-000001", None, to_json(_alarms(first)[0]), Note.literal("报警")))
    gap = (until - _START) / (len(drafts) + 1)
    return replace(case, version=len(steps) + 1), _chained(drafts, gap)


def _chained(drafts: list[Draft], gap: timedelta) -> tuple[Change, ...]:
    made, prev = [], GENESIS
    for seq, draft in enumerate(drafts, start=1):
        at = _START + gap * (seq - 1)
        digest = change_hash(seq, at, "bench", draft, prev)
        made.append(
            Change(seq, at, "bench", draft.kind, draft.subject, draft.before, draft.after, draft.note, None, prev, digest)
        )
        prev = digest
    return tuple(made)


def _alarms(incident: Incident) -> tuple[Alarm, ...]:
    return (Alarm("A-000001", AlarmKind.BURST, Priority.HIGH, "network", _START, incident.evidence, incident_id="2024-0001"),)


def _tracks(city: City, at_us: Any, rng: Any) -> Tracks:
    crews = [str(name) for name in city.crews.asset_id]
    ids = np.empty(len(crews) * len(at_us), dtype=object)
    ids[:] = np.repeat(crews, len(at_us)) if crews else []
    places = rng.normal(0, 5, (len(ids), 2)).cumsum(axis=0) + np.array(city.network.bounds[:2])
    return Tracks(ids, np.tile(at_us, len(crews)), places[:, 0], places[:, 1])


def _frames(record: CaseRecord, path: Path) -> dict[str, float]:
    """Time per frame of the review window: the next moment shown and painted, as at ×600."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from console.ui.review.window import ReviewWindow
    from console.ui.settings import WindowSettings

    app = QApplication.instance() or QApplication(["quanmai-bench"])
    window = ReviewWindow(record, path, WindowSettings("bench", None, "zh_CN", "dark"))
    window.resize(1920, 1080)
    window.show()
    window.settle()
    start = micros(_START) - 600_000_000
    times = [start + number * 20_000_000 for number in range(_FRAMES)]  # ×600 at 30 frames a second

    def frame(at: int) -> None:
        window.go(at)
        app.processEvents()

    for at in times[:20]:
        frame(at)
    found = _quantiles([_timed(lambda at=at: frame(at)) for at in times])
    window.close()
    app.processEvents()
    return found


def _timed(deed: Any) -> float:
    began = time.perf_counter()
    deed()
    return (time.perf_counter() - began) * 1e3


def _quantiles(values: list[float]) -> dict[str, float]:
    return {name: round(float(np.percentile(values, q)), 2) for name, q in (("p50", 50), ("p95", 95), ("p99", 99))}


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 3)
