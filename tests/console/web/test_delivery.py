"""An order counts as delivered by the page once the crew's browser has fetched and kept it, not before."""

from __future__ import annotations

from pathlib import Path

from console.channels.port import Result
from console.domain.delivery import DeliveryState
from console.domain.outgoing import MessageKind, Outgoing
from console.web.channel import NAME, NOT_FETCHED, PATIENCE_S, WebChannel
from tests.console.web.site import WANG, Site


class Hand:
    """A monotonic clock moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def states(site: Site) -> list[DeliveryState]:
    """Of the page's deliveries that are not with everybody yet."""
    return [one.by(NAME).state for one in site.room.store.pending_outgoing() if one.outgoing.to == "crew1"]


def test_an_order_is_delivered_by_the_fetch_of_its_present_version_and_by_nothing_else(tmp_path: Path) -> None:
    site = Site(tmp_path)
    try:
        order, client = site.opens_case(), site.client()
        site.room.waits(lambda: DeliveryState.CLAIMED in states(site))
        client.get("/")
        client.get(f"/orders/{order}")
        version = site.case().version
        assert client.post(f"/orders/{order}/kept", json={"version": version - 1}).json() == {"is_current": False}
        assert DeliveryState.CLAIMED in states(site)
        assert client.post(f"/orders/{order}/kept", json={"version": version}).json() == {"is_current": True}
        site.room.waits(lambda: states(site) == [])
    finally:
        site.close()


def test_an_order_that_nobody_fetches_is_shown_as_not_delivered(tmp_path: Path) -> None:
    hand = Hand()
    site = Site(tmp_path, monotonic=hand)
    try:
        site.opens_case()
        site.room.waits(lambda: DeliveryState.CLAIMED in states(site))
        hand.at += PATIENCE_S + 1
        picture = site.room.sees(lambda p: any(one.failure == NOT_FETCHED for one in p.undelivered), within_s=20)
        assert {one.channel for one in picture.undelivered if one.failure} == {NAME}
    finally:
        site.close()


def test_a_fetch_between_two_attempts_counts_at_the_next_one_and_only_for_its_own_order() -> None:
    hand = Hand()
    channel = WebChannel(lambda: frozenset({"C1"}), hand)
    channel.start()
    orders = {number: Outgoing(MessageKind.ORDER, "C1", f'{{"order_id": "W{number}"}}'.encode()) for number in (1, 2)}
    assert [channel.deliver(number, order) for number, order in orders.items()] == [True, True]
    assert channel.results() == []
    hand.at = PATIENCE_S
    assert channel.results() == [Result(1, NOT_FETCHED), Result(2, NOT_FETCHED)]
    channel.fetched("C2", "W1")
    channel.fetched("C1", "W2")
    assert [channel.deliver(number, order) for number, order in orders.items()] == [True, True]
    assert channel.results() == [Result(2)]
    channel.fetched("C1", "W1")
    assert channel.results() == [Result(1)]
    channel.stop()
    assert not channel.deliver(3, orders[1])


def test_orders_of_a_crew_without_a_link_are_not_carried_by_the_page(tmp_path: Path) -> None:
    hand = Hand()
    site = Site(tmp_path, monotonic=hand)
    try:
        site.room.store.crew_links.revoke("crew1", WANG, site.room.clock.at)
        site.opens_case()
        site.room.waits(lambda: states(site) == [])
    finally:
        site.close()
