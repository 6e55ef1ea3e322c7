"""The connection to a real broker: receiving, sending, loss and reconnection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from console.feeds.inbox import Inbox
from console.feeds.mqtt import MqttFeed
from console.mqtt.broker import Broker
from console.mqtt.connection import MqttConnection
from console.mqtt.message import Message
from console.mqtt.state import ConnectionState
from maps.errors import InputFault
from tests.console.feeds.test_refusals import CITY
from tests.servers import free_port, mosquitto, own_certificate

pytestmark = pytest.mark.slow


def _until(true: Callable[[], bool], within_s: float = 60.0) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def _link(url: str, name: str, inbox: Inbox | None = None, **options: float) -> MqttConnection:
    """A connection, with an inbox that of a feed."""
    connection = MqttConnection(Broker.parse(url), "t", name, **options)
    if inbox is not None:
        feed = MqttFeed(connection, CITY)
        connection.receive(feed._topics, lambda messages, kept: _offered(inbox, feed, messages, kept))
    return connection


def _offered(inbox: Inbox, feed: MqttFeed, messages: list[Message], kept: Callable[[], None]) -> None:
    inbox.offer_all(feed, messages, kept)


def _payloads(inbox: Inbox, timeout_s: float = 0.0) -> list[str]:
    return [message.payload.decode() for arrived in inbox.drain(timeout_s) for message in arrived.items]


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
            assert [int(payload) for payload in _payloads(inbox)] == list(range(500))
            assert console.publish(7, "quanmai/v1/t/orders/C1", b"{}")
            assert _until(lambda: console.results() == [(7, "")])
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
        assert not link.publish(1, "a", b"")
        with mosquitto(tmp_path, port):
            assert _until(lambda: link.health().state == "up", 20)
    finally:
        link.stop()


@pytest.mark.parametrize("url", ["", "localhost", "http://x", "mqtt://", "mqtt://h:port", "mqtt://[::1"])
def test_a_wrong_broker_address_is_reported_in_one_line(url: str) -> None:
    with pytest.raises(InputFault, match="mqtt://host"):
        Broker.parse(url)


def test_thousands_of_messages_published_one_after_another_are_all_taken(tmp_path: Path) -> None:
    """Regression: paho confirms a publish on its network thread under its own lock; holding ours over publish deadlocked."""
    count = 2_000
    with mosquitto(tmp_path, free_port()) as url:
        for trial in range(5):
            link = _link(url, f"engine-{trial}", Inbox())
            link.start()
            assert _until(lambda link=link: link.health().state == "up")  # type: ignore[misc]
            done = list[int]()

            def publish_all(link: MqttConnection = link, done: list[int] = done) -> None:
                for number in range(count):
                    assert link.publish(number, "quanmai/v1/t/orders/C1", b"{}")
                    done.append(number)

            publisher = threading.Thread(target=publish_all, daemon=True)
            publisher.start()
            publisher.join(20)
            assert len(done) == count, f"trial {trial}: publishing stopped after {len(done)}"
            taken = list[tuple[int, str]]()
            end = time.monotonic() + 20
            while len(taken) < count and time.monotonic() < end:
                taken += link.results()
                time.sleep(0.01)
            assert sorted(taken) == [(number, "") for number in range(count)]
            link.stop()


@contextmanager
def _running(link: MqttConnection) -> Iterator[MqttConnection]:
    link.start()
    try:
        assert _until(lambda: link.health().state == "up")
        yield link
    finally:
        link.stop()


def _drained(inbox: Inbox, count: int) -> list[str]:
    got = list[str]()
    end = time.monotonic() + 10
    while len(got) < count and time.monotonic() < end:
        got += _payloads(inbox, 0.1)
    return got


def test_what_was_not_kept_is_delivered_again_and_what_was_kept_is_not(tmp_path: Path) -> None:
    kept, lost = [f"kept {number}" for number in range(300)], [f"not kept {number}" for number in range(300)]
    with mosquitto(tmp_path, free_port()) as url, _running(_link(url, "field")) as field:
        inbox = Inbox()
        with _running(_link(url, "engine", inbox)):
            for payload in kept:
                field.send("quanmai/v1/t/readings/S1", payload.encode())
            assert _drained(inbox, len(kept)) == kept
            inbox.kept(len(kept))
            for payload in lost:
                field.send("quanmai/v1/t/readings/S1", payload.encode())
            assert _drained(inbox, len(lost)) == lost
        again = Inbox()
        with _running(_link(url, "engine", again)):
            assert _drained(again, len(lost)) == lost
            assert again.drain(0.3) == []


def test_readings_do_not_pass_through_paho_s_slow_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wire uses a private name of paho; a version without it would be correct and five times slower."""

    def slow(*_: object) -> None:
        raise AssertionError("a message came through on_message")

    monkeypatch.setattr(MqttConnection, "_on_message", slow)
    with mosquitto(tmp_path, free_port()) as url, _running(_link(url, "field")) as field:
        inbox = Inbox()
        with _running(_link(url, "engine", inbox)) as engine:
            for number in range(50):
                field.send("quanmai/v1/t/readings/S1", str(number).encode())
            assert _drained(inbox, 50) == [str(number) for number in range(50)]
            assert engine.health().received == 50


