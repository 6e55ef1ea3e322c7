"""IsolationPlan: which valves to close for a burst, in which order, and what that does. Ids, no rows, no arrays."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ValveStep:
    """One valve to close. ``reason``: a code (``border`` …) the interface words; ``holds_back``: sources beyond it;

    ``beyond``: the first few pipes on its other side, those that keep their water. ``placing``: why its place is in doubt,
    as in the valve table; "" when it is not.

    ``turns`` and ``minutes`` are None where unknown; ``x``/``y``: the network's CRS.
    """

    asset_id: str
    order: int
    reason: str
    holds_back: tuple[str, ...] = ()
    turns: float | None = None
    minutes: float | None = None
    diameter_mm: float | None = None
    last_checked: str = ""
    control: str = "manual"
    assumed: bool = False
    x: float = 0.0
    y: float = 0.0
    beyond: tuple[str, ...] = ()
    placing: str = ""


@dataclass(frozen=True, slots=True)
class Reliance:
    """A valve the plan relies on without closing it; or a pipe closed by itself (``closed_pipe``).

    ``why``: closed, closed_pipe, one_way, unknown_state; assumed: a valve to close that may not be there. ``in_series``:
    another one stands behind it, so that both would have to let water through. ``beyond``: the next closable valves.
    ``assumed``, ``placing``: doubts about the valve itself, as in the valve table.
    """

    asset_id: str
    why: str
    last_checked: str = ""
    beyond: tuple[str, ...] = ()
    in_series: bool = False
    assumed: bool = False
    placing: str = ""


@dataclass(frozen=True, slots=True)
class CriticalCustomer:
    """A critical customer without water. ``piece_unknown``: it may be on a piece of its pipe that keeps its water."""

    asset_id: str
    name: str
    critical: str
    critical_hours: str
    supply: str
    address: str = ""
    piece_unknown: bool = False


@dataclass(frozen=True, slots=True)
class TankLimit:
    """A part left with only a tank. ``hours``: to empty at the present demand, None when unknown."""

    asset_id: str
    hours: float | None
    pipes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alternative:
    """The plan if ``cannot_close`` fails. Customer figures are those of the whole alternative."""

    cannot_close: str
    isolatable: bool
    valves_to_close: tuple[str, ...]
    more_valves: tuple[str, ...]
    households_without_water: int
    minutes: float | None


@dataclass(frozen=True, slots=True)
class IsolationPlan:
    """The answer for one or several burst pipes.

    ``valves_to_close`` is in closing order. ``valves_bounding``: every valve on the border of zone 1, closed
    and one-way ones included. ``isolatable`` False: ``sources_inside`` names why; True
    says no more than that no source is inside: with nothing to close, ``warnings`` says that the data connect no source here.
    ``compute_ms`` is real time.
    ``warnings``: in English; ``maps.isolation.warnings`` has them as keys for other languages.
    ``shut_by_crews``: what was closed for this case when it was made. ``basis``: what states it was made from, as the
    caller marks them; another mark means the plan is older than the network or its valves.

    ``without_supply_before``: those of ``dry_pocket_pipes`` that no source fed before the plan, by the data: a fault of the
    data perhaps; ``customers_without_supply_before``: those on them. ``customers_piece_unknown``, ``hydrants_piece_unknown``:
    among those listed, the ones whose pipe was cut and whose piece is not known: they count for every piece.
    ``reopen_candidates``: closed valves, then closed pipes, each of which would feed a dry pocket once open (the closed
    pieces of a pipe that was cut count as one pipe: all are listed, all have to be open);
    ``reopen_pipes``: the pipes among them; ``reopen_feeds_burst``: those after whose opening water runs on into zone 1, since
    the pocket is open to it: an open valve between them has to be shut first.
    """

    burst_pipes: tuple[str, ...]
    isolatable: bool
    zone_pipes: tuple[str, ...]
    dry_pocket_pipes: tuple[str, ...]
    valves_to_close: tuple[ValveStep, ...]
    valves_bounding: tuple[str, ...] = ()
    sources_inside: tuple[str, ...] = ()
    pumps_to_stop: tuple[str, ...] = ()
    relies_on: tuple[Reliance, ...] = ()
    customers_without_water: tuple[str, ...] = ()
    households_without_water: int = 0
    people_without_water: int = 0
    communities: tuple[str, ...] = ()
    critical_customers: tuple[CriticalCustomer, ...] = ()
    hydrants_lost: tuple[str, ...] = ()
    limited_by_tank: tuple[TankLimit, ...] = ()
    reopen_candidates: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    unable: tuple[str, ...] = ()
    minutes: float | None = None
    compute_ms: float = 0.0
    warnings: tuple[str, ...] = field(default=())
    shut_by_crews: tuple[str, ...] = ()
    basis: str = ""
    without_supply_before: tuple[str, ...] = ()
    customers_without_supply_before: tuple[str, ...] = ()
    households_without_supply_before: int = 0
    customers_piece_unknown: tuple[str, ...] = ()
    hydrants_piece_unknown: tuple[str, ...] = ()
    reopen_pipes: tuple[str, ...] = ()
    reopen_feeds_burst: tuple[str, ...] = ()
