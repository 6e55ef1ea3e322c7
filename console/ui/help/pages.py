"""Help pages: one for each panel and for the larger dialogs, in ``resources/help/panels/<language>/<name>.md``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

PAGES = (
    "map",
    "case",
    "alarms",
    "tickets",
    "log",
    "shift_log",
    "corrections",
    "layers",
    "strip",
    "notice",
    "outages",
    "public",
    "review",
    "settings",
)
"""Names of the pages: titles of panels in the registry, and of dialogs."""


@cache
def page(name: str, language: str) -> str:
    """A page as Markdown. ``language``: ``zh_CN`` or ``en``."""
    return files("resources").joinpath("help", "panels", language, f"{name}.md").read_text("utf-8")


def title(name: str, language: str) -> str:
    """The page's first heading."""
    return page(name, language).split("\n", 1)[0].removeprefix("#").strip()
