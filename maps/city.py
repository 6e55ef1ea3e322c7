"""City: one utility's network with its customers, stations, zones and background, as read from a city dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from maps.attachment import OnPipes, on_pipes
from maps.columns import Bools, Columns, Floats, Ints, Texts
from maps.network import PipeNetwork

Geometries = NDArray[np.object_]
"""Shapely geometries in the network's CRS, (n,)."""


@dataclass(frozen=True, eq=False)
class HydrantTable(Columns):
    """Fire hydrants, at a node row or on a pipe row. ``pieces``: as for customers."""

    node: Ints
    pipe: Ints
    x: Floats
    y: Floats
    pieces: Texts

    LAYER: ClassVar[str] = "hydrants"
    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"pieces"})


@dataclass(frozen=True, eq=False)
class PlantTable(Columns):
    """Water plants and pumping stations. ``kind``: plant, pumping_station, well; ``planned``: not built yet."""

    node: Ints
    kind: Texts
    name: Texts
    planned: Bools

    LAYER: ClassVar[str] = "plants"


@dataclass(frozen=True, eq=False)
class CrewTable(Columns):
    """Crews, vehicles and other staff. ``skills``: comma separated; base in the network's CRS.

    ``kind``: repair, patrol, community, sampling or vehicle; "" is repair.
    """

    name: Texts
    base_x: Floats
    base_y: Floats
    skills: Texts
    phone: Texts
    kind: Texts

    LAYER: ClassVar[str] = "crews"
    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"kind"})


@dataclass(frozen=True, eq=False)
class StationTable(Columns):
    """Measuring stations, on a node row or on a link (asset id of a pipe, pump or link valve).

    ``channels``: comma separated names (``pressure,flow``); ``limits``: JSON object as text or "". ``pieces``: as for
    customers, for a station on a pipe; ``link`` is then the first of them.
    """

    name: Texts
    node: Ints
    link: Texts
    channels: Texts
    limits: Texts
    x: Floats
    y: Floats
    assumed: Bools
    pieces: Texts

    LAYER: ClassVar[str] = "stations"
    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"pieces"})


@dataclass(frozen=True, eq=False)
class CustomerTable(Columns):
    """Customers on pipes. ``critical``: "" or hospital, dialysis, school, …; ``supply``: direct, tank, boosted.

    ``pieces``: ids of all pieces as a JSON list, where the pipe was cut and the customer's piece is unknown; the customer
    counts for each of them, and ``pipe`` is the first. "" where the pipe is known.
    """

    pipe: Ints
    name: Texts
    category: Texts
    critical: Texts
    critical_hours: Texts
    vulnerable: Bools
    households: Ints
    people: Ints
    supply: Texts
    pump_house: Texts
    meter_id: Texts
    address: Texts
    community: Texts
    demand_m3h: Floats
    estimated: Bools
    x: Floats
    y: Floats
    pieces: Texts

    LAYER: ClassVar[str] = "customers"
    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"pieces"})
    DEFAULTS: ClassVar[Mapping[str, Any]] = {"supply": "direct", "households": 1, "people": 0, "demand_m3h": 0.0}


@dataclass(frozen=True, eq=False)
class ZoneTable(Columns):
    """Zones. ``kind``: district, area, dma, community; ``geometry``: polygons in the network's CRS."""

    kind: Texts
    name: Texts
    geometry: Geometries = field(default_factory=lambda: np.empty(0, dtype=object), kw_only=True)

    LAYER: ClassVar[str] = "zones"


@dataclass(frozen=True, eq=False)
class ShapeTable(Columns):
    """A background layer of the map: roads (lines), water (polygons), places (points)."""

    name: Texts
    kind: Texts
    geometry: Geometries = field(default_factory=lambda: np.empty(0, dtype=object), kw_only=True)

    LAYER: ClassVar[str] = "background"


@dataclass(frozen=True, eq=False)
class EpanetModel:
    """The .inp text as imported or built, and the EPANET element of each asset.

    ``asset_id``, ``epanet_id``, ``kind``: parallel, (n,); ``kind``: node, pipe, pump, valve, and pattern, curve, rule where
    EPANET has another name for them. ``built``: built from the tables, or changed so that its heads differ from those of the
    imported text. ``calibrated``: the data it was fitted to, "" if not calibrated.
    """

    inp: str
    asset_id: Texts
    epanet_id: Texts
    kind: Texts
    built: bool = False
    calibrated: str = ""

    @property
    def word(self) -> str:
        """Origin of the model in a word: calibrated, built or imported."""
        return "calibrated" if self.calibrated else "built" if self.built else "imported"


@dataclass(frozen=True, slots=True)
class CityInfo:
    """The one row of layer ``city``. ``assumed``: the assumptions made, one sentence each."""

    name: str
    site: str
    time_zone: str = "Asia/Shanghai"
    synthetic: bool = False
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class City:
    """Content of one city dataset. ``fingerprint`` identifies the content of the dataset file."""

    info: CityInfo
    network: PipeNetwork
    hydrants: HydrantTable = field(default_factory=HydrantTable.empty)
    plants: PlantTable = field(default_factory=PlantTable.empty)
    crews: CrewTable = field(default_factory=CrewTable.empty)
    stations: StationTable = field(default_factory=StationTable.empty)
    customers: CustomerTable = field(default_factory=CustomerTable.empty)
    zones: ZoneTable = field(default_factory=ZoneTable.empty)
    roads: ShapeTable = field(default_factory=ShapeTable.empty)
    water: ShapeTable = field(default_factory=ShapeTable.empty)
    places: ShapeTable = field(default_factory=ShapeTable.empty)
    epanet: EpanetModel | None = None

    @cached_property
    def customers_on(self) -> OnPipes:
        """Pairs of customer and pipe that it counts for."""
        return on_pipes(self.customers, self.network.pipes)

    @cached_property
    def hydrants_on(self) -> OnPipes:
        """Pairs of hydrant and pipe that it counts for; hydrants at a node are not included."""
        return on_pipes(self.hydrants, self.network.pipes)
