"""What the values of a source column say for or against a standard column.

Each test returns ``Evidence``: a weight in log-odds (above 0 for, below 0 against), the key of its ground, and the conversion
that the values need. Weights are set by hand: +1.5 fits well, +0.5 fits but so would others, 0 says nothing, -4 contradicts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maps.importers.guessing.lexicon import normal, truth_means, unit_in, words

FITS, MAY_FIT, SAYS_NOTHING, CONTRADICTS = 1.5, 0.5, 0.0, -4.0
_NUMBER = re.compile(
    r"^(?:DN|De|D|Φ|φ|ø)?\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(?:mm|cm|m|in|ft|\"|米|转|圈)?$", re.IGNORECASE
)
_ROAD = re.compile(
    r"[路街道巷]|\b(street|st|road|rd|avenue|ave|lane|drive|dr|way|strasse|straße|weg|rue|calle|via|avenida|av|rua|travessa|corso|viale|piazza|carrer|plaza)\b|通り|号線",
    re.IGNORECASE,
)
_CHANNEL = re.compile(r"press|flow|level|chlor|turb|压力|流量|水位|液位|余氯|浊度", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)((0\d|1[0-2])([0-2]\d|3[01]))?(?!\d)")
"""A year, or a date without separators such as 19970521."""
_PLAIN_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")
_MOST = 0.9
"""Share of the filled values from which a test counts as passed."""
_INCHES = frozenset({2, 3, 4, 6, 8, 10, 12, 14, 15, 16, 18, 20, 21, 24, 27, 30, 36, 42, 48, 54, 60, 66, 72})
_DN_MM = frozenset(
    map(
        int,
        [
            "15",
            "20",
            "25",
            "32",
            "40",
            "50",
            "63",
            "65",
            "75",
            "80",
            "90",
            "100",
            "110",
            "125",
            "150",
            "160",
            "200",
            "225",
            "250",
            "300",
            "315",
            "350",
            "400",
            "450",
            "500",
            "600",
            "700",
            "800",
            "900",
            "1000",
            "1200",
            "1400",
            "1600",
            "1800",
            "2000",
            "2200",
            "2400",
        ],
    )
)
FEET = 0.3048
INCH_MM = 25.4


@dataclass(frozen=True, eq=False)
class Column:
    """Sampled values of one source column. ``texts``: trimmed, "" where empty, (n,); ``numbers``: NaN where none, (n,)."""

    name: str
    texts: NDArray[np.object_]
    numbers: NDArray[np.float64]

    @classmethod
    def of(cls, name: str, values: pd.Series) -> Column:
        """A column of a source as texts and numbers; ``DN200`` and ``200 mm`` are numbers."""
        texts = np.array([_text(value) for value in values.tolist()], dtype=object)
        numbers = np.array([_number(text) for text in texts], dtype=np.float64)
        return cls(name, texts, numbers)

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Rows with a value, (n,)."""
        return np.asarray(self.texts != "", dtype=np.bool_)

    @property
    def values(self) -> NDArray[np.object_]:
        """Values of the filled rows."""
        return np.asarray(self.texts[self.filled])

    def share(self, test: Callable[[str], bool]) -> float:
        """Share of the filled values that pass a test, 0 without any."""
        values = self.values
        return float(np.mean([test(str(value)) for value in values])) if len(values) else 0.0

    def is_numeric(self) -> bool:
        """Whether nearly all filled values are numbers."""
        filled = self.filled
        return bool(filled.any() and np.isfinite(self.numbers[filled]).mean() >= _MOST)

    def quantile(self, share: float) -> float:
        """A quantile of the positive numbers, NaN without any."""
        known = self.numbers[np.isfinite(self.numbers) & (self.numbers > 0)]
        return float(np.quantile(known, share)) if len(known) else float("nan")


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What a column is compared with. ``length_m``: drawn lengths of the sampled rows, (n,), NaN without a line.

    ``node_ids``, ``pipe_ids``: ids found in the other layers. ``unique``: column -> whether all its rows differ, not only the
    sampled ones. ``joint_ids``: ids at which lines start and others end, by columns named so.
    """

    length_m: NDArray[np.float64]
    node_ids: frozenset[str] = frozenset()
    pipe_ids: frozenset[str] = frozenset()
    unique: Mapping[str, bool] = field(default_factory=dict)
    joint_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Evidence:
    """``weight``: log-odds; ``ground``: its key, "" for none."""

    weight: float
    ground: str = ""
    factor: float | None = None
    values: Mapping[str, str] = field(default_factory=dict)


NOTHING = Evidence(SAYS_NOTHING)
EMPTY = Evidence(SAYS_NOTHING, "no_values")
AGAINST = Evidence(CONTRADICTS, "values_do_not_fit")


def evidence(layer: str, standard: str, column: Column, around: Surroundings) -> Evidence:
    """What the values of a column say about its being this standard column of this layer."""
    test = _TESTS.get(f"{layer}.{standard}") or _TESTS.get(standard)
    if test is None:
        return NOTHING
    if not column.filled.any():
        return AGAINST if standard == "asset_id" else EMPTY
    return test(column, around)


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def _number(text: str) -> float:
    found = _NUMBER.match(text)
    return float(found[1]) if found else float("nan")


def _ids(column: Column, around: Surroundings) -> Evidence:
    filled = column.filled.mean()
    if column.share(lambda text: len(text) <= 64) < _MOST or filled < 0.5:
        return AGAINST
    decimals = column.is_numeric() and bool((column.numbers[column.filled] % 1 != 0).mean() > 0.1)
    if decimals:
        return AGAINST
    if around.unique.get(column.name, False) and filled > 0.99:
        return Evidence(FITS, "unique_values")
    values = column.values
    return Evidence(MAY_FIT if len(set(values)) > 0.9 * len(values) else CONTRADICTS, "nearly_unique_values")


def _refers_to(ids: Callable[[Surroundings], frozenset[str]], ground: str) -> Callable[[Column, Surroundings], Evidence]:
    def test(column: Column, around: Surroundings) -> Evidence:
        known = ids(around)
        if not known:
            return NOTHING if column.share(lambda text: len(text) <= 64) >= _MOST else AGAINST
        share = column.share(lambda text: text in known)
        if share >= _MOST:
            return Evidence(FITS + 1.0, ground)
        return Evidence(MAY_FIT, ground) if share >= 0.5 else AGAINST

    return test


def _end_of_link(column: Column, around: Surroundings) -> Evidence:
    found = _refers_to(lambda places: places.node_ids, "ids_of_nodes")(column, around)
    if found.weight == CONTRADICTS and column.share(lambda text: text in around.joint_ids) >= 0.5:
        return Evidence(MAY_FIT, "ids_at_both_ends")  # the nodes themselves are not among the sources
    if found.weight == SAYS_NOTHING and column.is_numeric() and bool((column.numbers[column.filled] % 1 != 0).mean() > 0.1):
        return AGAINST
    return found


def _diameter(column: Column, around: Surroundings) -> Evidence:
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


def _length(column: Column, around: Surroundings) -> Evidence:
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


def _year(column: Column, around: Surroundings) -> Evidence:
    dated = column.share(lambda text: _YEAR.search(text) is not None)
    return Evidence(FITS, "years") if dated >= _MOST else Evidence(MAY_FIT, "years") if dated >= 0.4 else AGAINST


def _vocabulary(group: str, least: float) -> Callable[[Column, Surroundings], Evidence]:
    def test(column: Column, around: Surroundings) -> Evidence:
        known = words(group)
        share = column.share(lambda text: normal(text) in known or _first_word(text) in known)
        if share >= least:
            return Evidence(FITS, f"words_{group}")
        if column.is_numeric() or column.share(lambda text: len(text) > 40) > 0.2:
            return AGAINST
        return Evidence(MAY_FIT if share > 0.2 else -1.0, f"words_{group}")

    return test


def _first_word(text: str) -> str:
    return re.split(r"[\s,;/+\-0-9]", text.casefold().strip(), maxsplit=1)[0]


def _between(low: float, high: float, *, whole: bool = False) -> Callable[[Column, Surroundings], Evidence]:
    def test(column: Column, around: Surroundings) -> Evidence:
        if not column.is_numeric():
            return AGAINST
        known = column.numbers[np.isfinite(column.numbers)]
        inside = float(np.mean((known >= low) & (known <= high)))
        if inside < _MOST or (whole and (known % 1 != 0).mean() > 0.05):
            return AGAINST
        return Evidence(MAY_FIT, "range")

    return test


def _roughness(column: Column, around: Surroundings) -> Evidence:
    if not column.is_numeric():
        return AGAINST
    middle = column.quantile(0.5)
    return Evidence(FITS, "hazen_williams") if 60 <= middle <= 160 else Evidence(-0.5, "range") if middle < 60 else AGAINST


def _depth(column: Column, around: Surroundings) -> Evidence:
    if not column.is_numeric():
        return AGAINST
    middle, top = column.quantile(0.5), column.quantile(0.95)
    if unit_in(column.name) == "cm" or (40 <= middle <= 400 and top < 1500):
        return Evidence(MAY_FIT, "centimetres", 0.01)
    if unit_in(column.name) == "ft":
        return Evidence(MAY_FIT, "unit_in_name", FEET)
    return Evidence(MAY_FIT, "range") if np.isfinite(middle) and top <= 15 else AGAINST


def _state(column: Column, around: Surroundings) -> Evidence:
    """Open or closed as words, or as a truth value whose direction the column's name gives."""
    distinct = {str(value) for value in column.values}
    if len(distinct) > 20:
        return AGAINST
    known, truth = words("state"), words("truth")
    mapped = {text: known[normal(text)] for text in distinct if normal(text) in known}
    if len(mapped) == len(distinct):
        return Evidence(FITS, "words_state", values=mapped)
    if all(normal(text) in truth for text in distinct):
        meaning = {"yes": "closed", "no": "open"} if truth_means(column.name, "closed_when_true") else {}
        meaning = meaning or ({"yes": "open", "no": "closed"} if truth_means(column.name, "open_when_true") else {})
        if not meaning:
            return Evidence(CONTRADICTS, "direction_unknown")
        return Evidence(FITS, "truth_values", values={text: meaning[truth[normal(text)]] for text in distinct})
    share = column.share(lambda text: normal(text) in known)
    return Evidence(MAY_FIT, "words_state", values=mapped) if share > 0.5 else AGAINST


