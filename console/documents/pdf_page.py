"""Content of a notice's PDF, and its setting in another process.

Qt is not loaded in this process: an engine without a window never loads it, a thread of the engine must not own a
QGuiApplication, and the window is not blocked while a page is set.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from console.documents.cap import Ring, closed_rings
from console.documents.sketch import Sketch, sketch_of_rings
from console.documents.wording import Wording, issued_texts
from console.domain.notices import Notice, NoticeFacts
from maps.errors import QuanmaiError

_TIMEOUT_S = 60.0


class PdfFault(QuanmaiError):
    """The PDF could not be produced."""


@dataclass(frozen=True, slots=True)
class TextPage:
    """One language's text: banners, title, paragraphs, signature at the right."""

    language: str
    banners: tuple[str, ...]
    title: str
    paragraphs: tuple[str, ...]
    signature: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoticePage:
    """The whole document. ``rings``: closed, (lat, lon), of the area without water; ``sketch``, where there is one, is drawn.

    ``sketch_legend``: words of its effects, ``no_water`` and ``low_pressure``.
    """

    pages: tuple[TextPage, ...]
    rings: tuple[Ring, ...]
    sketch_title: str
    sketch_note: str
    watermark: str
    sketch: Sketch = field(default_factory=Sketch)
    sketch_legend: tuple[tuple[str, str], ...] = ()

    @property
    def has_sketch(self) -> bool:
        """Whether there is an area to draw."""
        return bool(self.drawn.areas)

    @property
    def drawn(self) -> Sketch:
        """The sketch to draw; without one of the city, the outlines alone."""
        return self.sketch if self.sketch.areas else sketch_of_rings(self.rings)


def page_of(notice: Notice, now: datetime, sketch: Sketch | None = None) -> NoticePage:
    """Content of a notice's PDF: both texts, its sketch (by default outlines without streets), watermark."""
    text_zh, text_en = issued_texts(notice, now)
    wording = Wording("zh_CN")
    return NoticePage(
        (text_page("zh_CN", text_zh), text_page("en", text_en)),
        closed_rings(notice.facts.affected_wgs84),
        wording("pdf.sketch_title"),
        wording("pdf.sketch_note"),
        watermark(notice.facts),
        sketch or Sketch(),
        tuple((effect, wording(f"pdf.{effect}")) for effect in ("no_water", "low_pressure")),
    )


def watermark(facts: NoticeFacts) -> str:
    """Watermark of a notice in a drill or a synthetic city, "" otherwise."""
    wording = Wording("zh_CN")
    return wording("pdf.drill") if facts.is_drill else wording("pdf.synthetic") if facts.synthetic else ""


def text_page(language: str, text: str) -> TextPage:
    """Split a notice's text (drafted or edited) into its parts; a short last block is the signature."""
    lines = text.strip("\n").split("\n")
    banners: list[str] = []
    while lines and (lines[0].startswith(("【", "***")) or not lines[0].strip()):
        line = lines.pop(0)
        banners.extend([line] if line.strip() else [])
    title = lines.pop(0) if lines else ""
    tail: list[str] = []
    while lines and lines[-1].strip() and len(tail) < 4:
        tail.insert(0, lines.pop())
    if lines and lines[-1].strip():  # no blank line before it: it belongs to the text, and only the date is separate
        lines.extend(tail[:-1])
        tail = tail[-1:]
    return TextPage(language, tuple(banners), title, tuple(line for line in lines if line.strip()), tuple(tail))


def make_pdf(page: NoticePage) -> bytes:
    """Set the PDF and return its bytes. Raises PdfFault with the process's message."""
    return run_setter("console.documents.pdf", msgspec.json.encode(page))


def run_setter(module: str, content: bytes) -> bytes:
    """Run a setting module with Qt in another process: ``content`` on stdin, PDF bytes returned. Raises PdfFault."""
    environment = dict(os.environ)
    if sys.platform.startswith("linux"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    root = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [environment.get("PYTHONPATH", "")])])
    try:
        done = subprocess.run(
            [sys.executable, "-m", module],
            input=content,
            capture_output=True,
            env=environment,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise PdfFault(f"the PDF could not be made: {fault}") from fault
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise PdfFault(f"the PDF could not be made: {said[-1] if said else 'no output'}")
    return done.stdout
