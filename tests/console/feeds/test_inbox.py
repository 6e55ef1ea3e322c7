"""The inbox keeps all items in order; a full one makes the feed wait and drops nothing."""

from __future__ import annotations

import threading

import pytest

from console.feeds.inbox import Inbox
from console.feeds.local import LocalFeed
from tests.console.feeds.test_refusals import CITY

FEED, OTHER = LocalFeed("one", CITY), LocalFeed("other", CITY)


def test_a_full_inbox_makes_the_feed_wait_and_loses_nothing() -> None:
    inbox, count = Inbox(capacity=10), 1000
    feed = threading.Thread(target=lambda: [inbox.offer_all(FEED, [i]) for i in range(count)])
    feed.start()
    got = list[int]()
    while len(got) < count:
        got += [item for arrived in inbox.drain(1.0, most=7) for item in arrived.items]
        assert len(inbox) <= 10
    feed.join()
    assert got == list(range(count))


def test_closing_the_inbox_releases_a_waiting_feed() -> None:
    inbox = Inbox(capacity=1)
    inbox.offer_all(FEED, [0])
    taken = list[bool]()
    feed = threading.Thread(target=lambda: taken.append(inbox.offer_all(FEED, [1])))
    feed.start()
    inbox.close()
    feed.join(5)
    assert taken == [False]


def test_items_come_out_with_their_feed_and_neighbours_of_one_feed_together() -> None:
    inbox = Inbox()
    for feed, items in ((FEED, [1, 2]), (FEED, [3]), (OTHER, [4]), (FEED, [5])):
        inbox.offer_all(feed, items)
    assert [(arrived.feed, arrived.items) for arrived in inbox.drain(0)] == [(FEED, [1, 2, 3]), (OTHER, [4]), (FEED, [5])]


def test_a_feed_that_cannot_acknowledge_does_not_keep_the_others_from_it(caplog: pytest.LogCaptureFixture) -> None:
    inbox, kept = Inbox(), list[str]()

    def broken() -> None:
        raise OSError("gone")

    inbox.offer_all(FEED, [1], broken)
    inbox.offer_all(OTHER, [2], lambda: kept.append("other"))
    inbox.drain(0)
    inbox.kept(2)
    assert kept == ["other"]
    assert "could not acknowledge" in caplog.text
