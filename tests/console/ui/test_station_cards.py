"""Station dialogs: live values with their age, the chosen trend, own alarms; one dialog for each station."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel

from console.domain.readings import Channel
from console.ui.dialogs.station import StationDialog
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui


def said(dialog: StationDialog) -> str:
    """Everything that can be read in the dialog now."""
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if not label.isHidden())


def test_a_station_shows_its_value_age_and_trend(window: MainWindow, port: ScriptedPort) -> None:
    dialog = window.station_cards.show(3)
    window.settle()
    value = port.latest().value[3, Channel.PRESSURE] / 1000
    assert f"{value:.3f} MPa" in said(dialog)
    assert "Q-003" in said(dialog)
    assert "个读数" in said(dialog)
    port.wait(47, measuring=False)
    window.settle()
    age = int(port.latest().age_s()[3, Channel.PRESSURE])
    assert f"{age}秒" in said(dialog)


def test_the_legend_of_the_band_names_its_scatter(window: MainWindow) -> None:
    window.station_cards.show(3)
    window.settle()
    assert "阴影为预期 ±3.6 kPa（本测点 3σ）" in said(window.station_cards.show(3))  # the scripted noise is 1.2 kPa


def test_a_station_card_lists_the_stations_own_alarms_only(window: MainWindow, port: ScriptedPort) -> None:
    mine, other = window.station_cards.show(4), window.station_cards.show(5)
    port.station_event(4, "frozen")
    window.settle()
    assert "没有进行中的报警" not in said(mine)
    assert "没有进行中的报警" in said(other)


def test_a_station_card_opens_once_and_anew_after_it_was_closed(window: MainWindow) -> None:
    first = window.station_cards.show(2)
    assert window.station_cards.show(2) is first
    first.close()
    assert window.station_cards.show(2) is not first


def test_a_station_card_changes_language_with_the_window_and_keeps_its_channel(window: MainWindow) -> None:
    window.station_cards.show(0).look_at(Channel.FLOW, 2)  # Q-000 measures both
    window.choice.toggle_language()
    window.settle()
    assert "Pressure" in said(window.station_cards.show(0))
    assert window.station_cards.show(0).view == (Channel.FLOW, 2)


def test_an_alarm_of_a_case_names_it_and_one_of_yesterday_its_date(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    moved = port.city.stations.row(port.case.evidence[0].station_id)
    assert "23:00:05 · 疑似爆管 · 未确认 · 2024-0001" in said(window.station_cards.show(moved))
    port.wait(86_400)
    window.settle()
    assert "01-03 23:00 · 疑似爆管" in said(window.station_cards.show(moved))


def test_limits_are_listed_with_their_article_and_a_broken_one_is_marked(window: MainWindow, port: ScriptedPort) -> None:
    dialog = window.station_cards.show(4)
    port.station_event(4, "low_pressure", observed=121.0, limit=140.0)
    window.settle()
    assert "限值 不低于 0.14 MPa" in said(dialog)
    assert "压力 0.121 MPa，低于 0.14 MPa" in said(dialog)


def test_an_elevation_error_is_shown_on_the_card_and_beside_a_low_pressure(window: MainWindow, port: ScriptedPort) -> None:
    dialog = window.station_cards.show(4)
    assert "标高误差" not in said(dialog)
    port.station_event(4, "low_pressure", observed=121.0, limit=140.0, elevation_error_m=-3.0)
    window.settle()
    state, alarm = (line for line in said(dialog).splitlines() if "标高误差 −3.0 m" in line)
    assert "Q-004" in state
    assert "存疑" in alarm
    assert "修正后 0.150 MPa" in alarm
