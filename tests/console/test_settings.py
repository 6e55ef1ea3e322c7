"""Settings of retention: what is too short for detection and reviews is refused by name."""

from __future__ import annotations

import pytest

from console.services.analysis.retention import RetentionRules
from console.settings import load_settings
from maps.errors import InputFault


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_the_settings_say_how_long_history_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().retention == RetentionRules(730, 90, 35)
    monkeypatch.setenv("QUANMAI_READINGS_DAYS", "0")
    monkeypatch.setenv("QUANMAI_POSITIONS_DAYS", "30")
    assert load_settings().retention == RetentionRules(0, 30, 35)


@pytest.mark.parametrize(("name", "value"), [("READINGS_DAYS", "7"), ("READINGS_DAYS", "-1"), ("POSITIONS_DAYS", "-1")])
def test_too_few_days_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"QUANMAI_{name}", value)
    with pytest.raises(InputFault, match=name.lower()):
        load_settings()