def _truth(column: Column, around: Surroundings) -> Evidence:
    distinct, truth = {str(value) for value in column.values}, words("truth")
    if not all(normal(text) in truth for text in distinct):
        return Evidence(-1.0, "no_truth_values")
    if truth_means(column.name, "unfit_when_true"):
        turned = {"yes": "no", "no": "yes"}
        return Evidence(FITS, "truth_values", values={text: turned[truth[normal(text)]] for text in distinct})
    return Evidence(MAY_FIT, "truth_values")


def _closes(column: Column, around: Surroundings) -> Evidence:
    distinct, known, truth = {str(value) for value in column.values}, words("closes"), words("truth")
    if all(normal(text) in known for text in distinct):
        return Evidence(FITS, "words_closes", values={text: known[normal(text)] for text in distinct})
    if all(normal(text) in truth for text in distinct) and truth_means(column.name, "clockwise_when_true"):
        return Evidence(FITS, "truth_values", values={text: "cw" if truth[normal(text)] == "yes" else "ccw" for text in distinct})
    return AGAINST


def _valve_kind(column: Column, around: Surroundings) -> Evidence:
    distinct, known = {str(value) for value in column.values}, words("kind")
    mapped = {text: known[normal(text)] for text in distinct if normal(text) in known}
    isolating = {text: meaning for text, meaning in mapped.items() if meaning != "not_isolating"}
    share = column.share(lambda text: text in mapped)
    if share >= 0.6:
        return Evidence(FITS, "words_kind", values=isolating)
    return Evidence(-1.0, "words_kind", values=isolating) if share > 0 else AGAINST


