"""Servers that are no MQTT 5 broker, or not the kind of the address: one line with advice, and further attempts."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.mqtt import MqttConnection
from console.mqtt.broker import Broker
from tests.servers import free_port, mosquitto, own_certificate

pytestmark = pytest.mark.slow


@contextmanager
def _server(answer: bytes) -> Iterator[str]:
    """Answers whatever connects with the same bytes, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"mqtt://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def _until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def _says(url: str, advice: str) -> None:
    link = MqttConnection(Broker.parse(url), "t", "engine")
    link.receive(["quanmai/v1/t/readings"], lambda messages, kept: kept())
    link.start()
    try:
        assert _until(lambda: link.health().state == "down"), link.health()
        assert advice in link.health().message
        assert "\n" not in link.health().message
        assert not link.publish(1, "quanmai/v1/t/orders/C1", b"{}")
    finally:
        link.stop()


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (b"\x20\x02\x00\x01", "it must speak MQTT 5"),  # CONNACK of an MQTT 3.1.1 broker: unacceptable protocol version
        (b"\x20\x03\x00\x84\x00", "it must speak MQTT 5"),
        (b"\x20\x03\x00\x85\x00", "--seat"),
        (b"\x20\x03\x00\x87\x00", "check user and password"),
        (b"\x20\x03\x00\x89\x00", "it is busy, retrying"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it must speak MQTT 5"),
        (b"", "it must speak MQTT 5"),
        (bytes(range(256)) * 4, "it must speak MQTT 5"),
    ],
)
def test_a_server_that_is_no_usable_broker_is_reported_with_advice(answer: bytes, advice: str) -> None:
    with _server(answer) as url:
        _says(url, advice)


def test_a_port_without_tls_one_with_it_and_an_unknown_certificate_are_distinguished(tmp_path: Path) -> None:
    with mosquitto(tmp_path, free_port()) as url:
        _says(url.replace("mqtt://", "mqtts://"), "else mqtt://")
    certificate, key = own_certificate(tmp_path)
    with mosquitto(tmp_path, free_port(), f"user root\ncertfile {certificate}\nkeyfile {key}\n") as url:
        _says(url, "else mqtts://")
        _says(url.replace("mqtt://", "mqtts://"), "certificate")
