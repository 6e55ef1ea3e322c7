"""The city dataset: one GeoPackage with the standard layers; opens in QGIS.

``read_city(path) -> City``, ``write_city(city, path)`` (to a temporary file, then renamed), ``SCHEMA_VERSION``. Row references
are written as asset ids, kinds and states as their names, positions as geometry in the city's CRS.
"""

from maps.dataset.reading import read_city
from maps.dataset.schema import SCHEMA_VERSION
from maps.dataset.writing import write_city

__all__ = ["SCHEMA_VERSION", "read_city", "write_city"]
