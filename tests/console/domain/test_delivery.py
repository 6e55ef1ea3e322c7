"""Reading the payload of messages that wait to be sent."""

from __future__ import annotations

import pytest

from console.domain.delivery import body_of
from console.domain.outgoing import MessageKind, Outgoing


@pytest.mark.parametrize("payload", ["爆管".encode(), b"\xff\xfe{", b"[" * 100_000, b"", b"7"])
@pytest.mark.parametrize("content_type", ["application/json", "application/cap+xml", "text/plain"])
def test_a_payload_of_unknown_form_has_no_content_and_raises_nothing(payload: bytes, content_type: str) -> None:
    assert body_of(Outgoing(MessageKind.ALERT, "A1", payload, content_type)) == {}
