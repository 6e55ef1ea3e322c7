"""The wall view: letters measured in the picture, what is said when things are lost, and that nothing on it acts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from time import monotonic

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QLineEdit
from pytestqt.qtbot import QtBot

from console.domain.actors import Actor
from console.domain.changes import ChangeSet
from console.domain.health import FeedHealth
from console.domain.intents import Intent
from console.domain.outages import OUTAGE, OutagePurpose
from console.domain.tickets import TICKET, TicketKind
from console.services.incidents.opening import OpenIncident
from console.services.outages.planning import ConfirmOutage, PlanOutage
from console.services.tickets.hearing import CallFields
from console.services.tickets.taking import TakeCall
from console.ui.settings import WindowSettings
from console.ui.theme import Theme
from console.ui.wall import board as boards
from console.ui.wall.board import WallBoard
from console.ui.wall.layout import Block, Line, place, wrapped
from console.ui.wall.text_size import WallSettings, font_with_capitals, px_per_mm
from console.ui.wall.window import WallWindow
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui
SIZES = [(1920, 1080, 1210.0), (3840, 2160, 2150.0), (7680, 2160, 4840.0)]
"""(width px, height px, width mm): one 55-inch screen, one of 98 inches, four by two of 55 inches at 8 m."""


def inked(text: str, capital_px: float) -> int:
    """Rows of pixels that a letter covers, drawn with the wall's font."""
    image = QImage(900, 900, QImage.Format.Format_Grayscale8)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setFont(font_with_capitals(Theme.load("dark"), capital_px))
    painter.drawText(100, 600, text)
    painter.end()
    pixels = np.frombuffer(bytes(image.constBits()), dtype=np.uint8).reshape(900, image.bytesPerLine())[:, :900]
    return int((pixels < 128).any(axis=1).sum())


@pytest.mark.parametrize(("width", "height", "width_mm"), SIZES)
@pytest.mark.parametrize("distance_m", [4.0, 8.0])
def test_capital_letters_figures_and_chinese_are_drawn_at_least_a_200th_of_the_distance_high(
    qtbot: QtBot, width: int, height: int, width_mm: float, distance_m: float
) -> None:
    settings = WallSettings(distance_m, 200.0, width_mm)
    wanted_px = distance_m * 1000.0 / 200.0 / width_mm * width
    assert settings.letter_mm() * px_per_mm(settings, None, width) == pytest.approx(wanted_px)
    for letter in "H8国":
        assert inked(letter, wanted_px) >= wanted_px - 1.0  # a row of less than half ink at either edge


def test_a_screen_that_reports_no_size_is_taken_as_96_dots_an_inch() -> None:
    assert px_per_mm(WallSettings(), None, 1920) == pytest.approx(96 / 25.4)


@pytest.fixture
def port() -> ScriptedPort:
    port = ScriptedPort(is_drill=False)
    port.read_all()
    return port


@pytest.fixture
def opened(qtbot: QtBot, port: ScriptedPort) -> Iterator[MainWindow]:
    window = MainWindow(port, WindowSettings(language="en", wall=WallSettings(8.0, 200.0, 4840.0, 5.0)))
    qtbot.addWidget(window)
    window.show()
    window.settle()
    yield window
    window.close()


def wall_of(window: MainWindow, width: int = 7680, height: int = 2160) -> WallBoard:
    """A wall view of that size, as offscreen screens are smaller."""
    wall = window.map_commands.windows.open(wall=True)
    wall.showNormal()
    wall.resize(width, height)
    window.show_picture(window._port.latest())
    assert wall.board is not None
    wall.board.refresh()
    return wall.board


def said(board: WallBoard) -> str:
    return "\n".join([board.headline.text, *(piece.text for piece in board.placement.pieces)])


def is_loud(board: WallBoard) -> bool:
    return board.headline.loud


