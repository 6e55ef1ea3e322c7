"""Each statement about feeds and stations is counted from the picture; none is shown without evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from console.domain.health import FalseBursts, FeedHealth
from console.domain.lease import Lease
from console.domain.picture import Picture, StationState
from console.domain.targets import Target, Targets
from console.ui.appearance import Appearance
from console.ui.panels.status_words import feed_tip, feed_words, station_tip, station_words
from console.ui.panels.top_strip import Seat, TopStrip
from console.ui.settings import WindowSettings
from console.ui.status_banners import lasting_message
from console.ui.theme import Theme
from console.ui.window import MainWindow
from console.ui.words import Words
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui

S = StationState
ALL = {"normal": 1, "learning": 2, "missing": 3, "stale": 4, "fault": 5, "in_case": 8, "warning": 6, "abnormal": 7}


@pytest.fixture(scope="module")
def calm() -> Picture:
    """Thirty-five stations, a feed."""
    return ScriptedPort().latest()


def english() -> Appearance:
    return Appearance(Theme.load("dark"), Words("en", "Asia/Shanghai"))


def of_states(calm: Picture, **counts: int) -> Picture:
    """A picture whose stations are in these states."""
    state = np.concatenate([np.full(n, StationState[name.upper()], dtype=np.uint8) for name, n in counts.items()])
    return replace(calm, station_state=state)


def test_the_count_of_normal_stations_holds_none_that_is_abnormal_late_or_learning(calm: Picture) -> None:
    words = english().words
    text, tone = station_words(of_states(calm, normal=78, abnormal=58), words)
    assert (text, tone) == ("58 abnormal · 78 of 136 stations normal", "warning")
    text, _ = station_words(
        of_states(calm, normal=1, learning=2, missing=3, stale=4, fault=5, in_case=8, warning=6, abnormal=7), words
    )
    assert text == "7 abnormal · 8 in a case · 1 of 36 stations normal · 6 warning · 4 late · 3 no data · 5 faulty · 2 learning"
    assert station_words(of_states(calm, normal=35), words) == ("35 of 35 stations normal", "")


def test_reporting_stations_are_those_that_are_neither_late_nor_missing(calm: Picture) -> None:
    told = station_tip(
        of_states(calm, normal=1, learning=2, missing=3, stale=4, fault=5, in_case=8, warning=6, abnormal=7), english().words
    )
    assert told.splitlines()[0] == "Reporting: 29 of 36"
    counted = [int(line.rpartition(": ")[2]) for line in told.splitlines()[1:]]
    assert sum(counted) == 36


def test_the_false_bursts_to_expect_are_told_with_what_history_cannot_exclude(calm: Picture) -> None:
    told = station_tip(replace(calm, false_bursts=FalseBursts(0.5, 2.48, 27.8)), english().words)
    assert told.splitlines()[-1] == ("False bursts expected: 0.5 a month; with 28 days of history up to 2.5 cannot be excluded")
    assert "False" not in station_tip(calm, english().words)


def test_without_readings_or_stations_nothing_is_called_normal(calm: Picture) -> None:
    words = english().words
    assert station_words(of_states(calm, missing=136), words)[0] == "136 stations, no reading yet"
    assert station_words(replace(calm, station_state=np.empty(0, np.uint8)), words)[0] == "No stations"


def test_a_console_without_a_broker_has_no_feed_and_says_so(calm: Picture) -> None:
    appearance = english()
    alone = replace(calm, feeds=())
    assert feed_words(alone, appearance) == ("No feed", "warning")
    assert "No feed" in lasting_message(alone, None, 0.0, appearance.words)
    drill = replace(calm, feeds=(FeedHealth("simulator", "up"),))
    assert feed_words(drill, appearance) == ("Feeds up: 1", "")


def test_a_connected_feed_without_a_reading_is_not_called_more_than_connected(calm: Picture) -> None:
    mute = replace(calm, at_us=np.zeros_like(calm.at_us), feeds=(FeedHealth("mqtt", "up"),))
    assert feed_words(mute, english()) == ("Feeds up: 1 · no reading yet", "warning")


def test_of_several_feeds_in_trouble_the_one_that_is_down_is_named(calm: Picture) -> None:
    feeds = (FeedHealth("mqtt", "connecting", "host:1883"), FeedHealth("opcua", "down", "no server"))
    text, tone = feed_words(replace(calm, feeds=feeds), english())
    assert (text, tone) == ("✕ opcua · Down · no server", "critical")


def test_the_tooltip_of_the_feeds_names_the_leading_process(calm: Picture) -> None:
    appearance, holder = english(), "quanmai engine pid 7 on centre"
    assert "lead" not in feed_tip(calm, appearance).lower()
    assert "This seat leads" in feed_tip(replace(calm, lease=Lease(holder, 3, is_ours=True)), appearance)
    assert f"Leading: {holder}" in feed_tip(replace(calm, lease=Lease(holder, 3, is_ours=False)), appearance)


def test_the_strip_says_in_short_who_leads(calm: Picture) -> None:
    appearance, holder = english(), "quanmai engine pid 7 on centre"
    ours, theirs = (replace(calm, lease=Lease(holder, 3, is_ours=is_ours)) for is_ours in (True, False))
    assert feed_words(ours, appearance)[0] == f"{feed_words(calm, appearance)[0]} · this seat leads"
    assert feed_words(theirs, appearance)[0] == f"{feed_words(calm, appearance)[0]} · led by engine"


def test_the_strip_shows_how_many_stations_a_burst_made_abnormal(window: MainWindow, port: ScriptedPort) -> None:
    port.burst(stations=7)
    window.settle()
    counts = {state: int((port.latest().station_state == state).sum()) for state in StationState}
    told = "\n".join(label.text() for label in window.strip.findChildren(QLabel))
    assert (counts[S.ABNORMAL], counts[S.IN_CASE]) == (0, 7)
    assert f"7 归入事件 · {counts[S.NORMAL]}/35 测点正常" in told


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_strip_of_one_case_fits_a_screen_of_1366_pixels_and_names_the_abnormal_first(qtbot: QtBot, language: str) -> None:
    port = ScriptedPort()
    made = MainWindow(port, WindowSettings("王小明", None, language, "dark"))
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    port.burst(stations=7)
    made.settle()
    assert made.width() == 1366
    assert made.strip._stations.text.text().startswith("7 ")
    made.close()


@pytest.mark.parametrize(("minutes", "said"), [(15.0, "target 15 min"), (0.0, "")])
def test_the_strip_names_the_target_that_the_utility_has_set(qtbot: QtBot, port: ScriptedPort, minutes: float, said: str) -> None:
    port.burst()
    strip = TopStrip(english(), Seat("", "王"), Targets(issue=Target(minutes, min(minutes, 3.0))))
    qtbot.addWidget(strip)
    strip.resize(1700, 40)
    strip.show()
    strip.show_picture(port.latest())
    text = strip._cases[0].text()
    assert ("target" in text, said in text, "elapsed" in text) == (bool(said), True, True)


def test_what_is_down_is_said_with_the_time_since_when(window: MainWindow, port: ScriptedPort) -> None:
    window.settle()
    up = port.feeds
    port.feeds = (replace(up[0], state="down", message="no route"),)
    port.publish()
    window.settle()
    first = window.messages.text
    assert "23:00:05" in first
    port.wait(90, measuring=False)
    window.settle()
    assert window.messages.text == first, "since when it is down, not for how long: the text stays still"
    port.feeds = up
    port.publish()
    window.settle()
    assert "23:00:05" not in window.messages.text
