"""A column profile that was saved with an earlier import, taken over for the same layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from console.services.network.own_data import Preview
from maps.errors import InputFault
from maps.importers.guessing import Choices
from maps.importers.readers.profile import LayerProfile, Profile, read_profile

_ENDING = ".profile.toml"
_MOST = 50
"""Profiles of a folder that are looked at, the newest first."""


def profile_beside(sources: Sequence[Path], preview: Preview) -> Path | None:
    """The newest saved profile beside the files that knows their pipes and all columns it names; None without one."""
    folders = dict.fromkeys(path.parent for path in sources)
    found = [path for folder in folders if folder.is_dir() for path in folder.iterdir() if path.name.endswith(_ENDING)]
    for path in sorted(found, key=lambda one: one.stat().st_mtime, reverse=True)[:_MOST]:
        try:
            choices = choices_of(read_profile(path), preview)
        except InputFault:
            continue  # a broken file is told when a person chooses it
        if choices is not None and any(standard == "pipes" for _, _, standard in choices.columns):
            return path
    return None


def choices_of(profile: Profile, preview: Preview) -> Choices | None:
    """What the profile says of the layers of these files: kinds, columns and units. None where it fits none of them.

    A layer whose columns are no longer all there is left to the guess. Words of values are guessed anew.
    """
    kinds: dict[tuple[str, str], str] = {}
    columns: dict[tuple[str, str, str], dict[str, str]] = {}
    factors: dict[tuple[str, str, str], dict[str, float]] = {}
    parts = Counter(name for entry in profile.layers for name in entry.layers if _says_something(entry))
    for entry in filter(_says_something, profile.layers):
        for seen in preview.layers:
            if seen.layer not in entry.layers or not set(entry.source_names()) <= seen.samples.keys():
                continue
            if parts[seen.layer] == 1:  # survey points hold several kinds: the rows say which, not the layer
                kinds[seen.source, seen.layer] = entry.standard
            place = (seen.source, seen.layer, entry.standard)
            known = preview.columns.get(entry.standard, ())
            columns[place] = {name: (entry.columns.get(name) or ("",))[0] for name in known}
            factors[place] = {name: factor for name, factor in entry.factors.items() if name in known}
    return Choices(kinds, columns, factors) if columns else None


def _says_something(entry: LayerProfile) -> bool:
    """Whether a person or a guess wrote the entry; those of standard names are filled in by the reader."""
    return bool(entry.columns or entry.constants)
