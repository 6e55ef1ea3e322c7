"""Across threads: the newest picture is delivered, late answers are dropped, nothing is delivered after closing."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread

import pytest
from pytestqt.qtbot import QtBot

from console.domain.picture import Picture
from console.ui.background_tasks import BackgroundTasks
from console.ui.bridge import PictureBridge
from maps.errors import QuanmaiError
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui


def test_of_many_pictures_few_arrive_and_the_last_one_does(qtbot: QtBot, port: ScriptedPort) -> None:
    bridge, seen = PictureBridge(), list[Picture]()
    bridge.arrived.connect(seen.append)
    picture = port.latest()

    def push_all() -> None:
        for version in range(5000):
            bridge.push(replace(picture, version=version))

    thread = Thread(target=push_all)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(seen) and seen[-1].version == 4999, timeout=60_000)
    assert len(seen) <= 3
    bridge.close()
    bridge.push(replace(picture, version=6000))
    qtbot.wait(150)
    assert seen[-1].version == 4999


def test_a_late_answer_is_dropped(qtbot: QtBot) -> None:
    tasks, gate, seen = BackgroundTasks("test"), Event(), list[object]()

    def slow() -> str:
        gate.wait(5)
        return "old"

    tasks.request("log", slow, seen.append)
    tasks.request("log", lambda: "new", seen.append)
    gate.set()
    qtbot.waitUntil(lambda: not tasks.busy, timeout=60_000)
    assert seen == ["new"]
    tasks.close()


def test_a_failed_read_is_one_line(qtbot: QtBot) -> None:
    def fails() -> object:
        raise QuanmaiError("store: the disk is full; make room")

    tasks = BackgroundTasks("test")
    with qtbot.waitSignal(tasks.failed, timeout=60_000) as told:
        tasks.request("log", fails, lambda _: None)
    assert told.args == ["store: the disk is full; make room"]
    tasks.close()
