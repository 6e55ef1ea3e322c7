"""Lease: which of several processes on one store leads."""

from __future__ import annotations

from dataclasses import dataclass

TERM_S = 8.0
"""A lease that was not renewed for this long, by the store's clock, can be taken over.

The others look each second: another process leads within 10 s.
"""
RENEWED_S = 3.0
"""The leader renews it this often."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a change set was decided on, checked when it is committed to a store that several processes use.

    ``seq``: of the last change that the decision took into account. ``epoch``: under which a leader decided it; None for what
    any process may commit.
    """

    seq: int
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease as the store has it. ``holder``: the leading process, "" none; ``is_ours``: this one leads.

    ``may_be_ours``: its account may lead. ``epoch``: rises by one with each take-over. Every write of a leader is checked against
    it (a fencing token), so that a leader that was paused and has been replaced writes nothing any more.
    """

    holder: str
    epoch: int
    is_ours: bool
    may_be_ours: bool = True


NOBODY = Lease("", 0, is_ours=False, may_be_ours=False)
"""No process leads, and this one may not."""
