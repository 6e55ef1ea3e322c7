"""QGIS styles (QML) of layers: one symbol, or one for each class of a column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree


@dataclass(frozen=True, slots=True)
class Look:
    """``colour`` as ``#rrggbb``; ``width`` in px (diameter of points); ``opacity`` of areas.

    ``classes``: (QGIS expression, label, colour, width) instead of one symbol; ``label``: column used as label.
    """

    colour: str = "#456172"
    width: float = 2.0
    opacity: float = 0.35
    label: str = ""
    classes: tuple[tuple[str, str, str, float], ...] = ()


def qml(kind: str, look: Look) -> str:
    """The style as QML text. ``kind``: geometry type of the layer."""
    root = etree.Element("qgis", version="3.22.0", styleCategories="Symbology|Labeling", labelsEnabled="1" if look.label else "0")
    form = "marker" if "Point" in kind else "fill" if "Polygon" in kind else "line"
    rules = look.classes or (("", "", look.colour, look.width),)
    renderer = etree.SubElement(root, "renderer-v2", type="RuleRenderer", symbollevels="0", enableorderby="0", forceraster="0")
    tree = etree.SubElement(renderer, "rules", key="{root}")
    for number, (expression, label, _, _) in enumerate(rules):
        rule = etree.SubElement(tree, "rule", key=f"{{rule{number}}}", symbol=str(number), label=label)
        if expression:
            rule.set("filter", expression)
    symbols = etree.SubElement(renderer, "symbols")
    for number, (_, _, colour, width) in enumerate(rules):
        symbol = etree.SubElement(symbols, "symbol", type=form, name=str(number), alpha="1", clip_to_extent="1", force_rhr="0")
        _symbol(symbol, form, colour, width, look.opacity)
    if look.label:
        _labels(root, look.label)
    return str(etree.tostring(root, encoding="unicode"))


def _symbol(symbol: Any, form: str, colour: str, width: float, opacity: float) -> None:
    ink = ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    if form == "marker":
        name, options = "SimpleMarker", {
            "name": "circle", "color": f"{ink},255", "outline_color": "255,255,255,255", "size": f"{width:g}",
            "size_unit": "Pixel",
        }  # fmt: skip
    elif form == "fill":
        name, options = "SimpleFill", {
            "color": f"{ink},{round(255 * opacity)}", "outline_color": f"{ink},255", "outline_width": f"{width:g}",
            "outline_width_unit": "Pixel", "style": "solid", "outline_style": "solid",
        }  # fmt: skip
    else:
        name, options = "SimpleLine", {
            "line_color": f"{ink},255", "line_width": f"{width:g}", "line_width_unit": "Pixel", "line_style": "solid",
            "capstyle": "round", "joinstyle": "round",
        }  # fmt: skip
    layer = etree.SubElement(symbol, "layer", {"class": name, "enabled": "1", "locked": "0", "pass": "0"})
    table = etree.SubElement(layer, "Option", type="Map")
    for key, value in options.items():
        etree.SubElement(table, "Option", name=key, value=value, type="QString")
        etree.SubElement(layer, "prop", k=key, v=value)


def _labels(root: Any, column: str) -> None:
    labelling = etree.SubElement(root, "labeling", type="simple")
    settings = etree.SubElement(labelling, "settings", calloutType="simple")
    etree.SubElement(settings, "text-style", fieldName=column, isExpression="0", fontSize="9", textColor="20,24,28,255")
    etree.SubElement(settings, "placement", placement="6", dist="1")
    etree.SubElement(settings, "rendering", drawLabels="1", scaleVisibility="0")
