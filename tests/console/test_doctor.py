"""Doctor: each check finds its fault, with advice, and reports only what it has measured."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from console import doctor
from console.doctor import Finding, State, examine
from console.store import open_store
from tests.servers import free_port, mosquitto


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANMAI_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def of(found: tuple[Finding, ...], check: str) -> Finding:
    return next(one for one in found if one.check == check)


def test_no_broker_is_a_warning_and_no_store_yet_is_fine(tmp_path: Path) -> None:
    found = examine()
    assert of(found, "broker").state is State.WARNING
    assert of(found, "store").state is State.OK
    assert not (tmp_path / "data").exists(), "nothing is made"


@pytest.mark.slow
def test_a_real_broker_answers_a_message_and_a_dead_one_is_a_fault(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto(tmp_path, port) as url:
        good = of(examine(mqtt=url), "broker")
        assert (good.state, "came back after" in good.text) == (State.OK, True)
    dead = of(examine(mqtt=f"mqtt://127.0.0.1:{port}"), "broker")
    assert dead.state is State.FAULT
    assert "check that it runs" in dead.text


@pytest.mark.slow
def test_a_broker_that_refuses_the_account_says_so_without_the_password(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    passwords.chmod(0o644)
    port = free_port()
    with mosquitto(tmp_path, port, f"user root\npassword_file {passwords}\n") as url:
        found = of(examine(mqtt=url.replace("mqtt://", "mqtt://user:geheim@")), "broker")
    assert found.state is State.FAULT
    assert "user and password" in found.text
    assert "geheim" not in found.line()


@pytest.mark.slow
def test_a_port_without_mqtt_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.mqtt.round_trip._PATIENCE_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        found = of(examine(mqtt=f"mqtt://127.0.0.1:{deaf.getsockname()[1]}"), "broker")
    assert found.state is State.FAULT


def test_a_store_in_use_is_named_with_its_holder(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.sqlite", "engine")
    found = of(examine(store=str(tmp_path / "s.sqlite")), "store")
    store.close()
    assert found.state is State.OK
    assert f"in use by quanmai engine pid {os.getpid()}" in found.text


def test_a_file_that_is_no_store_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "s.sqlite").write_text("a text" * 1000)
    assert of(examine(store=str(tmp_path / "s.sqlite")), "store").state is State.FAULT


def test_wrong_settings_are_one_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANMAI_CREW_SPEED_KMH", "fast")
    (found,) = examine()
    assert (found.check, found.state) == ("settings", State.FAULT)
    assert "crew_speed_kmh" in found.text


@pytest.mark.parametrize(("free", "state"), [(10**8, State.FAULT), (10**9, State.WARNING), (10**11, State.OK)])
def test_little_free_space_is_a_warning(monkeypatch: pytest.MonkeyPatch, free: int, state: State) -> None:
    monkeypatch.setattr("console.doctor.shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    monkeypatch.setattr(doctor, "SLOW_SYNC_S", 1e9)
    assert of(examine(), "disk").state is state


@pytest.mark.parametrize(("said", "state"), [("yes", State.OK), ("no", State.WARNING), ("", State.UNKNOWN)])
def test_a_clock_is_called_good_only_when_the_system_says_so(monkeypatch: pytest.MonkeyPatch, said: str, state: State) -> None:
    monkeypatch.setattr("console.doctor.shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(doctor, "_output", lambda _: said)
    assert of(examine(), "clock").state is state


def test_no_chinese_font_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.doctor.shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(doctor, "_output", lambda _: "")
    assert of(examine(), "fonts").state is State.FAULT


def test_who_leads_on_a_shared_store_is_named_and_that_nobody_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path / "s.sqlite", "engine", is_shared=True)
    store.hold_lease()
    found = of(examine(store=str(tmp_path / "s.sqlite")), "store")
    assert found.state is State.OK
    assert f"led by quanmai engine pid {os.getpid()}" in found.text
    monkeypatch.setattr("console.store.lease._TERM_US", -1)
    store.hold_lease()
    found = of(examine(store=str(tmp_path / "s.sqlite")), "store")
    assert found.state is State.WARNING
    assert "nobody leads" in found.text
    store.close()


def test_channels_that_are_set_are_reached_and_nothing_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "website").mkdir()
    (tmp_path / "credentials").write_text('[webhooks]\ncity = "0123456789abcdef"\n')
    (tmp_path / "credentials").chmod(0o600)
    monkeypatch.setenv("QUANMAI_NOTICES_TO", str(tmp_path / "website"))
    monkeypatch.setenv("QUANMAI_CREDENTIALS", str(tmp_path / "credentials"))
    monkeypatch.setenv("QUANMAI_WEBHOOKS", '{"city": {"url": "https://127.0.0.1:9/"}}')
    monkeypatch.setenv("QUANMAI_MAIL", '{"server": "smtp://127.0.0.1:9", "sender": "a@b.cn", "to": ["c@d.cn"]}')
    folder, hook, mail = (one for one in examine() if one.check == "channel")
    assert (folder.state, hook.state, mail.state) == (State.OK, State.FAULT, State.FAULT)
    assert "webhook city: 127.0.0.1 cannot be reached" in hook.text
    assert "mail.server" in mail.advice
    assert list((tmp_path / "website").iterdir()) == []


def test_a_webhook_without_its_secret_is_a_fault_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANMAI_WEBHOOKS", '{"city": {"url": "https://127.0.0.1:9/"}}')
    (found,) = (one for one in examine() if one.check == "channel")
    assert (found.state, "has no secret" in found.text) == (State.FAULT, True)
