"""The network of a package: a city dataset without the time of writing, so that the same city gives the same bytes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyogrio

from console.package.faults import PackageFault
from maps.city import City
from maps.dataset import read_city, write_city
from maps.errors import InputFault

_DATE = {"OGR_CURRENT_DATE": "1980-01-01T00:00:00.000Z"}


def network_gpkg(city: City) -> bytes:
    """The dataset of a city as bytes, deterministic."""
    before = {name: pyogrio.get_gdal_config_option(name) for name in _DATE}
    pyogrio.set_gdal_config_options(_DATE)
    try:
        with tempfile.TemporaryDirectory(prefix="quanmai-package-") as folder:
            path = Path(folder) / "network.gpkg"
            write_city(city, path)
            return path.read_bytes()
    finally:
        pyogrio.set_gdal_config_options(before)


def network_of(content: bytes, name: str) -> City:
    """Read the city from a dataset's bytes. Raises PackageFault when it cannot be read."""
    with tempfile.TemporaryDirectory(prefix="quanmai-package-") as folder:
        path = Path(folder) / "network.gpkg"
        path.write_bytes(content)
        try:
            return read_city(path)
        except InputFault as fault:
            raise PackageFault(f"{name}: {str(fault).replace(str(path), name)}") from fault
