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
    """Ranked candidates, the one to look at first before the others.

    ``set_90``: smallest leading set that holds 90 % of the probability.
    ``model``: calibrated, imported, built or interpolated. ``moved``: stations with a change, largest first.
    """

    candidates: tuple[Candidate, ...]
    set_90: tuple[str, ...]
    model: str
    moved: tuple[str, ...] = ()
    statistic: float = 0.0

    @property
    def begins_in_the_middle(self) -> bool:
        """Whether the first candidate is the pipe with most probability around it, which is not the likeliest one."""
        return bool(self.candidates) and self.candidates[0].probability < max(one.probability for one in self.candidates)
