"""The webhook channel against a real HTTPS server: signature, idempotency key, what counts as delivered, refused, tried again."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from console.channels.port import NotDelivered, RefusedForGood
from console.channels.webhook import Webhook, WebhookAddress, idempotency_key, signature
from console.domain.outgoing import MessageKind, Outgoing
from maps.errors import InputFault
from tests.servers import own_certificate

NOTICE = Outgoing(MessageKind.NOTICE, "", '{"notice_id": "N1", "title": "停水"}'.encode())
SECRET = "a secret of some length 密"


class Receiver:
    """An HTTPS server; ``answers``: status and body of the next answers."""

    def __init__(self, folder: Path) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status, said = receiver.answers.pop(0) if receiver.answers else (204, b"")
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: object) -> None: ...

        self.ca, key = own_certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)

        class Server(HTTPServer):
            def get_request(self) -> tuple[ssl.SSLSocket, str]:
                plain, address = self.socket.accept()
                return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, request: object, client_address: object) -> None: ...  # who does not trust us hangs up

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"https://127.0.0.1:{self._server.server_port}/hook?for=city"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    made = Receiver(tmp_path)
    yield made
    made.close()


def hook(receiver: Receiver) -> Webhook:
    return Webhook(WebhookAddress("city", receiver.url, SECRET, receiver.ca), "jinan", lambda: 1_700_000_000.9)


def test_a_notice_is_posted_signed_over_timestamp_and_body_with_the_same_key_at_each_attempt(receiver: Receiver) -> None:
    for _ in range(2):
        hook(receiver).deliver(7, NOTICE)
    (headers, body), (again, _) = receiver.got
    assert body == NOTICE.payload
    assert headers["content-type"].startswith("application/json")
    timestamp = headers["x-quanmai-timestamp"]
    assert timestamp == "1700000000"
    # HMAC by hand (RFC 2104), not by the module that made it.
    secret = SECRET.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(one ^ 0x36 for one in secret) + timestamp.encode() + b"." + body).digest()
    by_hand = hashlib.sha256(bytes(one ^ 0x5C for one in secret) + inner).hexdigest()
    assert headers["x-quanmai-signature"] == f"v1={by_hand}"
    assert headers["idempotency-key"] == again["idempotency-key"]
    assert headers["idempotency-key"] != idempotency_key("jinan", 8, NOTICE.payload)
    assert headers["idempotency-key"] != idempotency_key("other", 7, NOTICE.payload)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")
def test_openssl_computes_the_same_signature() -> None:
    command = ["openssl", "dgst", "-sha256", "-hmac", "0123456789abcdef", "-hex"]
    said = subprocess.run(command, input=b'17.{"a":1}', capture_output=True, check=True).stdout.decode()
    assert said.split()[-1] == signature("0123456789abcdef", "17", b'{"a":1}')


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 301, 307])
def test_a_refusal_is_final_and_shows_what_the_receiver_said_on_one_line(receiver: Receiver, status: int) -> None:
    receiver.answers = [(status, "no\r\nsuch\x1b[31m area: 历下".encode() + b"x" * 9000)]
    with pytest.raises(RefusedForGood) as caught:
        hook(receiver).deliver(7, NOTICE)
    told = str(caught.value)
    assert f"127.0.0.1 answers {status}" in told
    assert "no such [31m area: 历下" in told
    assert told.isprintable()
    assert len(told) < 300
    assert len(receiver.got) == 1  # a redirect is not followed


@pytest.mark.parametrize("status", [500, 502, 503, 408, 425, 429])
def test_a_fault_of_the_receiver_is_tried_again(receiver: Receiver, status: int) -> None:
    receiver.answers = [(status, b"")]
    with pytest.raises(NotDelivered) as caught:
        hook(receiver).deliver(7, NOTICE)
    assert not isinstance(caught.value, RefusedForGood)


def test_an_untrusted_certificate_and_a_closed_port_are_tried_again_and_nothing_is_sent(receiver: Receiver) -> None:
    with pytest.raises(NotDelivered, match="not trusted") as caught:
        Webhook(WebhookAddress("city", receiver.url, SECRET), "jinan").deliver(7, NOTICE)
    assert not isinstance(caught.value, RefusedForGood)
    assert receiver.got == []
    with pytest.raises(NotDelivered, match="cannot be reached"):
        Webhook(WebhookAddress("city", "http://127.0.0.1:9/", SECRET), "jinan").deliver(7, NOTICE)


@pytest.mark.parametrize(
    ("url", "secret", "told"),
    [
        ("http://city.example.cn/", SECRET, "in the clear"),
        ("ftp://city.example.cn/", SECRET, "no web address"),
        ("https://user:word@city.example.cn/", SECRET, "no web address"),
        ("https://city.example.cn:port/", SECRET, "no web address"),
        ("https://city.example.cn/a\r\nX: y", SECRET, "no web address|control character"),
        ("https://city.example.cn/", "", r"has no secret.*\[webhooks\]: city"),
        ("https://city.example.cn/", "short", "only 5 characters"),
    ],
)
def test_wrong_settings_are_one_line_that_names_the_webhook(url: str, secret: str, told: str) -> None:
    with pytest.raises(InputFault, match=told) as caught:
        WebhookAddress("city", url, secret)
    assert "webhooks.city" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_secret_is_in_no_text_of_the_address() -> None:
    assert SECRET not in repr(WebhookAddress("city", "https://city.example.cn/", SECRET))
