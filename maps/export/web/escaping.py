"""Escapes text of a city for a page, so that none of it is parsed as markup or script."""

from __future__ import annotations

import html
import unicodedata

_JS_MARKS = {"`": "&#96;", "$": "&#36;", "\\": "&#92;", "{": "&#123;", "}": "&#125;"}
_INVISIBLE = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


def safe(text: object, length: int = 160) -> str:
    """One line of HTML text, also safe in a JavaScript template literal, which folium uses for tooltips and popups.

    Control, direction and invisible characters are removed; a long text is cut.
    """
    spaced = "".join(" " if char.isspace() else char for char in str(text))
    line = " ".join("".join(char for char in spaced if unicodedata.category(char) not in _INVISIBLE).split())
    cut = line if len(line) <= length else line[: length - 1] + "…"
    return "".join(_JS_MARKS.get(char, char) for char in html.escape(cut, quote=True))
