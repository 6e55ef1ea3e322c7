"""Blocks of a report: content without layout. All texts are plain; the renderers escape them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """``level`` 1 to 3."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; line breaks are kept. ``tone``: "", muted, loud, notice."""

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
    """A list of facts."""

    lines: tuple[FactLine, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts; ``times``: of each row in µs UTC if a page can jump to it, else empty."""

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


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that somebody kept, PNG or JPEG, as data URI."""

    uri: str
    caption: str


Block = Heading | Text | Facts | Table | Figure | Photo


@dataclass(frozen=True, slots=True)
class Report:
    """A report. ``badges``: warning labels (drill, internal). ``foot``: one line at the end."""

    title: str
    language: str
    badges: tuple[str, ...]
    blocks: tuple[Block, ...]
    foot: str = ""
