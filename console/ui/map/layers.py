"""Layers of the map: what can be shown or hidden, faded, and put above or below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class MapLayer(StrEnum):
    """What can be shown or hidden, top of the list first; the list's order is the drawing order from above at first."""

    PIPES = "pipes"
    VALVES = "valves"
    HYDRANTS = "hydrants"
    STATIONS = "stations"
    PLANTS = "plants"
    CREWS = "crews"
    CUSTOMERS = "customers"
    DMA = "dma"
    COMMUNITIES = "communities"
    DISTRICTS = "districts"
    ROADS = "roads"
    WATER = "water"
    LABELS = "labels"
    PRESSURE = "pressure"
    FLOW = "flow"
    TILES = "tiles"
    PLAN = "plan"
    CANDIDATES = "candidates"
    ZONE = "zone"
    POCKETS = "pockets"
    LOW = "low"
    STEPS = "steps"
    AFFECTED = "affected"
    TICKETS = "tickets"
    WATER_POINTS = "water_points"
    OUTAGES = "outages"


PLAN_LAYERS = (
    MapLayer.CANDIDATES,
    MapLayer.ZONE,
    MapLayer.POCKETS,
    MapLayer.LOW,
    MapLayer.STEPS,
    MapLayer.AFFECTED,
)
"""Parts of PLAN: each is shown when it and PLAN are."""

HIDDEN_AT_FIRST = frozenset({MapLayer.DMA, MapLayer.CUSTOMERS, MapLayer.PRESSURE, MapLayer.FLOW, MapLayer.TILES})

GROUND_LAYERS = (
    MapLayer.PIPES,
    MapLayer.FLOW,
    MapLayer.DMA,
    MapLayer.COMMUNITIES,
    MapLayer.DISTRICTS,
    MapLayer.ROADS,
    MapLayer.PRESSURE,
    MapLayer.WATER,
    MapLayer.TILES,
)
"""Layers whose order can be changed, from above to below; symbols and live layers always lie on top of them."""


class PipeTheme(StrEnum):
    """What the colour of the pipes stands for."""

    DIAMETER = "diameter"
    MATERIAL = "material"
    YEAR = "year"
    DMA = "dma"
    ZONE = "zone"
    VELOCITY = "velocity"


@dataclass(frozen=True, slots=True)
class LayerSettings:
    """What the map shows and how: visible layers, opacities below 1, order of the ground layers (from above), theme."""

    visible: frozenset[MapLayer] = frozenset(MapLayer) - HIDDEN_AT_FIRST
    opacity: Mapping[MapLayer, float] = field(default_factory=dict)
    order: tuple[MapLayer, ...] = GROUND_LAYERS
    theme: PipeTheme = PipeTheme.DIAMETER

    def shows(self, layer: MapLayer) -> bool:
        """Whether a layer is shown; parts of the plan go with it."""
        return layer in self.visible and (layer not in PLAN_LAYERS or MapLayer.PLAN in self.visible)

    def alpha(self, layer: MapLayer) -> float:
        """Opacity of a layer, 0–1."""
        return self.opacity.get(layer, 1.0)

    def with_visible(self, visible: frozenset[MapLayer]) -> LayerSettings:
        """Other layers shown."""
        return replace(self, visible=visible)

    def as_text(self) -> str:
        """For the settings: ``pipes=1;valves=0;…|order|theme``."""
        shown = ";".join(f"{layer.value}={int(layer in self.visible)}/{self.alpha(layer):.2f}" for layer in MapLayer)
        return "|".join((shown, ",".join(layer.value for layer in self.order), self.theme.value))

    @classmethod
    def from_text(cls, text: str) -> LayerSettings:
        """Parse stored settings; unknown parts (of an older or newer version) keep their defaults."""
        parts = [*text.split("|"), "", "", ""]
        known = {layer.value: layer for layer in MapLayer}
        default = cls()
        visible, opacity = set(default.visible), dict[MapLayer, float]()
        for entry in parts[0].split(";"):
            name, _, value = entry.partition("=")
            shown, _, alpha = value.partition("/")
            if name in known and shown in ("0", "1"):
                (visible.add if shown == "1" else visible.discard)(known[name])
                opacity |= dict.fromkeys((known[name],) * (_share(alpha) < 1), _share(alpha))
        order = [known[name] for name in parts[1].split(",") if name in known and known[name] in GROUND_LAYERS]
        order += [layer for layer in GROUND_LAYERS if layer not in order]
        themes = {theme.value: theme for theme in PipeTheme}
        return cls(frozenset(visible), opacity, tuple(dict.fromkeys(order)), themes.get(parts[2], PipeTheme.DIAMETER))


def _share(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0