def _road(column: Column, around: Surroundings) -> Evidence:
    if column.is_numeric() or column.share(lambda text: bool(_PLAIN_NUMBER.match(text))) > 0.3:
        return AGAINST
    if column.share(lambda text: bool(_ROAD.search(text))) > 0.6:
        return Evidence(FITS, "words_road")
    values = column.values
    return Evidence(-1.0, "one_value") if len(values) > 1 and len(set(values)) == 1 else NOTHING


def _name(column: Column, around: Surroundings) -> Evidence:
    if column.is_numeric() and not unit_in(column.name):
        return Evidence(-1.0, "only_numbers")
    return Evidence(MAY_FIT, "text") if column.share(lambda text: not _PLAIN_NUMBER.match(text)) > 0.8 else NOTHING


def _channels(column: Column, around: Surroundings) -> Evidence:
    named = column.share(lambda text: bool(_CHANNEL.search(text)))
    return Evidence(FITS, "words_channels") if named > 0.6 else AGAINST


def _date(column: Column, around: Surroundings) -> Evidence:
    return _year(column, around)


_TESTS: Mapping[str, Callable[[Column, Surroundings], Evidence]] = {
    "asset_id": _ids,
    "from_node": _end_of_link,
    "to_node": _end_of_link,
    "valves.node": _refers_to(lambda places: places.node_ids, "ids_of_nodes"),
    "hydrants.node": _refers_to(lambda places: places.node_ids, "ids_of_nodes"),
    "stations.node": _refers_to(lambda places: places.node_ids, "ids_of_nodes"),
    "valves.pipe": _refers_to(lambda places: places.pipe_ids, "ids_of_pipes"),
    "valves.flows_to": _refers_to(lambda places: places.pipe_ids, "ids_of_pipes"),
    "hydrants.pipe": _refers_to(lambda places: places.pipe_ids, "ids_of_pipes"),
    "customers.pipe": _refers_to(lambda places: places.pipe_ids, "ids_of_pipes"),
    "stations.link": _refers_to(lambda places: places.pipe_ids, "ids_of_pipes"),
    "diameter_mm": _diameter,
    "length_m": _length,
    "year_laid": _year,
    "material": _vocabulary("material", 0.6),
    "roughness": _roughness,
    "minor_loss": _between(0, 100),
    "depth_m": _depth,
    "elevation_m": _between(-500, 6000),
    "head_m": _between(-500, 6000),
    "tank_level_m": _between(0, 100),
    "tank_min_m": _between(0, 100),
    "tank_max_m": _between(0, 100),
    "tank_diameter_m": _between(0.5, 300),
    "demand_m3h": _between(-1e4, 1e4),
    "status": _state,
    "state": _state,
    "normal_state": _state,
    "operable": _truth,
    "closes": _closes,
    "valves.kind": _valve_kind,
    "turns_to_close": _between(0, 600),
    "last_checked": _date,
    "road_name": _road,
    "households": _between(0, 5000, whole=True),
    "people": _between(0, 50000, whole=True),
    "name": _name,
    "address": _name,
    "channels": _channels,
}
