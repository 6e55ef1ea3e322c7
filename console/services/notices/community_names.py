"""Names of communities in texts: a name that occurs twice in the city gets its district, road or direction."""

from __future__ import annotations

from collections.abc import Iterable

from maps.city import City
from maps.communities import Community, communities_of
from resources.texts import LANGUAGES, Catalogue


def named_apart(community: Community) -> str:
    """阳光花园, or 阳光花园（历下区） where another community has the same name (Chinese; notices translate the direction)."""
    catalogue, key = Catalogue.load(LANGUAGES[0]), f"notice.direction.{community.apart}"
    apart = community.apart_name or (catalogue.text(key) if catalogue.has(key) else "")
    return community.name + catalogue.text("notice.apart", name=apart) if apart else community.name


def names_apart(communities: Iterable[Community]) -> tuple[str, ...]:
    """Names in order."""
    return tuple(sorted(map(named_apart, communities)))


def names_of_customers(city: City, customer_ids: Iterable[str]) -> tuple[str, ...]:
    """Names of the communities that customers are in; customers that the city does not hold are left out."""
    return names_apart(communities_of(city, [city.customers.row(one) for one in customer_ids if city.customers.has(one)]))