@pytest.mark.parametrize(("width", "height", "width_mm"), SIZES)
@pytest.mark.parametrize(("language", "theme"), itertools.product(("zh_CN", "en"), ("dark", "light")))
def test_every_text_has_the_height_fits_its_column_and_overlaps_none(
    qtbot: QtBot, port: ScriptedPort, width: int, height: int, width_mm: float, language: str, theme: str
) -> None:
    port.burst()
    window = MainWindow(port, WindowSettings(language=language, theme=theme, wall=WallSettings(8.0, 200.0, width_mm, 5.0)))
    qtbot.addWidget(window)
    window.show()
    board = wall_of(window, width, height)
    assert QFontMetricsF(board._font).capHeight() >= board.letter_px() - 0.01
    metrics = QFontMetricsF(board._bold)
    assert board.placement.pieces
    for piece in board.placement.pieces:
        assert metrics.horizontalAdvance(piece.text) <= board._column_px
    assert board.placement.hidden == 0  # one case: all of it is there, where there is little room in its short form
    bottom = board._top() + 0.2 * board._font.pixelSize() + board.placement.rows * board.row * board._font.pixelSize()
    assert bottom <= board.height() + 1
    same_row = itertools.combinations(board.placement.pieces, 2)
    for one, other in same_row:
        if one.column == other.column and abs(one.row - other.row) < 1:
            together = metrics.horizontalAdvance(one.text) + metrics.horizontalAdvance(other.text)
            assert one.row == other.row
            assert one.right != other.right
            assert together <= board._column_px
    window.close()


def test_the_wall_shows_cases_with_clock_and_deadline_and_what_is_unknown_as_unknown(
    opened: MainWindow, port: ScriptedPort
) -> None:
    board = wall_of(opened)
    assert "Network calm" in board.headline.text
    assert "none recorded" in said(board)
    assert "unknown" in said(board)  # the small city's plant has no meter
    port.burst()
    opened.settle()
    board.refresh()
    assert "1 case running" in board.headline.text
    assert "Suspected" in said(board)
    assert "Notice due" in said(board) or " ack" in said(board)


def test_the_wall_counts_open_calls_and_names_the_outages_that_begin_before_the_morning(
    opened: MainWindow, port: ScriptedPort
) -> None:
    def does(intent: Intent) -> ChangeSet:
        changes: ChangeSet = port.submit(intent, Actor.named("王")).result()
        return changes

    now = port.now()
    (ticket,) = does(TakeCall(CallFields(TicketKind.NO_WATER, phone="13900000000", wants_callback=True))).of(TICKET)
    does(TakeCall(CallFields(TicketKind.LOW_PRESSURE, phone="13900000001")))
    for hours, confirmed in ((2.0, True), (3.0, False), (48.0, True)):
        window = (now + timedelta(hours=hours), now + timedelta(hours=hours + 4))
        (outage,) = does(PlanOutage(("P-104050",), OutagePurpose.CONNECTION, *window, "x")).of(OUTAGE)
        if confirmed:
            does(ConfirmOutage(outage.outage_id, "agreed"))
    board = wall_of(opened)
    assert "2 · last hour 2" in said(board)
    assert said(board).count(" to ") == 1  # one window: of the others one is a draft, one in two days
    assert "to call back" not in said(board)
    picture = port.latest()
    waits = replace(ticket, restored_at=now, called_at=now - timedelta(hours=2))
    others = {**picture.others, TICKET.name: (waits,)}
    board.show_picture(replace(picture, version=picture.version + 1, others=others))
    assert "1 · last hour 0" in said(board)
    assert "1 to call back" in said(board)


def test_too_few_known_stations_are_not_called_calm(opened: MainWindow, port: ScriptedPort) -> None:
    board, picture = wall_of(opened), port.latest()
    blind = replace(picture, version=picture.version + 1, value=np.full_like(picture.value, np.nan))
    board.show_picture(blind)
    assert "State not known" in board.headline.text
    assert "0.0 %" not in said(board)


