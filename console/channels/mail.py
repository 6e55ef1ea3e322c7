"""Mail: issued notices to one address each, with text, PDF and CAP (SMTP with TLS)."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from console.channels.port import NotDelivered, RefusedForGood
from console.channels.webhook import idempotency_key, is_loopback, on_one_line
from console.domain.delivery import body_of
from console.domain.outgoing import MessageKind, Outgoing
from maps.errors import InputFault, QuanmaiError
from resources.texts import LANGUAGES, Catalogue

MOST_ADDRESSES = 20
"""Each has a thread; for more people a distribution list of the mail server is the better way."""
_TIMEOUT_S = 20.0
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_LONGEST_NAME = 40
"""A channel's name is kept in a column of this width."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A file of a notice to be attached."""

    name: str
    media_type: str
    content: bytes


Papers = Callable[[Mapping[str, Any]], tuple[Paper, ...]]
"""(body of the notice's JSON) → its PDF and CAP as of that message. Raises QuanmaiError where they cannot be made any more."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """How mail leaves: ``smtps://host:465`` (TLS) or ``smtp://host:587`` (STARTTLS, demanded unless it is this machine)."""

    server: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None

    def __post_init__(self) -> None:
        """Raises InputFault that names the setting."""
        try:
            parts = urlsplit(self.server)
            good = parts.scheme in ("smtp", "smtps") and parts.hostname and not parts.username and not parts.path.strip("/")
            _ = parts.port
        except ValueError:
            good = None
        if not good:
            raise InputFault(
                f"settings: mail.server: {self.server!r} is no mail server; expected smtps://host:465 or smtp://host:587"
            )
        address_checked(self.sender, "mail.sender")
        if self.user and not self.password:
            raise InputFault("settings: mail.user is set, but no password; put mail_password into the credentials file")

    @property
    def host(self) -> str:
        """The server's name."""
        return str(urlsplit(self.server).hostname)

    def context(self) -> ssl.SSLContext:
        """For TLS. Raises InputFault for a certificate file that cannot be read."""
        try:
            return ssl.create_default_context(cafile=self.ca)
        except OSError as fault:
            raise InputFault(f"settings: mail.ca: {self.ca}: no certificate can be read ({fault})") from fault

    def connected(self, context: ssl.SSLContext) -> smtplib.SMTP:
        """A connection, encrypted and logged in. Raises NotDelivered, OSError, smtplib.SMTPException."""
        parts = urlsplit(self.server)
        if parts.scheme == "smtps":
            link: smtplib.SMTP = smtplib.SMTP_SSL(self.host, parts.port or 465, timeout=_TIMEOUT_S, context=context)
        else:
            link = smtplib.SMTP(self.host, parts.port or 587, timeout=_TIMEOUT_S)
        try:
            link.ehlo()
            if parts.scheme == "smtp":
                self._start_tls(link, context)
            if self.user:
                link.login(self.user, self.password)
        except BaseException:
            link.close()
            raise
        return link

    def _start_tls(self, link: smtplib.SMTP, context: ssl.SSLContext) -> None:
        if link.has_extn("starttls"):
            link.starttls(context=context)
            link.ehlo()
        elif not is_loopback(self.host):
            raise NotDelivered(f"{self.host} offers no STARTTLS: nothing is sent in the clear; use smtps:// or another server")


