"""Doctor: checks of one workstation or server before and while Quanmai runs there, each with advice."""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import urlsplit

from console.channels.mail import MailServer
from console.channels.port import NotDelivered
from console.channels.webhook import WebhookAddress, on_one_line
from console.connections import mail_server_of, webhooks_of, with_certificates
from console.mqtt.broker import Broker
from console.mqtt.round_trip import round_trip_s
from console.screen import has_screen
from console.settings import Settings, load_settings
from console.store.inspection import Inspection, inspected
from maps.errors import InputFault, QuanmaiError

LEAST_FREE, LITTLE_FREE = 500_000_000, 5_000_000_000
"""Bytes: below the first the store soon cannot be written, below the second a month of readings may not fit."""
SLOW_SYNC_S = 0.2
"""A commit waits for the disk once; beyond this each decision is noticeably slow."""
_REACH_S = 5.0
MOST_SKEW_S = 2.0
"""Readings 5 s ahead of our clock are refused; half of it is left to the stations."""


class State(StrEnum):
    """Result of a check. UNKNOWN: it could not be checked here."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check; ``advice`` is empty where nothing has to be done."""

    check: str
    state: State
    text: str
    advice: str = ""

    def line(self) -> str:
        """The finding in one line."""
        return f"{self.state.upper():8} {self.check:9} {self.text}{f'; {self.advice}' if self.advice else ''}"


def examine(store: str = "", mqtt: str = "") -> tuple[Finding, ...]:
    """Every check, in order. ``store`` and ``mqtt`` override the settings, as for ``run``. Nothing is changed or migrated."""
    try:
        settings = load_settings()
    except InputFault as fault:
        return (Finding("settings", State.FAULT, str(fault)),)
    where = store or settings.store
    found = [Finding("settings", State.OK, f"data folder {settings.data_folder}")]
    inspection, on_store = _store(where, settings)
    found += on_store
    found += _guarded("broker", lambda: _broker(mqtt or settings.mqtt, settings))
    found += _channels(settings)
    found += _guarded("clock", lambda: _clock(inspection))
    for folder in _folders(where, settings):
        found += _guarded("disk", lambda folder=folder: _disk(folder))  # type: ignore[misc]
    found += _guarded("fonts", _fonts)
    found += _guarded("screen", _screen)
    return tuple(found)


def _guarded(check: str, look: Callable[[], Finding]) -> list[Finding]:
    try:
        return [look()]
    except QuanmaiError as fault:
        return [Finding(check, State.FAULT, str(fault))]
    except OSError as fault:
        return [Finding(check, State.FAULT, f"{fault.filename or check}: {fault.strerror or fault}", "check rights and the disk")]


def _store(where: str, settings: Settings) -> tuple[Inspection | None, list[Finding]]:
    if not where:
        stores = sorted(settings.data_folder.glob("*.sqlite")) if settings.data_folder.is_dir() else []
        if not stores:
            return None, [Finding("store", State.OK, f"none yet; the first start makes one in {settings.data_folder}")]
        pairs = [_one_store(str(path)) for path in stores]
        return None, [finding for _, finding in pairs]
    inspection, finding = _one_store(where)
    return inspection, [finding]


def _one_store(where: str) -> tuple[Inspection | None, Finding]:
    try:
        found = inspected(where)
    except QuanmaiError as fault:
        return None, Finding("store", State.FAULT, str(fault))
    if not found.exists:
        if not found.may_write:
            text = f"{found.where}: has no tables, and this account may not make them"
            return found, Finding("store", State.FAULT, text, "an administrator does: quanmai server init")
        return found, Finding("store", State.OK, f"{found.where}: none yet; the first start makes it")
    used = f", in use by {found.holder}" if found.holder else ""
    if not found.is_current:
        text = f"{found.where}: written by an older version{used}"
        return found, Finding("store", State.WARNING, text, "make a backup; the next start migrates it")
    if not found.may_write:
        return found, Finding("store", State.FAULT, f"{found.where}: this account may not write there", "check rights or grants")
    if found.holder and found.leader and found.leaderless_s > 0:
        text = f"{found.where}: {found.changes} changes{used}; nobody leads: nothing is detected, stored or sent"
        return found, Finding("store", State.WARNING, text, "a running console or engine takes over within about ten seconds")
    leads = f", led by {found.leader}" if found.holder and found.leader else ""
    return found, Finding("store", State.OK, f"{found.where}: {found.changes} changes{used}{leads}")


def _broker(mqtt: str, settings: Settings) -> Finding:
    if not mqtt:
        advice = "set 'mqtt' in settings.toml or QUANMAI_MQTT"
        return Finding("broker", State.WARNING, "none is set: no readings arrive, nothing is sent", advice)
    broker = with_certificates(Broker.parse(mqtt), settings)
    took_s = round_trip_s(broker)
    text = f"{broker}: a message came back after {took_s * 1000:.0f} ms"
    local = broker.host in ("localhost", "127.0.0.1", "::1")
    if not broker.tls and not local:
        return Finding("broker", State.WARNING, f"{text}, without encryption", "use mqtts:// outside a closed network")
    return Finding("broker", State.OK, text)


