"""Settings of retention: what is too short for detection and reviews is refused by name."""

from __future__ import annotations

import pytest

from console.services.analysis.retention import RetentionRules
from console.settings import is_shared, load_settings
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


@pytest.mark.parametrize(
    ("store", "shared"),
    [("postgresql://u@h/quanmai", True), ("/data/s.sqlite", False), ("sqlite:////data/s.sqlite", False)],
)
def test_a_store_on_a_server_is_shared_unless_set_otherwise(monkeypatch: pytest.MonkeyPatch, store: str, shared: bool) -> None:
    assert is_shared(load_settings(), store) is shared
    for value, set_ in (("0", False), ("1", True)):
        monkeypatch.setenv("QUANMAI_SHARED", value)
        assert is_shared(load_settings(), store) is set_
