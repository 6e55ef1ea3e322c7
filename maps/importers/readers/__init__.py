"""Reads foreign GIS files as standard layers: typed columns, one CRS, every fault with its row.

- ``sources``: GeoPackage, Shapefile, GeoJSON, FileGDB and CSV as they are.
- ``encoding``, ``shapefile_text``: text of unknown or wrongly declared encoding.
- ``profile``: how a utility's layers and columns are called (TOML).
- ``standard_layers``, ``typed_columns``: layers under their standard names, columns with their types, asset ids.
- ``layer_crs``: the CRS of the city, and each layer transformed to it.

Not here: topology (``maps.importers.topology``), EPANET files (``maps.importers.epanet``), the dataset's own format
(``maps.dataset``).
"""
