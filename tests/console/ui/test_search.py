"""What Ctrl+K finds: pipes by kind, coordinates in any system, records, what was chosen before; and its palette."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from pyproj import Transformer
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from console.domain.actors import Actor
from console.domain.outages import OutagePurpose
from console.services.notices.lifecycle import DraftNotice
from console.services.outages.planning import PlanOutage
from console.ui.dialogs.hit_rows import HIT
from console.ui.dialogs.palette import Palette
from console.ui.search import Command, Found, Group, Hit, Search
from console.ui.search.asking import SearchAsking
from console.ui.search.coordinate_entry import entries
from console.ui.search.pipe_kinds import PipeKinds
from console.ui.search.recent import RecentHits
from console.ui.settings import StoredSettings
from console.ui.window import MainWindow
from console.ui.words import Words
from maps.city import City
from maps.gcj02 import gcj02
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui

WANG = Actor.named("王")
ZH = Words("zh_CN", "Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "size", "material", "road"),
    [
        ("DN150 灰口", 150, "cast iron", ""),
        ("dn150灰口", 150, "cast iron", ""),
        ("灰口 150", 150, "cast iron", ""),
        ("cast iron DN 150", 150, "cast iron", ""),
        ("DN300 北园", 300, "", "北园"),
        ("球墨 济泺路", 0, "ductile iron", "济泺路"),
        ("PE", 0, "PE", ""),
    ],
)
def test_pipes_of_a_kind_are_those_that_a_look_at_each_pipe_finds(
    small_city: City, text: str, size: int, material: str, road: str
) -> None:
    pipes = small_city.network.pipes
    wanted = [
        row
        for row in range(len(pipes))
        if size in (0, pipes.diameter_mm[row]) and material in ("", pipes.material[row]) and road in str(pipes.road_name[row])
    ]
    found = PipeKinds(pipes).find(text)
    assert found is not None
    assert found.rows.tolist() == wanted
    assert found.length_m == pytest.approx(sum(pipes.length_m[row] for row in wanted))


@pytest.mark.parametrize("text", ["", "150", "P-104000", "北园大街", "DN77", "灰口 没有的路"])
def test_a_text_that_names_no_kind_of_pipe_finds_none(small_city: City, text: str) -> None:
    assert PipeKinds(small_city.network.pipes).find(text) is None


def test_coordinates_are_read_in_every_system_and_order(small_city: City) -> None:
    x, y = 505_812.4, 4_058_633.1
    to = {code: Transformer.from_crs("EPSG:4548", code, always_xy=True) for code in ("EPSG:4326", "EPSG:4527", "EPSG:4549")}
    lon, lat = to["EPSG:4326"].transform(x, y)
    zone_x, zone_y = to["EPSG:4527"].transform(x, y)
    next_x, next_y = to["EPSG:4549"].transform(x, y)
    shifted = gcj02(lon, lat)
    for text in (
        f"{x} {y}",
        f"{y}, {x}",
        f"{lon:.7f},{lat:.7f}",
        f"{lat:.7f} {lon:.7f}",
        f"WGS84 {lon:.7f}，{lat:.7f}",
        f"cgcs2000 {lon:.7f} {lat:.7f}",
        f"{zone_x:.2f} {zone_y:.2f}",
        f"EPSG:4549 {next_x:.2f} {next_y:.2f}",
        f"GCJ-02 {shifted[0]:.7f}, {shifted[1]:.7f}",
    ):
        first = entries(text, small_city)[0]
        assert (first.x, first.y) == pytest.approx((x, y), abs=0.1), text
    both = entries(f"{shifted[0]:.7f}, {shifted[1]:.7f}", small_city)
    assert [one.system for one in both] == ["WGS84 (EPSG:4326)", "GCJ-02"]
    assert (both[1].x, both[1].y) == pytest.approx((x, y), abs=0.1)


def test_degrees_with_minutes_are_read_and_other_numbers_are_no_place(small_city: City) -> None:
    (first, *_) = entries("36°39'31.2\"N 117°03'54.0\"E", small_city)
    lon, lat = 117 + 3 / 60 + 54 / 3600, 36 + 39 / 60 + 31.2 / 3600
    assert (first.x, first.y) == pytest.approx(Transformer.from_crs("EPSG:4326", "EPSG:4548", always_xy=True).transform(lon, lat))
    for text in ("P-104000", "12", "DN400 1990", "0531-96116", "EPSG:99999 1 2", "2024-0001"):
        assert entries(text, small_city) == [], text


def test_what_was_chosen_comes_first_never_twice_and_survives_a_restart(
    small_city: City, port: ScriptedPort, tmp_path: Path
) -> None:
    search, commands = Search(small_city), [Command("fit", "全图", "Ctrl+0")]
    stored = StoredSettings(tmp_path)
    recent = RecentHits(stored, "recent")
    road = search.find("北园大街", port.latest(), commands, ZH).hits()[0]
    for hit in (Hit("command", "gone", "旧命令"), Hit("command", "fit", "旧名"), road, Hit("incident", CASE, "")):
        recent.remember(hit)
    stored.flush()
    again = RecentHits(StoredSettings(tmp_path), "recent").hits(commands)
    assert [(hit.kind, hit.key) for hit in again] == [("road", road.key), ("command", "fit")]
    assert again[1].title == "全图"
    found = search.find("北", port.latest(), commands, ZH, again)
    assert found.groups[0] == Group("recent", (road,))
    assert [hit.key for hit in found.hits() if hit.kind == "road"].count(road.key) == 1
    empty = search.find("", port.latest(), commands, ZH, again)
    assert [group.name for group in empty.groups] == ["recent"]


def test_stored_hits_of_another_version_are_left_out(tmp_path: Path) -> None:
    stored = StoredSettings(tmp_path)
    stored.put("recent", '[["road", "R-1", "路", ""], ["x"], 7, ["pipe", 1, "", ""], ["road", "R-2", "路", "", 1.0, "y"]]')
    assert [hit.key for hit in RecentHits(stored, "recent").hits([])] == ["R-1", "R-2"]
    stored.put("recent", "no list")
    assert RecentHits(stored, "recent").hits([]) == ()


def test_no_hit_reads_like_another_and_the_exact_name_is_first(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    for text in ("P-10", "路", "美林苑", "1", "V-55", "a", "DN150 灰口", "市立医院"):
        hits = window.search(text)
        assert hits, text
        assert len({(hit.kind, hit.key) for hit in hits}) == len({(hit.kind, hit.title, hit.detail) for hit in hits}) == len(hits)
    assert window.search("美林苑")[0].kind == "zone"


def test_a_name_not_indexed_yet_is_left_out_and_said_so(small_city: City, port: ScriptedPort) -> None:
    search = Search(small_city)
    early = search.find("P-104100", port.latest(), [], ZH, wait=False)
    assert (early.hits(), early.complete) == ([], False)
    search.prepare()
    later = search.find("P-104100", port.latest(), [], ZH, wait=False)
    assert (later.hits()[0].key, later.complete) == ("P-104100", True)


def test_only_the_last_keys_answer_arrives(qtbot: QtBot) -> None:
    go, searched, arrived = Event(), [], []

    def find(text: str) -> Callable[[], Found]:
        def work() -> Found:
            go.wait(5)
            searched.append(text)
            return Found(text, ())

        return work

    asking = SearchAsking(find)
    for text in ("P", "P-", "P-1"):
        asking.ask(text, lambda found: arrived.append(found.text))
    go.set()
    qtbot.waitUntil(lambda: not asking.busy, timeout=60_000)
    asking.close()
    assert arrived == ["P-1"]
    assert "P-" not in searched, "a key overtaken before its turn is not searched at all"


def type_into(window: MainWindow, qtbot: QtBot, text: str) -> Palette:
    palette = window.finder.open()
    palette.field.setText(text)
    qtbot.waitUntil(lambda: not window.finder.busy, timeout=60_000)
    return palette


def test_a_hit_chosen_by_keys_is_marked_on_the_map_until_esc(window: MainWindow, qtbot: QtBot) -> None:
    window.settle()
    palette = type_into(window, qtbot, "mly")
    shown = [palette.list.item(row).data(HIT) for row in range(palette.list.count())]
    hits = [hit for hit in shown if hit is not None]
    assert palette.list.currentItem().data(HIT) == hits[0]
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentItem().data(HIT) == hits[1]
    QTest.keyClick(palette.field, Qt.Key.Key_Up)
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    mark = window.map.found
    assert mark is not None
    assert (mark.x, mark.y, mark.text) == (hits[0].x, hits[0].y, "美林苑")
    assert (window.map.camera.x, window.map.camera.y) == pytest.approx((mark.x, mark.y))
    window.run_command("dismiss_message")
    assert window.map.found is None


def test_all_pipes_of_a_kind_are_selected_on_the_map(window: MainWindow, qtbot: QtBot) -> None:
    window.settle()
    palette = type_into(window, qtbot, "dn150 灰口")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    pipes = window.map.scene.city.network.pipes
    wanted = np.flatnonzero((pipes.diameter_mm == 150) & (pipes.material == "cast iron"))
    assert window.map_commands.selection is not None
    assert window.map_commands.selection.pipes.tolist() == wanted.tolist()


def test_return_before_the_answer_takes_its_first_hit(window: MainWindow, qtbot: QtBot) -> None:
    window.settle()
    palette = window.finder.open()
    palette.field.setText("P-104123")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.finder.busy, timeout=60_000)
    assert window.locator.chosen_pipe() == "P-104123"
    window.finder.open().close()  # its first answer comes when it is gone
    qtbot.waitUntil(lambda: not window.finder.busy, timeout=60_000)
    qtbot.wait(1)  # what the platform tells of a popup that has closed: Qt would close the next one for it
    again = type_into(window, qtbot, "")
    assert again.list.item(1).data(HIT).key == "P-104123", "opened last"


def test_a_notice_and_a_planned_outage_are_found_and_opened(window: MainWindow, port: ScriptedPort) -> None:
    now, pipe = port.now(), str(port.city.network.pipes.asset_id[200])
    begins, ends = now + timedelta(days=2), now + timedelta(days=2, hours=4)
    port.submit(PlanOutage((pipe,), OutagePurpose.REPAIR, begins, ends, "换阀"), WANG)
    port.burst()
    window.settle()
    window.case.location.judge(by_key=True)
    window.settle()
    port.submit(DraftNotice(CASE), WANG)
    window.settle()
    (hit,) = (one for one in window.search(port.case.notices[-1].notice_id) if one.kind == "notice")
    window.open_hit(hit)
    assert window.questions.open_notice is not None
    (planned,) = (one for one in window.search("换阀") if one.kind == "outage")
    assert "计划" in planned.detail or "草拟" in planned.detail
    window.open_hit(planned)
