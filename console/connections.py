"""Connections of a program: broker, session name, feeds and channels."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.channels.folder import FolderChannel
from console.channels.mail import MOST_ADDRESSES, Mail, MailServer, address_checked
from console.channels.mqtt import MqttChannel
from console.channels.own_thread import OwnThread
from console.channels.port import DeliveryChannel
from console.channels.webhook import Webhook, WebhookAddress
from console.feeds.mapping import TopicMapping
from console.feeds.mqtt import MqttFeed
from console.feeds.port import Feed
from console.mqtt import Broker, MqttConnection
from console.secret_files import read_secret
from console.settings import Settings
from maps.city import City
from maps.errors import InputFault

if TYPE_CHECKING:
    from console.runtime import Runtime
    from console.web.site import CrewSite


def broker_of(settings: Settings, mqtt: str) -> Broker:
    """The broker given, else the one of the settings. Raises InputFault without any."""
    if not (mqtt or settings.mqtt):
        raise InputFault("no broker: give --mqtt mqtt://host, or set QUANMAI_MQTT or 'mqtt' in settings.toml")
    return with_certificates(Broker.parse(mqtt or settings.mqtt), settings)


def with_certificates(broker: Broker, settings: Settings) -> Broker:
    """A broker with the certificates of the settings, checked. Raises InputFault, also for a key that others may read."""
    if settings.mqtt_key is not None:
        read_secret(settings.mqtt_key)
    made = replace(broker, ca=settings.mqtt_ca, certificate=settings.mqtt_certificate, key=settings.mqtt_key)
    if (made.ca or made.certificate) and not made.tls:
        raise InputFault(f"broker {broker}: certificates are set, but it is no mqtts:// address; nothing would be encrypted")
    if made.tls:
        made.tls_context()
    return made


def seat_of(settings: Settings, kind: str, store: str | Path) -> str:
    """The seat's name: as set, else the same for the same kind of program, machine and store at every start.

    Never a process id: the broker would keep a queue for each program that ever ran.
    """
    where = f"{platform.node()}|{store if '://' in str(store) else Path(store).resolve()}"
    return settings.seat or f"{kind}-{hashlib.sha256(where.encode()).hexdigest()[:8]}"


def connection_of(settings: Settings, broker: Broker, site: str, seat: str) -> MqttConnection:
    """A seat's connection; its session at the broker has the seat's name."""
    return MqttConnection(broker, site, f"quanmai-{site}-{seat}", session_hours=settings.mqtt_session_hours)


def feeds_of(settings: Settings, city: City, connection: MqttConnection | None) -> list[Feed]:
    """The feeds of a program; without a connection none is MQTT. One line for each feed. Raises InputFault."""
    feeds: list[Feed] = []
    if connection is not None:
        mapping = TopicMapping.read(settings.mqtt_mapping) if settings.mqtt_mapping is not None else None
        feeds.append(MqttFeed(connection, city, mapping))
    if settings.traccar:
        feeds.append(_traccar(settings, city))
    return feeds


def _traccar(settings: Settings, city: City) -> Feed:
    try:
        from console.feeds.traccar import TraccarAddress, TraccarFeed
    except ImportError as fault:
        raise InputFault(f"Traccar needs one more package ({fault.name}): pip install 'quanmai[traccar]'") from fault
    return TraccarFeed(TraccarAddress.parse(settings.traccar, settings.traccar_token), city)


def channels_of(settings: Settings, city: City, connection: MqttConnection | None) -> list[DeliveryChannel]:
    """The channels of a program. One line for each channel."""
    channels: list[DeliveryChannel] = []
    if connection is not None:
        channels.append(MqttChannel(connection, city.info.site))
    if settings.notices_to is not None:
        channels.append(OwnThread(FolderChannel(settings.notices_to)))
    channels += [OwnThread(Webhook(one, city.info.site), confirms=True) for one in webhooks_of(settings)]
    server = mail_server_of(settings)
    if server is not None and settings.mail is not None:
        channels += [OwnThread(Mail(server, to, city.info.site)) for to in dict.fromkeys(settings.mail.to)]
    return channels


def webhooks_of(settings: Settings) -> list[WebhookAddress]:
    """The webhooks as set, with their secrets. Raises InputFault, also for a secret without its webhook."""
    secrets = settings.secrets.webhooks
    if unused := sorted(secrets.keys() - settings.webhooks.keys()):
        raise InputFault(f"{settings.credentials}: webhooks.{unused[0]}: settings.toml has no [webhooks.{unused[0]}]")
    return [WebhookAddress(name, one.url, secrets.get(name, ""), one.ca) for name, one in settings.webhooks.items()]


def mail_server_of(settings: Settings) -> MailServer | None:
    """The mail server as set; None without one. Raises InputFault, also for addresses that are none or too many."""
    mail = settings.mail
    if mail is None:
        if settings.secrets.mail_password:
            raise InputFault(f"{settings.credentials}: mail_password is set, but settings.toml has no [mail]")
        return None
    if not 1 <= len(set(mail.to)) <= MOST_ADDRESSES:
        raise InputFault(
            f"settings: mail.to: {len(set(mail.to))} addresses; expected 1 to {MOST_ADDRESSES}, "
            "for more people a distribution list of the mail server"
        )
    for address in mail.to:
        address_checked(address, "mail.to")
    return MailServer(mail.server, mail.sender, mail.user, settings.secrets.mail_password, mail.ca)


def crew_site_of(settings: Settings) -> CrewSite | None:
    """The crews' page as set; None without one. Raises InputFault, also where the extra ``web`` is not installed."""
    if not settings.web:
        return None
    try:
        from console.web.server import WebAddress
        from console.web.site import CrewSite
    except ImportError as fault:
        raise InputFault(f"the crews' page needs more packages ({fault.name}): pip install 'quanmai[web]'") from fault
    address = WebAddress.parse(settings.web, settings.web_certificate, settings.web_key, settings.web_public)
    if settings.web_key is not None:
        read_secret(settings.web_key)
    return CrewSite(address)


def serve_crews(site: CrewSite, runtime: Runtime) -> None:
    """Serve the crews' page, and tickets by Open311, from what runs here."""
    from console.web.open311 import TicketParts

    tickets = TicketParts(runtime.city, runtime.clock, runtime.store, runtime.store.api_keys, runtime.engine.submit)
    site.serve(runtime.city, runtime.clock, runtime.store, runtime.store.crew_links, tickets)
