"""A case found while the store was unavailable: shown before it has its number, and still in focus after it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from console.domain.incidents import INCIDENT
from console.domain.record_ids import provisional_id
from console.ui.window import MainWindow
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui


def titles(window: MainWindow) -> str:
    return "\n".join(found.text() for found in window.findChildren(QLabel))


def test_a_case_without_number_is_shown_short_and_stays_in_focus_when_it_gets_one(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    picture, token = port.latest(), provisional_id(INCIDENT, "2024")
    (case,) = picture.incidents
    other = replace(case, incident_id="2024-0002", title="另一处")
    version = window._picture.version
    window.show_picture(replace(picture, version=version + 1, incidents=(replace(case, incident_id=token), other)))
    window.locator.choose_case(token)
    QApplication.processEvents()
    assert f"◆ new-{token[-4:]} " in titles(window)
    assert token not in titles(window)
    numbered = replace(picture, version=version + 2, incidents=(case, other), given={token: CASE})
    window.show_picture(numbered)
    QApplication.processEvents()
    assert f"◆ {CASE} " in titles(window)
