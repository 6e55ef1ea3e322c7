"""Numbers: diameters, lengths, years, depths and ranges, with the conversion that they need."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from maps.importers.guessing.column import AGAINST, EMPTY, FITS, MAY_FIT, MOST, SAYS_NOTHING, Column, Evidence, Surroundings
from maps.importers.guessing.lexicon import unit_in

_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)((0\d|1[0-2])([0-2]\d|3[01]))?(?!\d)")
"""A year, or a date without separators such as 19970521."""
_DECADES = 15
_INCHES = frozenset({2, 3, 4, 6, 8, 10, 12, 14, 15, 16, 18, 20, 21, 24, 27, 30, 36, 42, 48, 54, 60, 66, 72})
_DN_MM = frozenset(
    {
        15,
        20,
        25,
        32,
        40,
        50,
        63,
        65,
        75,
        80,
        90,
        100,
        110,
        125,
        150,
        160,
        200,
        225,
        250,
        300,
        315,
        350,
        400,
        450,
        500,
        600,
        700,
        800,
        900,
        1000,
        1200,
        1400,
        1600,
        1800,
        2000,
        2200,
        2400,
    }
)
FEET = 0.3048
INCH_MM = 25.4


def diameter(column: Column, around: Surroundings) -> Evidence:
    """Nominal diameters in mm, inches, or metres."""
    if not column.is_numeric():
        return AGAINST
    told, middle, top = unit_in(column.name), column.quantile(0.5), column.quantile(0.95)
    if not np.isfinite(middle):
        return EMPTY
    known = column.numbers[np.isfinite(column.numbers) & (column.numbers > 0)]
    if told in ("in", "ft", "m", "cm"):
        factor = {"in": INCH_MM, "ft": 1000 * FEET, "m": 1000.0, "cm": 10.0}[told]
        return Evidence(FITS, "unit_in_name", factor) if 10 <= middle * factor <= 4000 else AGAINST
    if np.isin(known, list(_DN_MM)).mean() > 0.7 and middle >= 40:
        return Evidence(FITS, "nominal_diameters")
    if top <= 72 and np.isin(known, list(_INCHES)).mean() > 0.8:
        return Evidence(FITS, "inches", INCH_MM)
    if 40 <= middle <= 3000 and top <= 4000:
        return Evidence(MAY_FIT, "range")
    if 0.02 <= middle <= 3 and top <= 4:
        return Evidence(MAY_FIT, "metres", 1000.0)
    return AGAINST


def length(column: Column, around: Surroundings) -> Evidence:
    """Lengths of the drawn lines, in metres, feet or kilometres."""
    if not column.is_numeric():
        return AGAINST
    both = np.isfinite(column.numbers) & np.isfinite(around.length_m) & (column.numbers > 0) & (around.length_m > 0)
    if both.sum() < 3:
        return Evidence(SAYS_NOTHING, "range") if column.quantile(0.5) < 1e5 else AGAINST
    ratio = column.numbers[both] / around.length_m[both]
    middle = float(np.median(ratio))
    for factor, ground in ((None, "length_of_line"), (FEET, "length_in_feet"), (1000.0, "length_in_kilometres")):
        scaled = middle * (factor or 1.0)
        if 0.95 <= scaled <= 1.05 and float(np.mean(np.abs(ratio * (factor or 1.0) - 1) < 0.15)) > 0.6:
            return Evidence(FITS + 1.0, ground, factor)
    return Evidence(-1.0, "length_differs_from_line")


def year(column: Column, around: Surroundings) -> Evidence:
    """Years or dates."""
    dated = column.share(lambda text: _YEAR.search(text) is not None)
    return Evidence(FITS, "years") if dated >= MOST else Evidence(MAY_FIT, "years") if dated >= 0.4 else AGAINST


def between(low: float, high: float, *, whole: bool = False) -> Callable[[Column, Surroundings], Evidence]:
    """Numbers in a range."""

    def test(column: Column, around: Surroundings) -> Evidence:
        if not column.is_numeric():
            return AGAINST
        known = column.numbers[np.isfinite(column.numbers)]
        inside = float(np.mean((known >= low) & (known <= high)))
        if inside < MOST or (whole and (known % 1 != 0).mean() > 0.05):
            return AGAINST
        return Evidence(MAY_FIT, "range")

    return test


def roughness(column: Column, around: Surroundings) -> Evidence:
    """Hazen-Williams coefficients; small numbers may be roughness in mm for another formula, which is never a sure guess."""
    if not column.is_numeric():
        return AGAINST
    middle = column.quantile(0.5)
    return (
        Evidence(FITS, "hazen_williams") if 60 <= middle <= 160 else Evidence(-1.0, "other_formula") if middle < 60 else AGAINST
    )


def depth(column: Column, around: Surroundings) -> Evidence:
    """Depths in metres, centimetres or feet."""
    if not column.is_numeric():
        return AGAINST
    middle, top = column.quantile(0.5), column.quantile(0.95)
    if unit_in(column.name) == "cm" or (40 <= middle <= 400 and top < 1500):
        return Evidence(MAY_FIT, "centimetres", 0.01)
    if unit_in(column.name) == "ft":
        return Evidence(MAY_FIT, "unit_in_name", FEET)
    return Evidence(MAY_FIT, "range") if np.isfinite(middle) and top <= 15 else AGAINST


def year_laid(column: Column, around: Surroundings) -> Evidence:
    """Years or dates over decades: those of edits and inspections are recent and close together."""
    found = year(column, around)
    if found.weight < FITS:
        return found
    years = np.array([int(match[1]) for text in column.values if (match := _YEAR.search(str(text)))])
    low, high = np.quantile(years, [0.1, 0.9])
    return Evidence(FITS + 0.2, "years_over_decades") if high - low >= _DECADES else found
