"""What could not be carried out stays visible with all that was typed, until the user carries it out or drops it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from console.domain.changes import Change
from console.domain.health import FeedHealth
from console.domain.incidents import INCIDENT
from console.domain.notes import Note
from console.services.changesets import Refused
from console.services.conflicts import ChangedElsewhere
from console.services.incidents.judging import DismissIncident, SetRestoration
from console.services.ports import OutcomeUnknown, StoreUnavailable
from console.ui.window import MainWindow
from tests.console.services.town import NOW
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui

AWAY = FeedHealth("store", "down", "store h/q: server closed the connection")


def a_case(port: ScriptedPort) -> str:
    port.burst(stations=7)
    return str(port.latest().incidents[0].incident_id)


def changed_by(case: str, user: str) -> ChangedElsewhere:
    note = Note("case.reported", user=user, place="济泺路")
    change = Change(7, NOW, user, "location_revised", INCIDENT.subject(case), None, None, note, None, "", "")
    return ChangedElsewhere((change,))


def submits(window: MainWindow, port: ScriptedPort, intent: object, fault: Exception | None) -> None:
    port.fault = fault  # type: ignore[assignment]
    window.dispatcher.submit(intent)  # type: ignore[arg-type]
    window.settle()
    port.fault = None


def test_what_another_seat_overtook_is_kept_with_what_was_typed_and_can_be_carried_out(
    window: MainWindow, port: ScriptedPort
) -> None:
    case = a_case(port)
    intent = DismissIncident(case, "消防水鹤试水，现场确认无漏")
    submits(window, port, intent, changed_by(case, "李"))
    shown = window.unsent.rows[0]
    assert window.unsent.isVisible()
    assert case in shown.text.text()
    assert "李" in shown.text.text()
    before = len(port.asked)
    shown.do.click()
    window.settle()
    assert port.asked[before:] == [(intent, "王")]
    assert not window.unsent.isVisible()
    assert port.latest().incidents == () or not port.latest().incidents[0].is_open()


def test_while_the_store_is_away_it_waits_visibly_and_is_never_sent_by_itself(window: MainWindow, port: ScriptedPort) -> None:
    case = a_case(port)
    port.feeds = (*port.feeds, AWAY)
    port.publish()
    intent = SetRestoration(case, NOW + timedelta(hours=5))
    submits(window, port, intent, StoreUnavailable("the store cannot be written now"))
    shown, asked = window.unsent.rows[0], len(port.asked)
    assert not shown.do.isEnabled()
    assert "cannot be written" in shown.text.text()
    port.feeds = port.feeds[:-1]
    port.publish()
    window.settle()
    assert len(port.asked) == asked
    assert shown.do.isEnabled()
    assert window.unsent.held[0].intent == intent
    shown.do.click()
    window.settle()
    assert port.latest().incidents[0].restoration_at == intent.at
    assert not window.unsent.isVisible()


@pytest.mark.parametrize("is_written", [True, False])
def test_a_decision_with_an_unknown_outcome_says_so_and_shows_its_log_entry_before_it_can_be_repeated(
    window: MainWindow, port: ScriptedPort, is_written: bool
) -> None:
    case = a_case(port)
    intent, fault = SetRestoration(case, NOW + timedelta(hours=5)), OutcomeUnknown("the store does not answer")
    submits(window, port, intent, fault)
    shown, asked = window.unsent.rows[0], len(port.asked)
    assert "尚不确定" in shown.text.text()
    assert not shown.do.isEnabled()
    fault.settle(changed_by(case, "李").changes, written=is_written)
    port.publish()
    window.settle()
    assert "李: " in shown.text.text()
    assert "济泺路" in shown.text.text()
    assert shown.do.isVisible() is not is_written
    assert len(port.asked) == asked
    if is_written:
        assert shown.text.text().startswith("已执行")
        shown.drop.click()
    else:
        assert shown.text.text().startswith("未执行")
        shown.do.click()
        window.settle()
        assert port.asked[-1] == (intent, "王")
    assert not window.unsent.isVisible()


def test_dropped_means_gone_and_other_refusals_are_not_kept(window: MainWindow, port: ScriptedPort) -> None:
    case = a_case(port)
    submits(window, port, DismissIncident(case, ""), Refused("dismiss_reason"))
    assert not window.unsent.isVisible()
    submits(window, port, DismissIncident(case, "误报"), changed_by(case, "李"))
    asked = len(port.asked)
    window.unsent.rows[0].drop.click()
    assert not window.unsent.isVisible()
    assert len(port.asked) == asked


def test_the_same_decision_twice_is_one_row_and_one_carried_out_elsewhere_goes_away(
    window: MainWindow, port: ScriptedPort
) -> None:
    case = a_case(port)
    intents = [SetRestoration(case, NOW + timedelta(hours=hours)) for hours in (3, 4, 5, 6)]
    for intent in (*intents, intents[0]):
        submits(window, port, intent, changed_by(case, "李"))
    assert [one.intent for one in window.unsent.held] == [*intents[1:], intents[0]]
    submits(window, port, intents[2], None)
    assert [one.intent for one in window.unsent.held] == [intents[1], intents[3], intents[0]]


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_rows_fit(
    window: MainWindow, port: ScriptedPort, qtbot: QtBot, size: tuple[int, int], language: str, tmp_path: Path
) -> None:
    case = a_case(port)
    window.resize(*size)
    if language == "en":
        window.choice.toggle_language()
    for hours in (3, 4, 5, 6):
        submits(window, port, SetRestoration(case, NOW + timedelta(hours=hours)), changed_by(case, "李" * 20))
    for one in window.unsent.rows:
        assert one.do.visibleRegion().boundingRect().width() == one.do.width()
        assert one.drop.visibleRegion().boundingRect().width() == one.drop.width()
    assert window.size().width() == size[0]
