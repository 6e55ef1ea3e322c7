"""No password of a broker or a store appears in output, log or error message, whatever is wrong with its address."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from console.cli import main
from console.domain.addresses import masked
from console.mqtt.broker import Broker
from console.mqtt.state import ConnectionState
from console.services.ports import StoreUnavailable
from console.store import open_store
from console.store.connection import shown, store_url
from maps.dataset import write_city
from maps.errors import InputFault
from tests.console.ui.small_city import build_small_city
from tests.servers import free_port

SECRET = "hush-7f3a"

BROKERS = [
    f"mqtt://bob:{SECRET}@",
    f"mqtt://bob:{SECRET}@host:port",
    f"mqtt://bob:{SECRET}@host:99999",
    f"http://bob:{SECRET}@host",
    f"mqtt://bob:{SECRET}/x@host",
    f"mqtt://bob:a@{SECRET}@host:x",
    f"mqtt://bob:{SECRET}",
    f"bob:{SECRET}@host",
    f"mqtt:bob:{SECRET}@host",
    f"mqtt://[::1:{SECRET}@host",
    f"mqtt://bob:{SECRET} @host:1:2",
]
STORES = [
    f"mysql://bob:{SECRET}@host/db",
    f"postgresql://bob:{SECRET}@host:port/db",
    f"postgresql://bob:{SECRET}/x@host:p/db",
    f"post gresql://bob:{SECRET}@host/db",
    f"postgresql://bob:{SECRET}@127.0.0.1:1/db",
    f"postgresql://127.0.0.1:1/db?user=bob&password={SECRET}",
    f"nosuch/bob:{SECRET}@host/db",
]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("city") / "city.gpkg"
    write_city(build_small_city(), path)
    return path


def _refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setattr(sys, "argv", ["quanmai", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert ended.value.code == 2
    return told.out + told.err


@pytest.mark.parametrize("command", ["run", "engine", "simulate"])
@pytest.mark.parametrize("address", BROKERS)
def test_a_broker_s_address_is_refused_without_its_password(
    command: str, address: str, city: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _refused(capsys, monkeypatch, command, str(city), "--mqtt", address)
    assert "mqtt://" in told
    assert SECRET not in told


@pytest.mark.parametrize("command", ["run", "engine", "simulate"])
def test_a_broker_s_address_from_the_environment_is_refused_without_its_password(
    command: str, city: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUANMAI_MQTT", BROKERS[1])
    told = _refused(capsys, monkeypatch, command, str(city))
    assert "mqtt://" in told
    assert SECRET not in told


@pytest.mark.parametrize("address", STORES)
def test_a_store_s_address_is_refused_without_its_password(
    address: str, city: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if "://" in address:
        with pytest.raises((InputFault, StoreUnavailable)) as refused:
            open_store(address)
        assert SECRET not in str(refused.value)
    for words in (
        ("month", address, "--month", "2024-01"),
        ("package", address, "2024-0001", "--to", "x.incident", "--city", str(city)),
    ):
        assert SECRET not in _refused(capsys, monkeypatch, *words)


def test_a_password_of_a_good_address_is_never_shown() -> None:
    broker = Broker.parse(f"mqtts://bob:{SECRET}@host:8883")
    assert (broker.user, broker.password) == ("bob", SECRET)
    assert SECRET not in f"{broker} {broker!r}"
    assert SECRET not in shown(store_url(f"postgresql://bob:{SECRET}@host/db?sslpassword={SECRET}"))


@pytest.mark.parametrize("address", ["mqtt://host:1883", "mqtt://[::1]:1883", "postgresql://host/db", "/data/a@b/x.sqlite"])
def test_an_address_without_a_secret_is_shown_as_it_is(address: str) -> None:
    assert masked(address) == address


def test_a_connection_fault_names_the_address_without_the_password() -> None:
    broker = Broker.parse(f"mqtt://bob:{SECRET}@127.0.0.1:{free_port()}")
    state = ConnectionState("mqtt", broker, "quanmai-t-engine", 1.0)
    state.unreachable(OSError("refused"))
    assert SECRET not in state.health().message


@pytest.mark.slow
def test_a_running_engine_prints_no_password_and_takes_it_from_the_environment(city: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "QUANMAI_MQTT": f"mqtt://bob:{SECRET}@127.0.0.1:{free_port()}",
        "QUANMAI_DATA_FOLDER": str(tmp_path),
    }
    log = tmp_path / "log"
    with log.open("w") as out:
        words = [sys.executable, "-m", "console.cli", "engine", str(city)]
        engine = subprocess.Popen(words, env=environment, stdout=out, stderr=out)
        until = time.monotonic() + 60
        while "no broker at" not in log.read_text() and time.monotonic() < until:
            threading.Event().wait(0.1)
        command_line = Path(f"/proc/{engine.pid}/cmdline").read_bytes()
        engine.terminate()
        engine.wait(30)
    assert "no broker at" in log.read_text()
    assert SECRET not in log.read_text()
    assert SECRET.encode() not in command_line
