"""An issued notice over a real engine leaves by webhook, by mail with PDF and CAP, and by the feed; each way is recorded."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from console.channels.cap_feed import CapFeedChannel
from console.channels.own_thread import OwnThread
from console.channels.port import DeliveryChannel
from console.domain.actors import Actor
from console.domain.delivery import DeliveryState
from console.domain.outgoing import MessageKind
from console.notice_papers import NotCurrent, NoticePapers
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, LiftNotice, SubmitNotice
from tests.console.channels.test_mail import Post
from tests.console.channels.test_webhook import Receiver, hook
from tests.console.engine.room import Room, done

PIPE = "P-104040"


@pytest.mark.slow
def test_an_issued_notice_leaves_by_every_channel_and_each_way_is_recorded(tmp_path: Path) -> None:
    for name in ("web", "post"):
        (tmp_path / name).mkdir()
    receiver, post = Receiver(tmp_path / "web"), Post(tmp_path / "post")
    mail, gone = post.mail(), post.mail("gone@city.example.cn")
    channels: list[DeliveryChannel] = [
        OwnThread(hook(receiver), confirms=True),
        OwnThread(mail),
        OwnThread(gone),
        CapFeedChannel(),
    ]
    room = Room(tmp_path, channels=channels)
    try:
        papers = NoticePapers(room.store.incident, room.documents)  # type: ignore[arg-type]
        mail.papers = gone.papers = papers.of
        done(room.engine.submit(OpenIncident(PIPE), Actor.named("王")))
        case = room.sees(lambda p: len(p.incidents) == 1).incidents[0].incident_id
        notice = f"{case}-N1"
        for intent, user in (
            (JudgeBurst(case, (PIPE,), "calls"), "王"), (DraftNotice(case), "王"), (SubmitNotice(case, notice), "王"),
            (ApproveNotice(case, notice), "李"), (IssueNotice(case, notice), "李"),
        ):  # fmt: skip
            done(room.engine.submit(intent, Actor.named(user)))

        def ways() -> dict[tuple[str, str], DeliveryState]:
            return {
                (one.content_type.rpartition("/")[2], way.channel): way.state
                for one in room.engine.messages_of(case)
                if one.kind is MessageKind.NOTICE
                for way, _ in one.deliveries
                if way.channel != "local"
            }

        sent, acknowledged = DeliveryState.SENT, DeliveryState.ACKNOWLEDGED
        expected = {
            ("json", "webhook:city"): acknowledged,
            ("cap+xml", "webhook:city"): acknowledged,
            ("json", "mail:press@city.example.cn"): sent,
            ("json", "mail:gone@city.example.cn"): DeliveryState.REFUSED,
            ("cap+xml", "cap feed"): sent,
        }
        until = time.monotonic() + 60  # a PDF for each address, each in a process of its own
        while ways() != expected and time.monotonic() < until:
            time.sleep(0.1)
        assert ways() == expected
        (message,) = post.got
        files = {str(one.get_filename()): bytes(one.get_content()) for one in message.iter_attachments()}
        (pdf,) = (content for name, content in files.items() if name.endswith(".pdf"))
        (cap,) = (content for name, content in files.items() if name.endswith(".cap.xml"))
        assert pdf.startswith(b"%PDF")
        assert cap in [body for _, body in receiver.got]  # the same as everybody else got
        body = {"incident_id": case, "notice_id": notice, "version": 1, "status": "issued", "t": "2024-01-03T23:10:00+08:00"}
        done(room.engine.submit(LiftNotice(case, notice, "误发"), Actor.named("李")))
        with pytest.raises(NotCurrent, match="has been changed"):
            papers.of(body)
    finally:
        room.close()
        receiver.close()
        post.controller.stop()
