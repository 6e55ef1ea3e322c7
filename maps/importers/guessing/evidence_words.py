"""Words: materials, states, kinds, roads, channels, with the standard value of each."""

from __future__ import annotations

import re
from collections.abc import Callable

from maps.importers.guessing.column import AGAINST, CONTRADICTS, FITS, MAY_FIT, NOTHING, Column, Evidence, Surroundings
from maps.importers.guessing.lexicon import normal, truth_means, unit_in, words

_ROAD = re.compile(
    r"[路街道巷]|\b(street|st|road|rd|avenue|ave|lane|drive|dr|way|strasse|straße|weg|rue|calle|via|avenida|av|rua|travessa|corso|viale|piazza|carrer|plaza|ul\.|al\.|ulica|aleja|straat|laan|plein|gade|vej)\b|\w{3,}(?:straat|weg|laan|gasse|strasse|straße)\b|通り|号線",
    re.IGNORECASE,
)
_CHANNEL = re.compile(r"press|flow|level|chlor|turb|压力|流量|水位|液位|余氯|浊度", re.IGNORECASE)
_PHONE = re.compile(r"^\+?[\d\s\-()/]{7,20}$")
_PLAIN_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")


def vocabulary(group: str, least: float) -> Callable[[Column, Surroundings], Evidence]:
    """Words of a group."""

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


def state(column: Column, around: Surroundings) -> Evidence:
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


def truth(column: Column, around: Surroundings) -> Evidence:
    """Truth values; some names turn them around."""
    distinct, truth = {str(value) for value in column.values}, words("truth")
    if not all(normal(text) in truth for text in distinct):
        return Evidence(-1.0, "no_truth_values")
    if truth_means(column.name, "unfit_when_true"):
        turned = {"yes": "no", "no": "yes"}
        return Evidence(FITS, "truth_values", values={text: turned[truth[normal(text)]] for text in distinct})
    return Evidence(MAY_FIT, "truth_values")


def closes(column: Column, around: Surroundings) -> Evidence:
    """The direction in which a valve closes."""
    distinct, known, truth = {str(value) for value in column.values}, words("closes"), words("truth")
    if all(normal(text) in known for text in distinct):
        return Evidence(FITS, "words_closes", values={text: known[normal(text)] for text in distinct})
    if all(normal(text) in truth for text in distinct) and truth_means(column.name, "clockwise_when_true"):
        return Evidence(FITS, "truth_values", values={text: "cw" if truth[normal(text)] == "yes" else "ccw" for text in distinct})
    return AGAINST


def valve_kind(column: Column, around: Surroundings) -> Evidence:
    """Kinds of valves."""
    distinct, known = {str(value) for value in column.values}, words("kind")
    mapped = {text: known[normal(text)] for text in distinct if normal(text) in known}
    isolating = {text: meaning for text, meaning in mapped.items() if meaning != "not_isolating"}
    share = column.share(lambda text: text in mapped)
    if share >= 0.6:
        return Evidence(FITS, "words_kind", values=isolating)
    return Evidence(-1.0, "words_kind", values=isolating) if share > 0 else AGAINST


def road(column: Column, around: Surroundings) -> Evidence:
    """Names of roads."""
    if column.is_numeric() or column.share(lambda text: bool(_PLAIN_NUMBER.match(text))) > 0.3:
        return AGAINST
    if column.share(lambda text: bool(_ROAD.search(text))) > 0.6:
        return Evidence(FITS, "words_road")
    values = column.values
    return Evidence(-1.0, "one_value") if len(values) > 1 and len(set(values)) == 1 else NOTHING


def name(column: Column, around: Surroundings) -> Evidence:
    """Text other than numbers."""
    if column.is_numeric() and not unit_in(column.name):
        return Evidence(-1.0, "only_numbers")
    return Evidence(MAY_FIT, "text") if column.share(lambda text: not _PLAIN_NUMBER.match(text)) > 0.8 else NOTHING


def channels(column: Column, around: Surroundings) -> Evidence:
    """Names of what is measured."""
    known = words("channel")
    named = column.share(lambda text: bool(_CHANNEL.search(text)) or normal(text) in known)
    mapped = {text: known[normal(text)] for text in {str(value) for value in column.values} if normal(text) in known}
    return Evidence(FITS, "words_channels", values=mapped) if named > 0.6 else AGAINST


def codes(group: str) -> Callable[[Column, Surroundings], Evidence]:
    """Words of a group, each with its standard value."""

    def test(column: Column, around: Surroundings) -> Evidence:
        known = words(group)
        mapped = {text: known[normal(text)] for text in {str(value) for value in column.values} if normal(text) in known}
        share = column.share(lambda text: text in mapped)
        return Evidence(FITS, f"words_{group}", values=mapped) if share >= 0.6 else Evidence(-1.0, f"words_{group}")

    return test


def phone(column: Column, around: Surroundings) -> Evidence:
    """Telephone numbers: seven digits and more, with signs between them."""
    return Evidence(FITS, "phones") if column.share(lambda text: bool(_PHONE.match(text))) >= 0.8 else AGAINST


def address(column: Column, around: Surroundings) -> Evidence:
    """A road with a number of the house."""
    if column.share(lambda text: bool(_ROAD.search(text)) and any(sign.isdigit() for sign in text)) > 0.6:
        return Evidence(FITS, "road_and_number")
    return name(column, around)
