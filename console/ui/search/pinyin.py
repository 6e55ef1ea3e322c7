"""Pinyin initials of Chinese names: 解放路 is found by ``jfl``. Made run by run, as addresses share their streets."""

from __future__ import annotations

import re
from collections.abc import Iterable

_RUN = re.compile("[\u3400-\u9fff]+|[^\u3400-\u9fff]+")
_MOST_READINGS = 4
"""Of a name whose characters have several readings: 重庆路 is ``cql`` and ``zql``."""


def initials(names: Iterable[object]) -> list[str]:
    """For each name its initials in lower case; "" where it has no Chinese character.

    Letters and figures stay, so that 解放路12号 is ``jfl12h``. A name that is Chinese throughout has its other readings too,
    behind a blank; of an address only the usual one is kept. Slow at the first call: it loads the table of readings.
    """
    runs = _Runs()
    known: dict[str, str] = {}
    found = []
    for name in map(str, names):
        made = known.get(name)
        if made is None:
            made = known[name] = _of(name.casefold(), runs)
        found.append(made)
    return found


def _of(name: str, runs: _Runs) -> str:
    parts = _RUN.findall(name)
    if len(parts) == 1:
        return " ".join(runs.readings(parts[0])) if _is_chinese(parts[0]) else ""
    if not any(map(_is_chinese, parts)):
        return ""
    return "".join(runs.usual(part) for part in parts)


def _is_chinese(run: str) -> bool:
    return "\u3400" <= run[0] <= "\u9fff"


class _Runs:
    """Readings of runs of characters, each looked up once."""

    def __init__(self) -> None:
        self._usual: dict[str, str] = {}

    def usual(self, run: str) -> str:
        """The usual reading, by words where the run has known ones; of other characters letters and figures."""
        found = self._usual.get(run)
        if found is None:
            found = self._usual[run] = self._read(run) if _is_chinese(run) else "".join(filter(str.isalnum, run))
        return found

    def readings(self, run: str) -> list[str]:
        """The usual reading, then those with another reading of one character."""
        from pypinyin import Style, pinyin

        usual = self.usual(run)
        found = {usual: None}
        if len(usual) == len(run):
            each = pinyin(list(run), style=Style.FIRST_LETTER, heteronym=True, errors="ignore")
            for at, others in enumerate(each if len(each) == len(run) else []):
                for one in others:
                    if len(found) < _MOST_READINGS and len(one) == 1 and one.isascii():
                        found[f"{usual[:at]}{one}{usual[at + 1 :]}"] = None
        return list(found)

    @staticmethod
    def _read(run: str) -> str:
        from pypinyin import Style, lazy_pinyin

        return "".join(one[:1] for one in lazy_pinyin(run, style=Style.FIRST_LETTER, errors="ignore") if one.isascii())