class Mail:
    """A deliverer for ``OwnThread``: every issued notice to one address. ``papers`` makes its files, None: text only.

    One channel an address, so that each has its own record, attempts and reason.
    """

    def __init__(self, server: MailServer, to: str, site: str) -> None:
        self._server, self._to, self._site = server, address_checked(to, "mail.to"), site
        self._context = server.context()
        self.papers: Papers | None = None
        self.name = channel_name(to)

    def carries(self, outgoing: Outgoing) -> bool:
        """Notices, once: their JSON has the text, CAP goes with it as a file."""
        return outgoing.kind is MessageKind.NOTICE and outgoing.content_type == "application/json"

    def deliver(self, outgoing_id: int, outgoing: Outgoing) -> None:
        """Send it. Raises NotDelivered, RefusedForGood (5xx)."""
        message, host = self._message(outgoing_id, outgoing), self._server.host
        try:
            with self._server.connected(self._context) as link:
                link.send_message(message)
        except smtplib.SMTPRecipientsRefused as fault:
            code, said = next(iter(fault.recipients.values()))
            raise _refusal(code, f"{self._to} is refused: {_said(code, said)}") from fault
        except smtplib.SMTPAuthenticationError as fault:
            why = _said(fault.smtp_code, fault.smtp_error)
            raise NotDelivered(f"{host} refuses the login of {self._server.user}: {why}") from fault
        except smtplib.SMTPResponseException as fault:
            raise _refusal(fault.smtp_code, f"{host}: {_said(fault.smtp_code, fault.smtp_error)}") from fault
        except ssl.SSLCertVerificationError as fault:
            raise NotDelivered(f"{host}: its certificate is not trusted ({fault.verify_message}); set mail.ca") from fault
        except (OSError, smtplib.SMTPException) as fault:
            why = on_one_line(str(fault)) or type(fault).__name__
            raise NotDelivered(f"{host} cannot be reached: {why}") from fault

    def _message(self, outgoing_id: int, outgoing: Outgoing) -> EmailMessage:
        """The mail. Texts of people stand in the body or, on one line, in the subject: no header can be added by them."""
        body: dict[str, Any] = body_of(outgoing)
        text, title = _pair(body, "text"), _pair(body, "title")
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"] = self._server.sender, self._to
        message["Subject"] = on_one_line(" / ".join((f"{_mark(body)}{title[0]}", title[1])))[:300]
        message["Date"] = format_datetime(datetime.now(UTC))
        domain = self._server.sender.rpartition("@")[2]
        key = idempotency_key(self._site, outgoing_id, outgoing.payload + self._to.encode())
        message["Message-ID"] = f"<{key}@{domain}>"
        files, why = self._files(body)
        message.set_content("\n\n".join((*text, *([why] if why else []))))
        for one in files:
            kind, _, sub = one.media_type.partition("/")
            message.add_attachment(one.content, maintype=kind, subtype=sub, filename=on_one_line(one.name))
        return message

    def _files(self, body: Mapping[str, Any]) -> tuple[tuple[Paper, ...], str]:
        """The files, and in words why there are none."""
        if self.papers is None:
            return (), ""
        try:
            return self.papers(body), ""
        except QuanmaiError as fault:
            return (), f"[{on_one_line(str(fault))}]"


def address_checked(address: str, setting: str) -> str:
    """The address. Raises InputFault for what is none; letters are ASCII, so that any server takes it."""
    if len(address) > 254 or not _ADDRESS.fullmatch(address):
        raise InputFault(f"settings: {setting}: {address!r} is no mail address; expected such as press@city.example.cn")
    return address


def channel_name(address: str) -> str:
    """``mail:<address>``; of a long address its beginning and a hash."""
    name = f"mail:{address}"
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 7]}~{sha256(address.encode()).hexdigest()[:6]}"


def _pair(body: Mapping[str, Any], name: str) -> tuple[str, str]:
    texts = body.get(name)
    held = texts if isinstance(texts, Mapping) else {}
    return str(held.get("zh", "")), str(held.get("en", ""))


def _mark(body: Mapping[str, Any]) -> str:
    """Of a drill, or of a city that is made up, the subject says so first, in both languages."""
    keys = [key for name, key in (("exercise", "mark_drill"), ("synthetic", "mark_synthetic")) if body.get(name)]
    return "".join(f"{Catalogue.load(language).text(f'notice.cap.{key}')} " for key in keys for language in LANGUAGES)


def _refusal(code: int, text: str) -> NotDelivered:
    return RefusedForGood(text) if 500 <= code < 600 else NotDelivered(text)


def _said(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return on_one_line(f"{code} {text}")[:200]
