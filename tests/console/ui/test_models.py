"""Models emit only differences, and Qt's model tester finds no fault."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPersistentModelIndex
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from console.domain.alarms import Alarm, AlarmKind, Priority
from console.domain.notes import Code, Note
from console.domain.picture import StationState
from console.domain.readings import Channel
from console.ui.appearance import Appearance
from console.ui.map.layers import LayerSettings
from console.ui.map.live.stations import main_channels
from console.ui.models.alarms import AlarmModel
from console.ui.models.rows import Column, RowsModel
from console.ui.models.stations import StationModel, WorstFirst
from console.ui.models.timeline import TimelineModel
from console.ui.panels.map.layers import LayersPanel
from console.ui.theme import Theme
from console.ui.words import Words
from tests.console.services.town import NOW
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui
WORDS = Words("zh_CN", "Asia/Shanghai")
FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


@dataclass(frozen=True)
class Thing:
    """An item."""

    key: int
    value: int


THINGS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), unique_by=lambda pair: pair[0], max_size=10)
FLOOD = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 3)), unique_by=lambda pair: pair[0], min_size=30, max_size=60)


@settings(max_examples=80, deadline=None)
@given(st.lists(THINGS | FLOOD, min_size=1, max_size=6))
def test_any_list_after_any_other_ends_up_shown(rounds: list[list[tuple[int, int]]]) -> None:
    model: RowsModel[Thing] = RowsModel(lambda thing: thing.key, [Column("value", lambda thing: str(thing.value))])
    tester = QAbstractItemModelTester(model, FATAL)
    for pairs in rounds:
        things = [Thing(*pair) for pair in pairs]
        model.apply(things)
        assert list(model.items()) == things
    assert tester.model() is model


def test_an_equal_list_emits_no_signal(qtbot: QtBot) -> None:
    model: RowsModel[Thing] = RowsModel(lambda thing: thing.key, [Column("value", lambda thing: str(thing.value))])
    model.apply([Thing(1, 1), Thing(2, 2)])
    with qtbot.assertNotEmitted(model.dataChanged), qtbot.assertNotEmitted(model.rowsInserted):
        model.apply([Thing(1, 1), Thing(2, 2)])
    with qtbot.waitSignal(model.dataChanged, timeout=60_000) as told:
        model.apply([Thing(1, 1), Thing(2, 5)])
    assert told.args is not None
    assert (told.args[0].row(), told.args[1].row()) == (1, 1)


def test_thousands_of_rows_are_added_removed_and_reordered_in_a_few_signals(qapp: object) -> None:
    model: RowsModel[Thing] = RowsModel(lambda thing: thing.key, [Column("value", lambda thing: str(thing.value))])
    told: list[str] = []
    for name in ("rowsInserted", "rowsRemoved", "rowsMoved", "layoutChanged", "dataChanged", "settled"):
        getattr(model, name).connect(lambda *_, name=name: told.append(name))
    everything = [Thing(key, 1) for key in range(3000)]
    for things in (everything[::2], everything, everything[::-1], [replace(one, value=2) for one in everything[::3]], []):
        told.clear()
        model.apply(things)
        assert list(model.items()) == things
        assert 0 < len(told) <= 6
        assert told.count("settled") == 1


def test_a_persistent_index_follows_its_item(qapp: object) -> None:
    model: RowsModel[Thing] = RowsModel(lambda thing: thing.key, [Column("value", lambda thing: str(thing.value))])
    model.apply([Thing(key, key) for key in range(40)])
    held, lost = QPersistentModelIndex(model.index(7, 0)), QPersistentModelIndex(model.index(8, 0))
    model.apply([Thing(key, key) for key in range(99, -1, -1) if key % 2])
    assert held.data() == "7"
    assert not lost.isValid()


def test_alarms_name_stations_deviations_and_references(qapp: object, port: ScriptedPort) -> None:
    port.burst()
    model = AlarmModel(port.city, Theme.load("dark"), WORDS)
    tester = QAbstractItemModelTester(model, FATAL)
    model.apply(port.latest().alarms)
    texts = [model.index(0, column).data() for column in range(model.columnCount())]
    assert texts[1] == "23:00:05"
    assert "MPa，预期 0.3" in texts[3]
    assert "另 6 个测点" in texts[3]
    assert texts[4].startswith("−0.1")
    assert CASE in texts[5]
    assert tester.model() is model


def test_the_log_is_append_only_in_its_order(qapp: object, port: ScriptedPort) -> None:
    port.burst()
    model = TimelineModel(Theme.load("light"), Words("en", "Asia/Shanghai"))
    model.apply(port.timeline(CASE))
    assert str(model.index(0, 2).data()).startswith("Suspected burst, case opened: ")


def test_the_log_reads_in_the_language_of_the_window_and_older_texts_are_worded_by_their_kind(
    qapp: object, port: ScriptedPort
) -> None:
    port.burst()
    opened = port.timeline(CASE)[0]
    older = replace(opened, seq=opened.seq + 100, note=Note.literal("疑似爆管立案"))
    chinese, theme = Words("zh_CN", "Asia/Shanghai"), Theme.load("light")
    model = TimelineModel(theme, Words("en", "Asia/Shanghai"))
    model.apply([opened, older])
    assert "area alert prepared" in model.index(0, 2).data()
    assert model.index(1, 2).data() == "Suspected burst: case opened, area alert prepared"
    model.set_appearance(theme, chinese)
    assert "已生成片区预警" in model.index(0, 2).data()
    assert model.index(1, 2).data() == "疑似爆管立案"


@pytest.mark.parametrize(
    ("language", "keyed", "older"),
    [("zh_CN", "计划施工 H10，换阀", "计划施工 H10，换阀"), ("en", "planned works H10: 换阀", "Planned works · 换阀")],
)
def test_an_operation_in_the_list_reads_in_the_language_of_the_window(
    qapp: object, port: ScriptedPort, language: str, keyed: str, older: str
) -> None:
    works = Note("operation.at_asset", operation=Code("operation", "works"), asset="H10")
    detail = Note("operation.with_note", operation=works, note="换阀")
    alarm = Alarm("A-1", AlarmKind.OPERATION, Priority.LOW, "H10", NOW, detail=detail, code="works", ends_at=NOW)
    model = AlarmModel(port.city, Theme.load("dark"), Words(language, "Asia/Shanghai"))
    model.apply([alarm, replace(alarm, alarm_id="A-2", detail=Note.literal("计划施工 H10，换阀"))])
    assert str(model.index(0, 3).data()).casefold() == keyed.casefold()
    assert model.index(1, 3).data() == older


def test_only_changed_stations_are_emitted(qtbot: QtBot, port: ScriptedPort) -> None:
    picture = port.latest()
    model = StationModel(port.city, main_channels(port.city), picture, Theme.load("dark"), WORDS)
    tester = QAbstractItemModelTester(model, FATAL)
    with qtbot.assertNotEmitted(model.dataChanged):
        model.show_picture(replace(picture, version=2))
    value = picture.value.copy()
    value[[4, 5, 9], Channel.PRESSURE] = 200.0
    told: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last, *_: told.append((first.row(), last.row())))
    model.show_picture(replace(picture, version=3, value=value))
    assert told == [(4, 5), (9, 9)]
    assert model.index(4, 1).data() == "0.200 MPa"
    assert tester.model() is model


def test_a_silent_station_grows_older_and_turns_stale_by_itself(qapp: object, port: ScriptedPort) -> None:
    model = StationModel(port.city, main_channels(port.city), port.latest(), Theme.load("dark"), WORDS)
    port.wait(20 * 60, measuring=False)
    model.show_picture(port.latest())
    assert model.index(0, 2).data() == "20分"
    assert np.unique(port.latest().station_state).tolist() == [StationState.STALE]
    assert port.now() == NOW + timedelta(minutes=20)


def test_the_list_of_stations_is_sorted_anew_when_a_state_changes_and_keeps_its_order_for_mere_ages(
    qtbot: QtBot, port: ScriptedPort
) -> None:
    picture = port.latest()
    appearance = Appearance(Theme.load("dark"), WORDS)
    model = StationModel(port.city, main_channels(port.city), picture, appearance.theme, WORDS)
    panel = LayersPanel(port.city, appearance, model, LayerSettings(frozenset()))
    qtbot.addWidget(panel)
    shown = panel.table.model()
    state = picture.station_state.copy()
    state[7] = StationState.ABNORMAL
    model.show_picture(replace(picture, version=2, station_state=state))
    assert shown.index(0, 0).data() == model.index(7, 0).data()
    with qtbot.assertNotEmitted(shown.layoutChanged):
        model.show_picture(replace(picture, version=3, station_state=state, now_us=picture.now_us + 5_000_000))
    assert shown.index(0, 2).data() == model.index(7, 2).data()


def test_the_worst_stations_stand_first_and_what_is_selected_stays_selected(qtbot: QtBot, port: ScriptedPort) -> None:
    picture = port.latest()
    model = StationModel(port.city, main_channels(port.city), picture, Theme.load("dark"), WORDS)
    shown = WorstFirst(model)
    QAbstractItemModelTester(shown, FATAL)
    kept = QPersistentModelIndex(shown.index(2, 0))
    named = kept.data()
    random = np.random.default_rng(1)
    for version in range(2, 8):
        state = random.choice([0, 2, 3, 7], len(picture.station_state)).astype(np.uint8)
        value = picture.value + random.normal(0.0, 5.0, picture.value.shape)
        model.show_picture(replace(picture, version=version, station_state=state, value=value))
        expected = sorted(range(len(state)), key=lambda row: (-int(state[row]), row))
        names = [shown.index(place, 0).data() for place in range(shown.rowCount())]
        assert names == [model.index(row, 0).data() for row in expected]
        assert [shown.mapToSource(shown.index(place, 0)).row() for place in range(shown.rowCount())] == expected
        assert kept.data() == named


def test_a_changed_value_is_emitted_for_the_row_of_its_station(qtbot: QtBot, port: ScriptedPort) -> None:
    picture = port.latest()
    model = StationModel(port.city, main_channels(port.city), picture, Theme.load("dark"), WORDS)
    shown = WorstFirst(model)
    state = picture.station_state.copy()
    state[7] = StationState.ABNORMAL
    picture = replace(picture, version=2, station_state=state)
    model.show_picture(picture)
    value = picture.value.copy()
    value[7, Channel.PRESSURE] = 111.0
    with qtbot.waitSignal(shown.dataChanged, timeout=60_000) as told:
        model.show_picture(replace(picture, version=3, value=value))
    first, last = told.args[:2]
    assert (first.row(), last.row()) == (0, 0)
