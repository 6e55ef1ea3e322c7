"""Blocks of a report: what it says, apart from how a page or a PDF sets it. All texts are plain; whoever sets them escapes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """``level`` 1 to 3."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; line breaks count. ``tone``: "", muted, loud, notice."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class FactLine:
    """Label, value and verdict (``tone``: good, bad or "")."""

    label: str
    value: str
    verdict: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts under each other."""

    lines: tuple[FactLine, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as texts; ``times``: of each row in µs UTC where a page may jump to it, else empty."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    times: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing as SVG, ``width`` × ``height`` px, made by this program (its texts are escaped already)."""

    svg: str
    width: int
    height: int
    caption: str = ""


Block = Heading | Text | Facts | Table | Figure


@dataclass(frozen=True, slots=True)
class Report:
    """``badges``: loud labels (drill, internal). ``foot``: one line under it all."""

    title: str
    language: str
    badges: tuple[str, ...]
    blocks: tuple[Block, ...]
    foot: str = ""
