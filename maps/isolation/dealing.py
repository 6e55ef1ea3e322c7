"""Ways to deal out valves to crews: all of them for a few valves, small changes of one for more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Deal = list[list[int]]
"""Per crew the valves it closes, in order; the plan's last valve stands at the end of one crew's list."""


def dealt(deal: Deal, valves: Sequence[int]) -> Iterator[Deal]:
    """Every way to deal out ``valves``, in every order, into ``deal``."""
    if not valves:
        yield deal
        return
    for crew, mine in enumerate(deal):
        for slot in range(len(mine) + 1):
            taken = [*mine[:slot], valves[0], *mine[slot:]]
            yield from dealt([taken if n == crew else other for n, other in enumerate(deal)], valves[1:])


def neighbours(deal: Deal, last: int) -> Iterator[Deal]:
    """Deals that differ by one valve moved, or two exchanged; ``last`` may change crews, too, and stays at an end."""
    yield from _moved(deal, last)
    yield from _handed_over(deal, last)
    others = [valve for valves in deal for valve in valves if valve != last]
    for place, one in enumerate(others):
        for two in others[place + 1 :]:
            yield [[two if v == one else one if v == two else v for v in valves] for valves in deal]


def _moved(deal: Deal, last: int) -> Iterator[Deal]:
    for valve in [valve for valves in deal for valve in valves]:
        without = [[v for v in valves if v != valve] for valves in deal]
        for crew, valves in enumerate(without):
            most = len(valves) + (0 if last in valves else 1)
            for slot in [len(valves)] if valve == last else range(most):
                yield [[*v[:slot], valve, *v[slot:]] if n == crew else v for n, v in enumerate(without)]


def _handed_over(deal: Deal, last: int) -> Iterator[Deal]:
    """``last`` goes to another crew, which gives one of its valves for it."""
    owner = next(crew for crew, valves in enumerate(deal) if last in valves)
    kept = deal[owner][:-1]
    for crew, valves in enumerate(deal):
        for valve in valves if crew != owner else ():
            rest = [v for v in valves if v != valve]
            for slot in range(len(kept) + 1):
                swapped = {crew: [*rest, last], owner: [*kept[:slot], valve, *kept[slot:]]}
                yield [swapped.get(n, v) for n, v in enumerate(deal)]
