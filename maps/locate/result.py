"""Result of a burst location: candidate pipes with probabilities."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate pipe and its probability (all candidates of a location sum to at most 1)."""

    pipe_id: str
    probability: float


@dataclass(frozen=True, slots=True)
class Location:
    """Ranked candidates, best first. ``set_90``: smallest leading set that holds 90 % of the probability.

    ``model``: calibrated, imported, built or interpolated. ``moved``: stations with a change, largest first.
    """

    candidates: tuple[Candidate, ...]
    set_90: tuple[str, ...]
    model: str
    moved: tuple[str, ...] = ()
    statistic: float = 0.0
