"""Isolation plan: valves to close for a burst, their order and the effects. Contains ids, no rows or arrays."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ValveStep:
    """One valve to close.

    ``reason``: a code (``border`` …) that the interface words; ``holds_back``: supply sources beyond it; ``beyond``: the first
    few pipes beyond it that keep their supply. ``placing``: why its location is uncertain, as in the valve table; "" when
    certain.

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
    """A valve that the plan relies on without closing it, or a closed pipe (``closed_pipe``).

    ``why``: closed, closed_pipe, one_way, unknown_state; assumed: a valve to close that may not exist. ``in_series``:
    another barrier is in series, so that both would have to leak. ``beyond``: the next closable valves.
    ``assumed``, ``placing``: uncertainty about the valve itself, as in the valve table.
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
    """A critical customer without supply. ``piece_unknown``: it may be on a piece of its pipe that keeps its supply."""

    asset_id: str
    name: str
    critical: str
    critical_hours: str
    supply: str
    address: str = ""
    piece_unknown: bool = False


@dataclass(frozen=True, slots=True)
class TankLimit:
    """A part supplied only by a tank. ``hours``: time to empty at the present demand, None when unknown."""

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

    ``valves_to_close`` is in closing order. ``valves_bounding``: every valve on the boundary of zone 1, including closed and
    one-way ones. ``isolatable`` False: ``sources_inside`` gives the reason; True says only that no source is inside: with nothing
    to close, ``warnings`` says that the data connect no source here. ``warnings``: in English; ``plan/warnings.py`` has
    them as keys for other languages. ``compute_ms`` is wall-clock time.
    ``shut_by_crews``: valves closed for this incident when the plan was computed. ``basis``: the caller's mark of the states that
    it was computed from; a different mark means the network or its valves have changed since.

    ``without_supply_before``: those of ``dry_pocket_pipes`` that had no supply before the plan according to the data, possibly
    a data fault; ``customers_without_supply_before``: customers on them. ``customers_piece_unknown``, ``hydrants_piece_unknown``:
    those listed whose pipe was split and whose piece is unknown; they count for every piece.
    ``reopen_candidates``: closed valves, then closed pipes, each of which would supply a dry pocket once open (the closed
    pieces of a pipe that was cut count as one pipe: all are listed, all have to be open);
    ``reopen_pipes``: the pipes among them; ``reopen_feeds_burst``: those whose opening would also supply zone 1 through an open
    connection to the pocket: an open valve between them must be closed first.
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
