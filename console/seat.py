"""The seat: which broker a program speaks to, and under which name its session stands there."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

from console.feeds.broker import Broker
from console.feeds.inbox import Inbox
from console.feeds.mqtt import MqttLink
from console.settings import Settings
from maps.errors import InputFault


def broker_of(settings: Settings, mqtt: str) -> Broker:
    """The broker given, else the one of the settings. Raises InputFault without any."""
    if not (mqtt or settings.mqtt):
        raise InputFault("no broker: give --mqtt mqtt://host, or set QUANMAI_MQTT or 'mqtt' in settings.toml")
    return Broker.parse(mqtt or settings.mqtt)


def seat_of(settings: Settings, kind: str, store: str | Path) -> str:
    """The seat's name: as set, else the same for the same kind of program, machine and store at every start.

    Never a process id: the broker would keep a queue for each program that ever ran.
    """
    where = f"{platform.node()}|{store if '://' in str(store) else Path(store).resolve()}"
    return settings.seat or f"{kind}-{hashlib.sha256(where.encode()).hexdigest()[:8]}"


def link_of(settings: Settings, broker: Broker, site: str, seat: str, inbox: Inbox) -> MqttLink:
    """The link of a seat that receives; its session at the broker bears the seat's name."""
    return MqttLink(broker, site, f"quanmai-{site}-{seat}", inbox, session_hours=settings.mqtt_session_hours)
