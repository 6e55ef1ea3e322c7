"""The inbox keeps everything, in order, and makes a feed wait rather than drop."""

from __future__ import annotations

import threading

from console.feeds.inbox import Inbox, Message


def test_a_full_inbox_makes_the_feed_wait_and_loses_nothing() -> None:
    inbox, count = Inbox(capacity=10), 1000
    feed = threading.Thread(target=lambda: [inbox.offer(Message("f", "t", str(i).encode())) for i in range(count)])
    feed.start()
    got = list[int]()
    while len(got) < count:
        got += [int(message.payload) for message in inbox.drain(1.0, most=7)]
        assert len(inbox) <= 10
    feed.join()
    assert got == list(range(count))


def test_closing_lets_a_waiting_feed_go() -> None:
    inbox = Inbox(capacity=1)
    inbox.offer(Message("f", "t", b""))
    taken = list[bool]()
    feed = threading.Thread(target=lambda: taken.append(inbox.offer(Message("f", "t", b""))))
    feed.start()
    inbox.close()
    feed.join(5)
    assert taken == [False]
