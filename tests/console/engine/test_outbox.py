"""Messages are sent by every channel that carries them; a failing channel is shown, tried again, and stops no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.channels.folder import FolderChannel
from console.channels.own_thread import OwnThread
from console.channels.port import DeliveryChannel, Result
from console.domain.actors import Actor
from console.domain.delivery import DeliveryState, Reason
from console.domain.health import ChannelHealth
from console.domain.outgoing import MessageKind, Outgoing
from console.engine import outbox
from console.services.crews.orders import SendCrew
from console.services.incidents.deliveries import RetryDelivery
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, LiftNotice, SubmitNotice
from tests.console.engine.room import Room, done

PIPE = "P-104040"

Opened = Callable[..., Room]


class Desk119:
    """A channel of one kind of message; ``answers``: why it fails, message by message, "" for delivered."""

    name = "desk119"

    def __init__(self, kind: MessageKind, *answers: str) -> None:
        self.kind, self.answers = kind, list(answers)
        self.left: list[tuple[int, Outgoing]] = []
        self.state = "up"
        self.confirms, self.final = False, frozenset[str]()
        self.on_deliver: Callable[[int], None] = lambda outgoing_id: None
        self._results: list[Result] = []

    def carries(self, outgoing: Outgoing) -> bool:
        return outgoing.kind is self.kind

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def health(self) -> ChannelHealth:
        return ChannelHealth(self.name, self.state)

    def deliver(self, outgoing_id: int, outgoing: Outgoing) -> bool:
        self.on_deliver(outgoing_id)
        self.left.append((outgoing_id, outgoing))
        failure = self.answers.pop(0) if self.answers else ""
        self._results.append(Result(outgoing_id, failure, is_final=failure in self.final, is_acknowledged=self.confirms))
        return True

    def results(self) -> list[Result]:
        results, self._results = self._results, []
        return results


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    monkeypatch.setattr(outbox, "_FIRST_RETRY_S", 0.3)
    rooms = list[Room]()

    def make(*channels: DeliveryChannel) -> Room:
        rooms.append(Room(tmp_path, channels=channels))
        return rooms[-1]

    yield make
    for room in rooms:
        room.close()


def case_with_order(room: Room) -> str:
    done(room.engine.submit(OpenIncident(PIPE), Actor.named("王")))
    case = room.sees(lambda p: len(p.incidents) == 1).incidents[0].incident_id
    done(room.engine.submit(JudgeBurst(case, (PIPE,), "calls"), Actor.named("王")))
    done(room.engine.submit(SendCrew(case), Actor.named("王")))
    return case


def issue(room: Room, case: str) -> None:
    notice = f"{case}-N1"
    for intent, user in (
        (DraftNotice(case), "王"),
        (SubmitNotice(case, notice), "王"),
        (ApproveNotice(case, notice), "李"),
        (IssueNotice(case, notice), "李"),
    ):
        done(room.engine.submit(intent, Actor.named(user)))


def test_a_folder_registered_as_a_channel_receives_the_notice_beside_the_others(opened: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "website"
    room = opened(OwnThread(FolderChannel(folder)))
    case = case_with_order(room)
    issue(room, case)
    room.waits(lambda: not room.store.pending_outgoing())
    notices = [one.payload for one in room.left if one.kind is MessageKind.NOTICE]
    assert sorted(path.read_bytes() for path in folder.iterdir()) == sorted(notices)
    body = next(json.loads(path.read_bytes()) for path in folder.iterdir() if path.name.endswith(".json"))
    assert body["notice_id"] == f"{case}-N1"
    assert {channel.name: channel.state for channel in room.engine.latest().channels} == {"local": "up", "folder": "up"}
    assert any(one.kind is MessageKind.ORDER for one in room.left)


def test_a_channel_that_fails_is_shown_and_tried_again_and_the_others_deliver(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "website").write_text("a file where the folder should be")
    room = opened(OwnThread(FolderChannel(tmp_path / "website")))
    case = case_with_order(room)
    issue(room, case)
    failed = room.sees(lambda p: any(one.attempts == 2 for one in p.undelivered)).undelivered
    assert {(one.kind, one.channel, one.reason) for one in failed} == {(MessageKind.NOTICE, "folder", Reason.REFUSED)}
    assert all("website" in one.failure and one.next_try is not None for one in failed)
    assert any(one.kind is MessageKind.NOTICE for one in room.left)  # by the other channel
    assert len(room.store.pending_outgoing()) == 2  # JSON and CAP, until both channels have delivered them
    room.waits(lambda: any(change.kind == "not_delivered" for change in room.engine.timeline(case)))
    (tmp_path / "website").unlink()
    room.sees(lambda p: not p.undelivered)
    assert len(list((tmp_path / "website").iterdir())) == 2
    room.waits(lambda: any(change.kind == "delivered" for change in room.engine.timeline(case)))
    assert sum(one.kind is MessageKind.NOTICE for one in room.left) == 2  # once, not again with the other channel's retries


def test_a_failure_in_words_that_no_store_can_keep_is_recorded_and_stops_nothing(opened: Opened) -> None:
    said = Desk119(MessageKind.NOTICE, "refused\x00 by \udcff", "", "")
    room = opened(said)
    case = case_with_order(room)
    issue(room, case)
    room.waits(lambda: not room.store.pending_outgoing())
    assert not [feed.message for feed in room.engine.latest().feeds if feed.name == "engine"]
    assert len(said.left) == 3


def test_a_message_that_no_channel_carries_is_not_delivered_whatever_else_is_up(opened: Opened) -> None:
    room = opened(Desk119(MessageKind.ORDER))
    room.channel.listen()
    case_with_order(room)
    left = room.sees(lambda p: bool(p.undelivered)).undelivered
    assert {(one.kind, one.reason, one.channel) for one in left} == {(MessageKind.ALERT, Reason.NO_CHANNEL, "")}


def test_a_delivery_is_claimed_on_disk_before_it_is_handed_over_and_sent_after_its_result(opened: Opened) -> None:
    channel, seen = Desk119(MessageKind.ORDER), list[tuple[DeliveryState, int]]()
    room = opened(channel)

    def look(outgoing_id: int) -> None:
        (one,) = (one for one in room.store.pending_outgoing() if one.outgoing_id == outgoing_id)
        seen.append((one.by("desk119").state, one.by("desk119").attempts))

    channel.on_deliver = look
    case_with_order(room)
    room.waits(lambda: not room.store.pending_outgoing())
    assert set(seen) == {(DeliveryState.CLAIMED, 1)}
    assert len(seen) == len({outgoing_id for outgoing_id, _ in channel.left})


def test_what_was_claimed_and_never_confirmed_is_sent_again_after_a_restart(opened: Opened) -> None:
    channel = Desk119(MessageKind.ORDER)
    channel.results = list  # type: ignore[method-assign]
    room = opened(channel)
    case_with_order(room)
    room.waits(lambda: bool(channel.left))
    room.close()
    again = Desk119(MessageKind.ORDER)
    room = opened(again)
    room.waits(lambda: not room.store.pending_outgoing())
    assert again.left == channel.left


def test_after_a_refusal_nothing_more_goes_to_that_address_before_the_next_try(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_FIRST_RETRY_S", 60.0)
    channel = Desk119(MessageKind.ALERT, "not authorized")
    room = opened(channel)
    case_with_order(room)  # two alerts to one area: suspected, verified
    waiting = room.sees(lambda p: len(p.undelivered) == 2).undelivered
    assert [one.attempts for one in waiting] == [1, 0]
    assert {one.reason for one in waiting} == {Reason.REFUSED}
    assert len(channel.left) == 1


def test_a_defect_in_a_channel_is_shown_and_the_others_deliver(opened: Opened) -> None:
    channel = Desk119(MessageKind.ORDER)

    def broken(outgoing_id: int) -> None:
        raise ZeroDivisionError("injected")

    channel.on_deliver = broken
    room = opened(channel)
    case_with_order(room)
    room.sees(lambda p: any("injected" in feed.message for feed in p.feeds))
    room.waits(lambda: any(one.kind is MessageKind.ORDER for one in room.left))
    room.sees(lambda p: any(one.channel == "desk119" and one.attempts for one in p.undelivered))


def test_a_channel_that_is_away_gets_its_messages_when_it_is_back(opened: Opened) -> None:
    channel = Desk119(MessageKind.ORDER)
    channel.state = "down"
    room = opened(channel)
    case_with_order(room)
    waiting = room.sees(lambda p: bool(p.undelivered)).undelivered
    assert {(one.reason, one.attempts) for one in waiting} == {(Reason.DISCONNECTED, 0)}
    assert channel.left == []
    channel.state = "up"
    room.sees(lambda p: not p.undelivered)
    ids = [outgoing_id for outgoing_id, _ in channel.left]
    assert ids == sorted(set(ids))
    assert ids


def test_a_notice_that_is_over_before_one_of_its_channels_was_back_does_not_go_there_and_counts_as_sent(opened: Opened) -> None:
    away = Desk119(MessageKind.NOTICE)
    away.state = "down"
    room = opened(away)
    case = case_with_order(room)
    issue(room, case)
    room.waits(lambda: sum(one.kind is MessageKind.NOTICE for one in room.left) == 2)
    done(room.engine.submit(LiftNotice(case, f"{case}-N1", "误发"), Actor.named("李")))
    room.waits(lambda: sum(change.kind == "withdrawn" for change in room.engine.timeline(case)) == 2)
    away.state = "up"
    room.waits(lambda: not room.store.pending_outgoing())
    told = [json.loads(one.payload)["status"] for _, one in away.left if one.content_type == "application/json"]
    assert told == ["lifted"]
    kept = room.store.sent_with(change.seq for change in room.engine.timeline(case))
    assert len([sent for sent in kept if sent.topic == "notices"]) == 4  # as issued and as lifted, JSON and CAP


def test_more_messages_than_one_reading_of_the_store_gives_that_wait_for_one_channel_do_not_hide_those_of_another(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.store.deliveries._AT_ONCE", 1)
    away, folder = Desk119(MessageKind.ALERT), Desk119(MessageKind.ORDER)
    away.name, away.state = "away", "down"
    room = opened(away, folder)
    room.channel.listen()
    case_with_order(room)
    room.waits(lambda: bool(folder.left))
    left = room.sees(lambda p: bool(p.undelivered)).undelivered
    assert {(one.kind, one.channel) for one in left} == {(MessageKind.ALERT, "away")}


def test_what_is_refused_for_good_is_not_tried_again_until_somebody_asks_and_holds_up_nothing_else(opened: Opened) -> None:
    hook = Desk119(MessageKind.NOTICE, "403 no")
    hook.final, hook.confirms = frozenset({"403 no"}), True
    room = opened(hook)
    case = case_with_order(room)
    issue(room, case)
    (refused,) = room.sees(lambda p: len(p.undelivered) == 1 and len(hook.left) == 2).undelivered
    assert (refused.reason, refused.attempts, refused.failure) == (Reason.REFUSED_FOR_GOOD, 1, "403 no")
    assert refused.next_try is None
    room.waits(lambda: any(one.kind is MessageKind.NOTICE for one in room.left))
    shown = {one.outgoing_id: one for one in room.engine.messages_of(case) if one.kind is MessageKind.NOTICE}
    states = [{way.channel: way.state for way, _ in one.deliveries} for _, one in sorted(shown.items())]
    assert states == [
        {"desk119": DeliveryState.REFUSED, "local": DeliveryState.SENT},
        {"desk119": DeliveryState.ACKNOWLEDGED, "local": DeliveryState.SENT},
    ]
    before = len(hook.left)
    done(room.engine.submit(RetryDelivery(case, refused.outgoing_id, "desk119"), Actor.named("王")))
    room.waits(lambda: not room.store.pending_outgoing())
    assert [outgoing_id for outgoing_id, _ in hook.left[before:]] == [refused.outgoing_id]  # no attempt but the one asked for
    assert [change.user for change in room.engine.timeline(case) if change.kind == "delivery_retried"] == ["王"]


def test_a_failed_delivery_is_tried_again_at_once_when_somebody_asks(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_FIRST_RETRY_S", 250.0)
    channel = Desk119(MessageKind.ORDER, "no answer")
    room = opened(channel)
    case = case_with_order(room)
    (waiting,) = room.sees(lambda p: len(p.undelivered) == 1).undelivered
    done(room.engine.submit(RetryDelivery(case, waiting.outgoing_id, "desk119"), Actor.named("王")))
    room.sees(lambda p: not p.undelivered)
    assert [outgoing_id for outgoing_id, _ in channel.left].count(waiting.outgoing_id) == 2
