"""A folium page that loads nothing: Leaflet and jQuery inlined, images as data URIs, no tiles.

``folium.Map`` lists ten files on content delivery networks; the lists are emptied for this page only.
"""

from __future__ import annotations

import base64
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Any

import folium
from branca.element import MacroElement
from jinja2 import Template

from maps.errors import QuanmaiError


class WebAssetsMissing(QuanmaiError):
    """The packages that carry Leaflet or jQuery are not installed."""


class _Scale(MacroElement):
    """A scale bar in metres (folium's own shows feet as well)."""

    _template = Template(
        "{% macro script(this, kwargs) %}L.control.scale({imperial: false}).addTo({{ this._parent.get_name() }});{% endmacro %}"
    )


def offline_map(crs: str, background: str) -> Any:
    """An empty folium map without tiles. ``crs``: Leaflet's (``EPSG3857``, ``Simple``). Raises WebAssetsMissing."""
    page = folium.Map(
        tiles=None,
        crs=crs,
        prefer_canvas=True,
        control_scale=False,
        zoom_snap=0.25,
        attribution_control=False,  # Leaflet's own link would be the page's only network address
    )
    # folium passes zoom limits to tiles only; local coordinates in metres need levels below zero.
    page.options.update(min_zoom=0 if crs != "Simple" else -12, max_zoom=22)
    page.default_js, page.default_css = [], []
    root: Any = page.get_root()
    if crs != "Simple":  # the units of local coordinates are unknown, so no scale bar in metres
        bar: Any = _Scale
        bar().add_to(page)
    head = root.header
    # Before folium's own header elements: the map's script needs L and $.
    head.add_child(
        folium.Element(f"<style>{_style()}\n.leaflet-container{{background:{background};}}</style>"), name="a_style", index=0
    )
    head.add_child(folium.Element(f"<script>{_script('jquery', 'jquery.min.js')}</script>"), name="a_jquery", index=1)
    head.add_child(folium.Element(f"<script>{_script('leaflet', 'leaflet.js')}</script>"), name="a_leaflet", index=2)
    # A data URI as icon: without one, browsers ask the server for /favicon.ico.
    head.add_child(folium.Element('<link rel="icon" href="data:,">'), name="a_icon", index=3)
    return page


@cache
def _script(package: str, name: str) -> str:
    text = (_folder(package) / name).read_text("utf-8")
    text = re.sub(r"//# sourceMappingURL=.*", "", text)  # a browser with open developer tools would request it
    return text.replace("</script", "<\\/script")


@cache
def _style() -> str:
    """Leaflet's style sheet with its images inlined."""
    folder = _folder("leaflet")

    def inlined(found: re.Match[str]) -> str:
        image = (folder / found[1]).read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(image).decode()})"

    return re.sub(r"url\(['\"]?(images/[\w.\-]+\.png)['\"]?\)", inlined, (folder / "leaflet.css").read_text("utf-8"))


def _folder(package: str) -> Path:
    """Folder of an XStatic package's files, found without importing it (its namespace package warns). Raises WebAssetsMissing."""
    spec = importlib.util.find_spec("xstatic")
    for place in spec.submodule_search_locations or () if spec else ():
        folder = Path(place) / "pkg" / package / "data"
        if folder.is_dir():
            return folder
    raise WebAssetsMissing(f"the package xstatic-{package} is not installed; the web map needs it: install it and try again")
