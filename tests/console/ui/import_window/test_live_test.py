"""The live test with a real broker: foreign topics are mapped by click, have values at once, and the feed reads them later."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from pytestqt.qtbot import QtBot

from console.domain.readings import Channel
from console.feeds.inbox import Inbox
from console.feeds.mapping import MappedValue, TopicMapping, numbers_in
from console.feeds.mqtt import MqttFeed
from console.mqtt import Broker, MqttConnection
from console.mqtt.listening import Heard
from console.mqtt.message import Message
from console.ui.appearance import Appearance
from console.ui.import_window import LiveTestWindow
from console.ui.theme import Theme
from console.ui.words import Words
from maps.city import City
from maps.errors import InputFault
from tests.builders import a_network
from tests.servers import free_port, mosquitto

_HANGS_MS = 30_000


def _city() -> City:
    return a_network().source("S").pipe("P", "S", "A").station("PT-07", at="A").station("FT-01", on="P").build()


def _publish(url: str, topic: str, payload: bytes) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    broker = Broker.parse(url)
    client.connect(broker.host, broker.port)
    client.loop_start()
    client.publish(topic, payload, qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


@pytest.mark.gui
def test_foreign_topics_are_mapped_by_click_and_read_by_the_feed(qtbot: QtBot, tmp_path: Path) -> None:
    city = _city()
    with mosquitto(tmp_path, free_port()) as url:
        window = LiveTestWindow(Appearance(Theme.load("light"), Words("en", "UTC")), city, url)
        qtbot.addWidget(window)
        window.show()
        window.listen()
        qtbot.waitUntil(lambda: "onnected: 0" in window.state.text(), timeout=_HANGS_MS)
        now = datetime.now(UTC)
        scada = json.dumps({"dev": "x", "ts": int(now.timestamp() * 1000), "data": {"压力": 3.1, "rssi": -70}}).encode()
        _publish(url, "scada/east/PT-07", scada)
        _publish(url, "plant/q1", b"12.5")
        qtbot.waitUntil(lambda: window.topics.topLevelItemCount() == 2, timeout=_HANGS_MS)
        window.select("scada/east/PT-07", "data.压力")
        assert (window.station.currentText(), window.channel.currentData(), window.time.currentData()) == (
            "PT-07",
            "pressure",
            "ts",
        )
        window.unit.setCurrentText("bar")
        window.map_field()
        window.select("plant/q1", "")
        window.station.setEditText("FT-01")
        window.channel.setCurrentIndex(window.channel.findData("flow"))
        window.unit.setCurrentText("L/s")
        window.map_field()
        assert window.values() == {("PT-07", "pressure"): pytest.approx(310.0), ("FT-01", "flow"): pytest.approx(45.0)}
        window.grab()
        kept = tmp_path / "mapping.toml"
        window.save_to(kept)
        window.close()

        inbox = Inbox()
        feed = MqttFeed(MqttConnection(Broker.parse(url), city.info.site, "test-seat"), city, TopicMapping.read(kept))
        feed.start(inbox)
        try:
            qtbot.waitUntil(lambda: feed.health().state == "up", timeout=_HANGS_MS)
            _publish(url, "scada/east/PT-07", scada)
            qtbot.waitUntil(lambda: len(inbox) == 1, timeout=_HANGS_MS)
        finally:
            feed.stop()
    messages = [Message("scada/east/PT-07", scada), Message("plant/q1", b"12.5"), Message("plant/q2", b"1")]
    batch = feed.decode(messages, int(now.timestamp() * 1e6)).readings
    assert batch.channel.tolist() == [Channel.PRESSURE, Channel.FLOW]
    assert batch.value.tolist() == pytest.approx([310.0, 45.0])


def test_a_mapped_message_that_holds_no_number_or_time_stays_and_is_refused_as_any_other() -> None:
    mapping = TopicMapping([MappedValue("a", "v", "S1", "pressure", "MPa", "t")])
    for payload in (
        b"nonsense",
        b'{"v": "x", "t": 1767225600}',
        b'{"v": 1}',
        b'{"v": 1, "t": "2026-01-01T00:00:00"}',
        b"[" * 5000,
    ):
        message = Message("a", payload)
        assert mapping.translated([message], lambda: datetime.now(UTC)) == [message]
    assert numbers_in(b'{"a": [1, {"b": "2.5"}], "c": null}') == {"a.0": 1.0, "a.1.b": 2.5}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[value]]\ntopic="a"\nchannel="pressure"', "station is missing"),
        ('[[value]]\ntopic="a/#"\nstation="S"\nchannel="pressure"', "wildcard"),
        ('[[value]]\ntopic="a/+"\nstation="S"\nchannel="pressure"', "{2}"),
        ('[[value]]\ntopic="a/+"\nstation="{1}"\nchannel="pressure"', "no +"),
        ('[[value]]\ntopic="a/b+"\nstation="{2}"\nchannel="pressure"', "whole level"),
        ('[[value]]\ntopic="a"\nstation="S"\nchannel="speed"', "'speed'"),
        ('[[value]]\ntopic="a"\nstation="S"\nchannel="pressure"\nunit="psi"', "'psi'"),
        ("[[value]]\ntopic=1", "not a text"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_entry(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputFault, match=r"mapping\.toml") as refused:
        TopicMapping.read(path)
    assert said in str(refused.value)


@pytest.mark.parametrize("form", ["{3}", "PT-{3}"])
def test_one_entry_maps_all_topics_of_a_form_and_takes_the_station_from_a_level(form: str, tmp_path: Path) -> None:
    kept = tmp_path / "mapping.toml"
    made = TopicMapping(
        [
            MappedValue("scada/+/+/data", "p", form, "pressure", "bar"),
            MappedValue("scada/east/07/data", "p", "special", "pressure", "bar"),
            MappedValue("scada/east/07/data", "q", "special", "flow", "L/s"),
        ]
    )
    kept.write_text(made.toml(), encoding="utf-8")
    mapping = TopicMapping.read(kept)
    assert mapping.values == made.values
    assert mapping.topics == ("scada/+/+/data", "scada/east/07/data")
    levels = ("east/07/data", "west/09/data", "west/09/more/data", "west/09")
    messages = [Message(f"scada/{end}", b'{"p": 3.0, "q": 2}') for end in levels]
    translated = mapping.translated(messages, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert [message.topic for message in translated[2:]] == ["scada/west/09/more/data", "scada/west/09"]  # of no entry
    found = [json.loads(message.payload)[0] for message in translated[:2]]
    assert [(one["s"], one["v"]["pressure_mpa"]) for one in found] == [
        ("special", pytest.approx(0.3)),
        (form.format(None, None, None, "09"), pytest.approx(0.3)),
    ]


@pytest.mark.gui
def test_all_topics_of_a_form_are_mapped_by_one_tick(qtbot: QtBot) -> None:
    window = LiveTestWindow(Appearance(Theme.load("light"), Words("en", "UTC")), _city())
    qtbot.addWidget(window)
    heard = [Heard(f"scada/{station}/p", b"3.1", 1, 1.0) for station in ("PT-07", "FT-01")]
    for one in heard:
        window._show_topic(one)
    window.select("scada/PT-07/p", "")
    assert (window.station.currentText(), window.alike.text()) == ("PT-07", "All topics of this form: scada/+/p")
    window.alike.click()
    window.unit.setCurrentText("bar")
    window.map_field()
    window.mapped.read(heard)
    assert window.values() == {("PT-07", "pressure"): pytest.approx(310.0), ("FT-01", "pressure"): pytest.approx(310.0)}
    window.select("scada/FT-01/p", "")
    assert window.station.currentText() == "FT-01"
    window.station.setEditText("elsewhere")
    assert not window.alike.isEnabled()
