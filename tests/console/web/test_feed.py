"""The page's feed: an answer on its way is handed over once; what nobody asks for again does not fill it."""

from __future__ import annotations

from datetime import UTC, datetime

from console.domain.orders import OrderReply
from console.feeds.inbox import Inbox
from console.web.feed import MOST_OPEN, WebFeed

REPLY = OrderReply("2024-0001-W1", "C1", "on_site", datetime(2024, 1, 3, tzinfo=UTC))


def test_the_same_answer_again_while_it_is_on_its_way_is_not_handed_over_twice() -> None:
    feed, inbox = WebFeed(), Inbox()
    feed.start(inbox)
    assert not feed.submit(("C1", "a"), REPLY, 0.0)
    assert not feed.submit(("C1", "a"), REPLY, 0.0)
    assert not feed.submit(("C2", "a"), REPLY, 0.0)  # ids are a crew's own
    (arrived,) = inbox.drain(0.0)
    assert feed.decode(arrived.items, 0).replies == (REPLY, REPLY)
    inbox.kept(2)
    assert feed.submit(("C1", "a"), REPLY, 0.0)
    assert len(inbox) == 0


def test_answers_that_are_done_make_room_and_those_on_their_way_are_bounded() -> None:
    feed, inbox = WebFeed(), Inbox()
    feed.start(inbox)
    for number in range(MOST_OPEN + 5):
        assert not feed.submit(("C1", str(number)), REPLY, 0.0)
    assert len(inbox) == MOST_OPEN
    inbox.drain(0.0)
    inbox.kept(MOST_OPEN)
    assert not feed.submit(("C1", "one more"), REPLY, 0.0)
    assert len(inbox) == 1


def test_nothing_is_taken_before_the_start_and_after_the_end() -> None:
    feed, inbox = WebFeed(), Inbox()
    assert not feed.submit(("C1", "a"), REPLY, 0.0)
    assert feed.health().state == "off"
    feed.start(inbox)
    assert feed.health().state == "up"
    feed.stop()
    assert not feed.submit(("C1", "a"), REPLY, 0.0)
    assert len(inbox) == 0
