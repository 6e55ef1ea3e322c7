"""The link to a real broker: in, out, away and back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.domain.changes import Outgoing
from console.feeds.broker import Broker
from console.feeds.inbox import Inbox
from console.feeds.mqtt import MqttLink
from maps.errors import InputFault
from tests.servers import free_port, mosquitto

pytestmark = pytest.mark.slow


def _until(true: Callable[[], bool], within_s: float = 10.0) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def _link(url: str, name: str, inbox: Inbox | None = None) -> MqttLink:
    return MqttLink(Broker.parse(url), "t", name, inbox)


def test_readings_reach_the_inbox_and_orders_reach_the_broker(tmp_path: Path) -> None:
    with mosquitto(tmp_path, free_port()) as url:
        inbox = Inbox()
        console, field = _link(url, "console", inbox), _link(url, "field")
        console.start()
        field.start()
        try:
            assert _until(lambda: console.health().state == field.health().state == "up")
            for number in range(500):
                field.send("quanmai/v1/t/readings/S1", str(number).encode())
            assert _until(lambda: len(inbox) >= 500)
            assert [int(m.payload) for m in inbox.drain(0)] == list(range(500))
            assert console.publish(7, Outgoing("quanmai/v1/t/orders/C1", b"{}"))
            assert _until(lambda: console.taken() == [7])
        finally:
            field.stop()
            console.stop()


def test_a_dead_broker_is_a_state_with_advice_and_the_link_comes_back_by_itself(tmp_path: Path) -> None:
    port = free_port()
    link = _link(f"mqtt://127.0.0.1:{port}", "console", Inbox())
    link.start()
    try:
        assert _until(lambda: link.health().state == "down")
        assert "retrying" in link.health().message
        assert not link.publish(1, Outgoing("a", b""))
        with mosquitto(tmp_path, port):
            assert _until(lambda: link.health().state == "up", 20)
    finally:
        link.stop()


@pytest.mark.parametrize("url", ["", "localhost", "http://x", "mqtt://", "mqtt://h:port", "mqtt://[::1"])
def test_a_wrong_broker_address_is_told_in_one_line(url: str) -> None:
    with pytest.raises(InputFault, match="mqtt://host"):
        Broker.parse(url)


def test_thousands_of_messages_published_one_after_another_are_all_taken(tmp_path: Path) -> None:
    """paho answers a publish from its network thread with its own lock held; a lock of ours over publish stopped both."""
    count = 2_000
    with mosquitto(tmp_path, free_port()) as url:
        for trial in range(5):
            link = _link(url, f"engine-{trial}", Inbox())
            link.start()
            assert _until(lambda link=link: link.health().state == "up")  # type: ignore[misc]
            done = list[int]()

            def publish_all(link: MqttLink = link, done: list[int] = done) -> None:
                for number in range(count):
                    assert link.publish(number, Outgoing("quanmai/v1/t/orders/C1", b"{}"))
                    done.append(number)

            publisher = threading.Thread(target=publish_all, daemon=True)
            publisher.start()
            publisher.join(20)
            assert len(done) == count, f"trial {trial}: publishing stopped after {len(done)}"
            taken = list[int]()
            end = time.monotonic() + 20
            while len(taken) < count and time.monotonic() < end:
                taken += link.taken()
                time.sleep(0.01)
            assert sorted(taken) == list(range(count))
            link.stop()
