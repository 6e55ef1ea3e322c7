"""Builds an EPANET model from the tables of a city.

- ``model``: ``build_model``, the .inp text; ``model_detail``: patterns, curves, pumps and controls that the tables do not hold.
- ``gis_estimates``, ``roughness``: demands, patterns and roughness estimated from GIS data.
- ``topology``: what EPANET rejects (rings, parts without a fixed head).

Not here: the text of an imported model (``maps.hydraulics.inp``).
"""
