"""EPANET ids for asset ids: 31 bytes, no space, semicolon or quote."""

from __future__ import annotations

import re
from collections.abc import Iterable

_VALID = re.compile(r'[^\s;"\[\]][^\s;"\[\]]{0,30}')


def epanet_ids(asset_ids: Iterable[str], prefix: str, taken: set[str] | None = None) -> list[str]:
    """An EPANET id for each asset id, in order: the same where EPANET accepts it, else ``<prefix><number>``.

    Only ASCII ids are kept: 31 is a limit in bytes, and reports are read back in the machine's encoding. ``taken``
    ids are in use already; it grows by the new ones.
    """
    used = taken if taken is not None else set()
    listed = [str(asset_id) for asset_id in asset_ids]
    # Unchanged ids are reserved first, so that no generated id equals one of them.
    stays = [text.isascii() and _VALID.fullmatch(text) is not None and text not in used for text in listed]
    chosen: list[str | None] = []
    for text, stay in zip(listed, stays, strict=True):
        keep = stay and text not in used
        if keep:
            used.add(text)
        chosen.append(text if keep else None)
    return [text if text is not None else _fresh(prefix, number, used) for number, text in enumerate(chosen, start=1)]


def _fresh(prefix: str, number: int, used: set[str]) -> str:
    candidate = f"{prefix}{number}"
    while candidate in used:
        candidate = f"{prefix}_{candidate[len(prefix) :]}"
    used.add(candidate)
    return candidate