def _channels(settings: Settings) -> list[Finding]:
    """The ways out that are set: nothing is posted or mailed, only reached."""
    found = list[Finding]()
    if settings.notices_to is not None:
        folder = settings.notices_to
        found += _guarded("channel", lambda: _folder(folder))
    try:
        hooks, server = webhooks_of(settings), mail_server_of(settings)
    except QuanmaiError as fault:
        return [*found, Finding("channel", State.FAULT, str(fault))]
    for hook in hooks:
        found += _guarded("channel", lambda hook=hook: _webhook(hook))  # type: ignore[misc]
    if server is not None and settings.mail is not None:
        addresses = len(settings.mail.to)
        found += _guarded("channel", lambda: _mail(server, addresses))
    return found


def _folder(folder: Path) -> Finding:
    if not folder.is_dir():
        return Finding("channel", State.WARNING, f"folder {folder}: not there yet; the first notice makes it")
    with NamedTemporaryFile(dir=folder, prefix=".quanmai-doctor-"):
        return Finding("channel", State.OK, f"folder {folder}: can be written")


def _webhook(hook: WebhookAddress) -> Finding:
    """A connection, for HTTPS with its certificate; no request is made."""
    parts = urlsplit(hook.url)
    context = hook.context()
    name = f"webhook {hook.name}: {parts.hostname}"
    try:
        port = parts.port or (443 if context is not None else 80)
        with socket.create_connection((str(parts.hostname), port), timeout=_REACH_S) as link:
            if context is not None:
                context.wrap_socket(link, server_hostname=parts.hostname).close()
    except OSError as fault:
        return Finding("channel", State.FAULT, f"{name} cannot be reached: {fault}", "check address, certificate and firewall")
    return Finding("channel", State.OK, f"{name} answers; whether it takes notices is not tried")


def _mail(server: MailServer, addresses: int) -> Finding:
    """A connection, encrypted and logged in; no mail is sent."""
    try:
        with server.connected(server.context()):
            pass
    except (OSError, smtplib.SMTPException) as fault:
        text = f"mail server {server.host}: {on_one_line(str(fault))}"
        return Finding("channel", State.FAULT, text, "check mail.server, mail.user, mail_password and mail.ca")
    except NotDelivered as fault:
        return Finding("channel", State.FAULT, f"mail: {fault}")
    return Finding("channel", State.OK, f"mail server {server.host}: login works; notices go to {addresses} addresses")


def _clock(inspection: Inspection | None) -> Finding:
    if inspection is not None and inspection.clock_ahead_s is not None:
        skew_s = inspection.clock_ahead_s
        text = f"{abs(skew_s):.1f} s {'ahead of' if skew_s > 0 else 'behind'} the database server"
        if abs(skew_s) > MOST_SKEW_S:
            return Finding("clock", State.FAULT, text, "set up NTP on both machines")
    else:
        text = "no server to compare with"
    program = shutil.which("timedatectl")
    said = _output([program, "show", "--property=NTPSynchronized", "--value"]) if program else ""
    if said == "yes":
        return Finding("clock", State.OK, f"synchronised by NTP; {text}")
    if said == "no":
        return Finding("clock", State.WARNING, f"not synchronised; {text}", "set up NTP (systemd-timesyncd or chrony)")
    return Finding("clock", State.UNKNOWN, f"whether NTP runs cannot be seen here; {text}", "check that NTP runs on this machine")


def _folders(where: str, settings: Settings) -> Iterable[Path]:
    """The data folder and, on SQLite elsewhere, the store's folder."""
    yield settings.data_folder
    if where and "://" not in where and Path(where).resolve().parent != settings.data_folder.resolve():
        yield Path(where).resolve().parent


def _disk(folder: Path) -> Finding:
    there = next(path for path in (folder, *folder.resolve().parents) if path.is_dir())
    free = shutil.disk_usage(there).free
    with NamedTemporaryFile(dir=there, prefix=".quanmai-doctor-") as trial:
        begun = time.monotonic()
        trial.write(b"x" * 4096)
        trial.flush()
        os.fsync(trial.fileno())
        took_s = time.monotonic() - begun
    text = f"{folder}: {free / 1e9:.1f} GB free, a synced write takes {took_s * 1000:.0f} ms"
    if free < LEAST_FREE:
        return Finding("disk", State.FAULT, text, "free some space now")
    if free < LITTLE_FREE:
        return Finding(
            "disk", State.WARNING, text, "free some space; readings need about 45 MB a day for 1,000 channels a minute"
        )
    if took_s > SLOW_SYNC_S:
        return Finding("disk", State.WARNING, text, "use a local SSD; a network drive is not suited")
    return Finding("disk", State.OK, text)


def _fonts() -> Finding:
    program = shutil.which("fc-list")
    if not sys.platform.startswith("linux") or program is None:
        return Finding("fonts", State.UNKNOWN, "installed fonts cannot be listed here", "see that a Chinese font is installed")
    families = _output([program, ":lang=zh-cn", "family"]).splitlines()
    if not families:
        return Finding("fonts", State.FAULT, "no Chinese font", "install fonts-noto-cjk: window and PDF would show boxes")
    return Finding("fonts", State.OK, f"{len(set(families))} Chinese fonts, such as {min(families)}")


def _screen() -> Finding:
    if has_screen():
        return Finding("screen", State.OK, "a window can be opened")
    return Finding(
        "screen", State.WARNING, "no screen: the engine runs, the window does not", "set DISPLAY or use a desktop session"
    )


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
