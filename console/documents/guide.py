"""The user guide: chapters in Markdown (``resources/help/guide/<language>``), shown in the window and exported as one HTML page.

In the chapters, bold is a text of the window as it stands there, and code is a key or a command; tests compare all three with
the program.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from markdown_it import MarkdownIt

from maps.files import write_aside
from resources.texts import LANGUAGES

_BOLD, _OPEN, _SHUT = re.compile(r"\*\*(.+?)\*\*"), "\ue000", "\ue001"
"""Markdown ends no bold text between a mark and a Chinese character, which have no space between them; so it is set here."""
_PICTURE = re.compile(r'<p><img src="([\w.-]+\.png)"[^>]*></p>\n')
_IMAGE = re.compile(r'<img src="([\w.-]+\.png)"')
_STYLE = """
body{font:16px/1.65 "Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif;color:#1d2227;background:#fff;margin:0}
main{max-width:860px;margin:0 auto;padding:24px}
nav{border-bottom:1px solid #c9d0d6;padding-bottom:12px}
h1{font-size:28px} h2{font-size:22px;margin-top:48px;border-bottom:1px solid #c9d0d6} h3{font-size:18px}
code{background:#eef1f4;border:1px solid #c9d0d6;border-radius:4px;padding:0 5px;font-size:14px}
img{max-width:100%;border:1px solid #c9d0d6}
table{border-collapse:collapse} td,th{border:1px solid #c9d0d6;padding:4px 9px;text-align:left}
@media print{h2{break-before:page} nav{display:none}}
"""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One task. ``name``: of its file, the same in all languages; ``source``: Markdown, of which the first line is the title."""

    name: str
    title: str
    source: str
    html: str
    """Pictures are named by their file; one that has not been made (``quanmai guide --pictures``) is left out."""


def folder_of(language: str) -> Traversable:
    """Where the chapters and pictures of a language are."""
    return resources.files("resources").joinpath("help", "guide", language)


@cache
def chapters(language: str) -> tuple[Chapter, ...]:
    """The guide in ``zh_CN`` or ``en``, in order of the files' names."""
    files = sorted((one for one in folder_of(language).iterdir() if one.name.endswith(".md")), key=lambda one: one.name)
    texts = [(one.name.removesuffix(".md"), one.read_text("utf-8")) for one in files]
    return tuple(Chapter(name, text.partition("\n")[0].removeprefix("# "), text, _html(text, language)) for name, text in texts)


def guide_page(language: str) -> str:
    """The whole guide as one HTML page that needs no other file."""
    parts = chapters(language)
    title = "泉脉使用手册" if language == "zh_CN" else "Quanmai user guide"
    links = "".join(f'<li><a href="#{one.name}">{escape(one.title)}</a></li>' for one in parts)
    body = "".join(f'<section id="{one.name}">{_lowered(_inlined(one.html, language))}</section>' for one in parts)
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if language == "zh_CN" else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1><nav><ol>{links}</ol></nav>{body}</main></body></html>\n"
    )


def write_guide(folder: Path, languages: tuple[str, ...] = LANGUAGES) -> list[Path]:
    """Write ``guide.<language>.html`` for each language. Raises InputFault when the folder cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"guide.{language}.html" for language in languages]
    for path, language in zip(paths, languages, strict=True):
        write_aside(path, guide_page(language).encode("utf-8"))
    return paths


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _html(source: str, language: str) -> str:
    def kept(found: re.Match[str]) -> str:
        return found[0] if folder_of(language).joinpath(found[1]).is_file() else ""

    marked = _BOLD.sub(f"{_OPEN}\\1{_SHUT}", source)
    html = str(_markdown().render(marked)).replace(_OPEN, "<strong>").replace(_SHUT, "</strong>")
    return _PICTURE.sub(kept, html)


def _inlined(html: str, language: str) -> str:
    def data(found: re.Match[str]) -> str:
        picture = folder_of(language).joinpath(found[1]).read_bytes()
        return f'<img src="data:image/png;base64,{base64.b64encode(picture).decode()}"'

    return _IMAGE.sub(data, html)


def _lowered(html: str) -> str:
    """Headings one level lower: the page's title stands above them."""
    return re.sub(r"<(/?)h([1-5])>", lambda found: f"<{found[1]}h{int(found[2]) + 1}>", html)
