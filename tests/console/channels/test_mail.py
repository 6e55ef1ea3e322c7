"""The mail channel against a real SMTP server (aiosmtpd): TLS, login, refusals, files, and no header of other people's making."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from console.channels.mail import Mail, MailServer, Paper, channel_name
from console.channels.port import NotDelivered, RefusedForGood
from console.domain.outgoing import MessageKind, Outgoing
from maps.errors import InputFault, QuanmaiError
from tests.servers import free_port, own_certificate

BODY: dict[str, Any] = {
    "notice_id": "N1",
    "incident_id": "2026-0001",
    "exercise": True,
    "title": {"zh": "抢修停水公告\r\nBcc: everybody@city.example.cn", "en": "Emergency notice"},
    "text": {"zh": "历下区\r\n.\r\nQUIT\r\n", "en": "Lixia"},
}
PAPERS = (Paper("N1-v1.pdf", "application/pdf", b"%PDF-1.7"), Paper("N1-v1.cap.xml", "application/cap+xml", b"<alert/>"))


def notice(**more: Any) -> Outgoing:
    return Outgoing(MessageKind.NOTICE, "", json.dumps({**BODY, **more}).encode())


class Post:
    """A mail server that takes mail for some addresses; STARTTLS and a login are demanded."""

    def __init__(self, folder: Path) -> None:
        self.ca, key = own_certificate(folder)
        self.got: list[EmailMessage] = []
        self.refused = {"gone@city.example.cn": "550 5.1.1 no such user", "full@city.example.cn": "452 4.2.2 mailbox full"}
        self.port = free_port()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.controller = Controller(
            self, "127.0.0.1", self.port, tls_context=context, require_starttls=True, auth_required=True,
            authenticator=self._known, auth_require_tls=True,
        )  # fmt: skip
        self.controller.start()

    def _known(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"quanmai", b"word"), handled=False)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        assert envelope.rcpt_tos == [message["To"]]
        return "250 OK"

    def mail(self, to: str = "press@city.example.cn", **given: Any) -> Mail:
        settings: dict[str, Any] = {"user": "quanmai", "password": "word", "ca": self.ca, **given}
        return Mail(MailServer(f"smtp://127.0.0.1:{self.port}", "notices@water.example.cn", **settings), to, "jinan")


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.controller.stop()


def test_a_notice_arrives_with_both_texts_pdf_and_cap(post: Post) -> None:
    mail = post.mail()
    mail.papers = lambda body: PAPERS
    for _ in range(2):
        mail.deliver(7, notice())
    first, again = post.got
    part = first.get_body(("plain",))
    assert part is not None
    text = part.get_content()
    assert "历下区" in text
    assert "QUIT" in text  # a full stop alone on a line ends nothing
    assert "Lixia" in text
    files = {one.get_filename(): (one.get_content_type(), one.get_payload(decode=True)) for one in first.iter_attachments()}
    assert files == {one.name: (one.media_type, one.content) for one in PAPERS}
    assert first["Message-ID"] == again["Message-ID"]  # a second one can be told from another message
    assert first["From"] == "notices@water.example.cn"


def test_texts_of_people_add_no_header_and_a_drill_says_so_first(post: Post) -> None:
    post.mail().deliver(7, notice())
    (message,) = post.got
    assert message["Bcc"] is None
    assert message["To"] == "press@city.example.cn"
    assert message["Subject"].startswith("【演练】 DRILL – 抢修停水公告 Bcc: everybody")
    post.mail().deliver(8, notice(exercise=False, title={"zh": "停水", "en": "Notice"}))
    assert post.got[1]["Subject"] == "停水 / Notice"


def test_a_notice_that_has_changed_since_is_sent_as_text_and_says_why_it_has_no_files(post: Post) -> None:
    def gone(body: Any) -> tuple[Paper, ...]:
        raise QuanmaiError("no files are attached: notice N1 has been changed")

    mail = post.mail()
    mail.papers = gone
    mail.deliver(7, notice())
    assert [*post.got[0].iter_attachments()] == []
    assert "no files are attached" in post.got[0].get_content()


def test_each_refused_address_is_named_with_what_the_server_said(post: Post) -> None:
    with pytest.raises(RefusedForGood, match=r"gone@city.example.cn is refused: 550 5.1.1 no such user"):
        post.mail("gone@city.example.cn").deliver(7, notice())
    with pytest.raises(NotDelivered, match=r"full@city.example.cn is refused: 452") as caught:
        post.mail("full@city.example.cn").deliver(7, notice())
    assert not isinstance(caught.value, RefusedForGood)
    post.mail().deliver(7, notice())
    assert len(post.got) == 1


def test_a_wrong_login_and_an_untrusted_certificate_send_nothing_and_name_the_reason(post: Post) -> None:
    with pytest.raises(NotDelivered, match="refuses the login of quanmai: 535"):
        post.mail(password="wrong").deliver(7, notice())
    with pytest.raises(NotDelivered, match=r"not trusted.*mail.ca"):
        post.mail(ca=None).deliver(7, notice())
    with pytest.raises(NotDelivered, match="cannot be reached"):
        Mail(MailServer("smtp://127.0.0.1:9", "a@b.cn"), "c@d.cn", "jinan").deliver(7, notice())
    assert post.got == []


def test_only_the_notice_s_json_is_a_mail_so_that_nobody_gets_it_twice(post: Post) -> None:
    cap = Outgoing(MessageKind.NOTICE, "", b"<alert/>", "application/cap+xml")
    order = Outgoing(MessageKind.ORDER, "C1", b"{}")
    assert [post.mail().carries(one) for one in (notice(), cap, order)] == [True, False, False]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: MailServer("mail.example.cn", "a@b.cn"), "mail.server.*smtps://host:465"),
        (lambda: MailServer("smtps://mail.example.cn:port", "a@b.cn"), "mail.server"),
        (lambda: MailServer("smtps://mail.example.cn", "nobody"), "mail.sender"),
        (lambda: MailServer("smtps://mail.example.cn", "a@b.cn", "user"), "mail_password"),
        (lambda: Mail(MailServer("smtps://m.cn", "a@b.cn"), "a@b.cn\r\nBcc: c@d.cn", "jinan"), "mail.to.*no mail address"),
    ],
)
def test_wrong_settings_are_one_line_that_names_the_setting(make: Callable[[], object], told: str) -> None:
    with pytest.raises(InputFault, match=told) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_names_of_channels_fit_their_column_and_differ() -> None:
    long = ["a" * 60 + f"{n}@city.example.cn" for n in range(3)]
    names = [channel_name(one) for one in (*long, "press@city.example.cn")]
    assert len(set(names)) == 4
    assert all(len(name) <= 40 for name in names)
