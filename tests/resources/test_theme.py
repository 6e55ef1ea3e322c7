"""Colours: sufficient contrast of foreground and background."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest

THEMES = ("dark", "light")
SYMBOLS = ("critical", "high", "medium", "low", "ok", "stale", "fault", "learning")


def theme(name: str) -> dict[str, Any]:
    """One theme's table."""
    return tomllib.loads(files("resources").joinpath("theme", f"{name}.toml").read_text("utf-8"))


def contrast(one: str, other: str) -> float:
    """Contrast of two colours after WCAG 2.1 (relative luminance of sRGB)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


def test_both_themes_hold_the_same_tokens() -> None:
    dark, light = (
        {(group, role) for group, entries in theme(name).items() if isinstance(entries, dict) for role in entries}
        for name in THEMES
    )
    assert dark == light


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("ground", ["window", "panel", "card", "alert"])
def test_texts_stand_out_from_every_ground(name: str, ground: str) -> None:
    table = theme(name)
    weak = {role: round(contrast(table["text"][role], table["surface"][ground]), 2) for role in ("strong", "normal", "muted")}
    assert not {role: ratio for role, ratio in weak.items() if ratio < (3.0 if ground == "alert" else 4.5)}


@pytest.mark.parametrize("name", THEMES)
def test_symbols_stand_out_from_the_map_and_from_panels(name: str) -> None:
    table = theme(name)
    grounds = {"map": table["map"]["background"], "panel": table["surface"]["panel"]}
    weak = {
        (role, ground): round(contrast(table["state"][role], colour), 2)
        for role in SYMBOLS
        for ground, colour in grounds.items()
        if contrast(table["state"][role], colour) < 3.0
    }
    assert not weak


@pytest.mark.parametrize("name", THEMES)
def test_the_words_on_a_button_can_be_read(name: str) -> None:
    table = theme(name)
    assert contrast(table["text"]["on_accent"], table["accent"]["normal"]) >= 3.0