def test_two_programs_of_one_name_both_report_it_and_take_over_ever_more_rarely(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: dict[ConnectionState, list[float]] = {}
    taken = ConnectionState.pause_s

    def recorded(state: ConnectionState) -> float:
        is_takeover, pause = state.health().code == "session_taken", taken(state)
        if is_takeover:
            pauses.setdefault(state, []).append(pause)
        return pause

    monkeypatch.setattr(ConnectionState, "pause_s", recorded)
    with mosquitto(tmp_path, free_port()) as url:
        first, second = (_link(url, "engine", Inbox(), takeover_pause_s=0.2) for _ in range(2))
        with _running(first):
            second.start()
            try:
                assert _until(lambda: any(each and each[-1] >= 0.8 for each in pauses.values()), 60)
                assert _until(lambda: len(pauses) == 2, 60)  # each of them detects the other
            finally:
                second.stop()
            # From each takeover to the next the pause grows: there are few of them, however long both run.
            for each in pauses.values():
                assert each == sorted(each)
                assert len(each) <= 2 * len(set(each))
            assert "--seat" in first.health().message
            told = [record for record in caplog.records if "takes the session" in record.getMessage()]
            assert told
            assert all(record.levelname == "ERROR" for record in told)
            assert _until(lambda: first.health().state == "up", 30)  # the other is gone: it comes back by itself
            assert first.health().code == "session_contested"


def test_a_link_that_only_sends_leaves_no_session_and_a_seat_s_session_ends_by_itself(tmp_path: Path) -> None:
    # The broker says when it ended a session: how soon it looks depends on the machine.
    with mosquitto(tmp_path, free_port(), "sys_interval 1\n") as url, _running(_link(url, "field")) as field:
        ended: list[int] = []
        watch = mqtt.Client(CallbackAPIVersion.VERSION2)
        watch.on_message = lambda _client, _data, message: ended.append(int(message.payload))
        watch.connect("127.0.0.1", int(url.rpartition(":")[2]))
        watch.subscribe("$SYS/broker/clients/expired")
        watch.loop_start()
        try:
            with _running(_link(url, "seat", Inbox(), session_hours=1 / 3600)):
                pass
            assert _until(lambda: bool(ended) and ended[-1] == 1, 60)
        finally:
            watch.disconnect()
            watch.loop_stop()
        field.send("quanmai/v1/t/readings/S1", b"while it was away, for too long")
        again = Inbox()
        with _running(_link(url, "seat", again)):
            field.send("quanmai/v1/t/readings/S1", b"now")
            assert _drained(again, 1) == ["now"]


def test_a_topic_that_mqtt_does_not_allow_is_refused_and_stops_nothing_else(tmp_path: Path) -> None:
    with mosquitto(tmp_path, free_port()) as url, _running(_link(url, "engine", Inbox())) as link:
        assert link.publish(1, "quanmai/v1/t/orders/C#1", b"{}")
        ((first, why),) = link.results()
        assert first == 1
        assert why
        assert link.publish(2, "quanmai/v1/t/orders/C2", b"{}")
        assert _until(lambda: link.results() == [(2, "")])
        assert link.health().code == "broker_refuses"


def test_what_the_broker_refuses_is_a_result_with_its_reason(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.write_text("topic read #\ntopic write quanmai/v1/t/notices\n")
    with (
        mosquitto(tmp_path, free_port(), f"user root\nacl_file {rules}\n") as url,
        _running(_link(url, "engine", Inbox())) as link,
    ):
        assert link.publish(1, "quanmai/v1/t/orders/C1", b"{}")
        assert link.publish(2, "quanmai/v1/t/notices", b"{}")
        results = dict[int, str]()
        assert _until(lambda: not results.update(link.results()) and len(results) == 2)
        assert results == {1: "Not authorized", 2: ""}
        assert _until(lambda: "orders/C1" in link.health().message)


def test_readings_and_orders_pass_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = own_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    more = f"user root\ncafile {certificate}\ncertfile {certificate}\nkeyfile {key}\n"
    with mosquitto(tmp_path, free_port(), more) as url:
        secure = url.replace("mqtt://", "mqtts://")
        inbox = Inbox()
        with _running(_link(secure, "field")) as field, _running(_link(secure, "engine", inbox)) as engine:
            sent = [f"{number} {'x' * 400}" for number in range(500)]  # more than one TLS record, more than one chunk
            for payload in sent:
                field.send("quanmai/v1/t/readings/S1", payload.encode())
            assert _drained(inbox, len(sent)) == sent
            inbox.kept(len(sent))
            assert engine.publish(7, "quanmai/v1/t/orders/C1", b"{}")
            assert _until(lambda: engine.results() == [(7, "")])
        again = Inbox()
        with _running(_link(secure, "engine", again)):
            assert again.drain(0.3) == []
