"""Results of the search and their groups."""

from __future__ import annotations

from dataclasses import dataclass

PLACES = ("zone", "road", "customer", "pipe")
"""Kinds of hits that a caller's place can be."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result. ``x``/``y``: the network's CRS, NaN for commands; ``detail``: distinguishes results of the same title.

    ``kind``: of the texts ``ui.kind``; ``pipes`` are all pipes of one kind (``key``: what was typed), ``place`` a coordinate.
    """

    kind: str
    key: str
    title: str
    detail: str = ""
    x: float = float("nan")
    y: float = float("nan")


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the window. ``key``: its name; ``shortcut``: as shown."""

    key: str
    title: str
    shortcut: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Results under one heading. ``name``: a kind, ``recent`` (chosen before) or ``best`` (the very name that was typed)."""

    name: str
    hits: tuple[Hit, ...]