def test_lost_feed_store_and_engine_are_loud_with_an_age(
    opened: MainWindow, port: ScriptedPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, picture = wall_of(opened), port.latest()
    steps = iter(range(1, 10))

    def shows(*feeds: FeedHealth) -> None:
        board.show_picture(replace(picture, version=picture.version + next(steps), feeds=feeds))

    shows(FeedHealth("mqtt", "down"))
    assert is_loud(board)
    assert "Feed lost (mqtt), newest value" in board.headline.text
    assert board.headline.time.startswith("as of ")
    shows(FeedHealth("mqtt", "up"), FeedHealth("store", "down"))
    assert is_loud(board)
    shows(FeedHealth("mqtt", "up"))
    assert not is_loud(board)
    later = monotonic() + 75.0
    monkeypatch.setattr(boards, "monotonic", lambda: later)
    board.refresh()
    assert "Picture stopped 1 min 1" in board.headline.text
    board.show_picture(board._picture or picture)  # the same picture again is no sign of life
    assert is_loud(board)


def test_values_that_stopped_coming_are_loud_although_the_feed_is_up(opened: MainWindow, port: ScriptedPort) -> None:
    board, picture = wall_of(opened), port.latest()
    board.show_picture(replace(picture, version=picture.version + 1, now_us=picture.now_us + 400_000_000))
    assert is_loud(board)
    assert "No new readings" in board.headline.text


def test_nothing_on_the_wall_can_be_pressed_beside_the_map(opened: MainWindow) -> None:
    board = wall_of(opened)
    controls = [one for kind in (QAbstractButton, QAbstractSlider, QLineEdit) for one in board.findChildren(kind)]
    assert [one for one in controls if one.isVisible()] == []


def test_a_click_on_the_enlarged_map_finds_what_is_drawn_there(opened: MainWindow, qtbot: QtBot) -> None:
    board = wall_of(opened)
    canvas = board.map
    canvas.navigation.fit_all()
    canvas.settle()
    assert canvas._enlarged > 1.5
    nodes = canvas.scene.city.network.nodes
    x, y = canvas.camera.to_screen(float(nodes.x[200]), float(nodes.y[200]))
    shown = QSize(canvas.width(), canvas.height())
    assert (canvas.camera.width, canvas.camera.height) == pytest.approx(
        (shown.width() / canvas._enlarged, shown.height() / canvas._enlarged), abs=1.0
    )
    at = (x * canvas._enlarged, y * canvas._enlarged)
    with qtbot.waitSignal(canvas.input.picked, timeout=60_000) as picked:
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(at[0]), round(at[1])))
    assert picked.args[0] is not None


def letters(text: str) -> float:
    """One unit for each letter, two for a Chinese character."""
    return float(sum(2 if ord(one) > 0x2E80 else 1 for one in text))


def test_texts_break_between_words_or_chinese_characters_and_lose_none() -> None:
    assert wrapped("one two three", 7.0, letters) == ["one two", "three"]
    assert wrapped("全网平稳，无事", 6.0, letters) == ["全网平", "稳，无", "事"]
    assert wrapped("unbreakable", 4.0, letters) == ["unbreakable"]


def test_where_there_is_no_room_the_last_blocks_are_short_first_then_left_out_whole_and_counted() -> None:
    cases = [Block((Line(f"c{n}", "1"), Line(f"d{n}", "2")), Line(f"c{n}", f"s{n}")) for n in range(3)]
    more = Block((Line("m", "3"), Line("n", "4")), Line("m", "5"))

    def placed(rows: int) -> tuple[set[str], int]:
        found = place([*cases, more], 1, 10.0, rows, letters, 1.0)
        assert found.rows <= rows - (found.hidden > 0)  # a row is kept to tell what is left out
        return {piece.text for piece in found.pieces if not piece.text.isdigit()}, found.hidden

    assert placed(9) == ({"c0", "d0", "c1", "d1", "c2", "d2", "m", "n"}, 0)
    assert placed(7) == ({"c0", "d0", "c1", "d1", "c2", "d2", "m"}, 0)
    assert placed(6) == ({"c0", "d0", "c1", "d1", "c2", "s2", "m"}, 0)
    assert placed(4) == ({"c0", "s0", "c1", "s1", "c2", "s2", "m"}, 0)
    assert placed(3) == ({"c0", "s0", "c1", "s1"}, 2)
    assert placed(2) == ({"c0", "s0"}, 3)


def test_a_wall_of_three_metres_at_1366_pixels_shows_twelve_cases(qtbot: QtBot, port: ScriptedPort) -> None:
    port.read_all()
    port.burst()
    pipes = [str(pipe) for pipe in port.city.network.pipes.asset_id]
    for number in range(11):
        port.submit(OpenIncident(pipes[number * 37 + 5]), Actor.named("王")).result()
    look = WindowSettings(language="en", wall=WallSettings(8.0, 200.0, 3000.0, 5.0))
    window = WallWindow(port, look)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    window.board.refresh()
    assert window.board.placement.hidden == 0
    assert sum(piece.text.startswith("◆") for piece in window.board.placement.pieces) == 12
    window.close()
