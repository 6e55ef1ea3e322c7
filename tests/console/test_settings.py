"""Settings of retention: what is too short for detection and reviews is refused by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.actors import Role
from console.domain.targets import Target, Targets
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


def test_targets_are_settings_and_what_is_left_out_keeps_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = load_settings().targets.targets
    assert usual == Targets()
    monkeypatch.setenv("QUANMAI_TARGETS", '{"judge": {"minutes": 5}, "restore": {"tell": "area"}}')
    assert load_settings().targets.targets == replace(
        usual, judge=Target(5, usual.judge.warn_minutes), restore=replace(usual.restore, tell=Role.AREA)
    )
    monkeypatch.setenv("QUANMAI_TARGETS__ISSUE__MINUTES", "15")
    assert load_settings().targets.targets.issue == replace(usual.issue, minutes=15)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('{"judge": {"minutes": 1}}', "judge: a warning 2 min before a target of 1 min comes before the start"),
        ('{"judge": {"minutes": -1}}', "judge: minutes are 0 to"),
        ('{"judge": {"minuts": 1}}', "targets.judge.minuts"),
        ('{"verify": {"minutes": 1}}', "targets.verify"),
        ('{"judge": {"tell": "boss"}}', "targets.judge.tell"),
    ],
)
def test_a_wrong_target_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, value: str, said: str) -> None:
    monkeypatch.setenv("QUANMAI_TARGETS", value)
    with pytest.raises(InputFault) as fault:
        load_settings()
    assert said in str(fault.value)


@pytest.mark.parametrize("address", ["a/b", "a b", "#", "x" * 121])
def test_an_address_that_no_channel_can_carry_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("QUANMAI_SUPERVISOR_ADDRESS", address)
    with pytest.raises(InputFault, match="supervisor_address"):
        load_settings()
