"""The street graph of a synthetic city and its landscape.

- ``graph``: ``Streets``; ``shortest_path_trees``, ``clusters``: trees and compact groups of nodes on it.
- ``layout``, ``superblocks``, ``arterials``, ``terrain_warp``: generated streets; ``road_layer``: streets of a given layer.
- ``landscape``, ``terrain``, ``extent``: water and places, elevation, population density.
- ``street_names``: pieces joined into named streets.

Not here: pipes and devices (``maps.synthetic.network``).
"""
