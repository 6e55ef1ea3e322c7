"""The segment graph of isolation, and the searches on it.

- ``segments``: fine segments, the network cut at every valve, pump and closed pipe.
- ``edge_rules``: isolation and supply rules of valves and pumps, one code per edge.
- ``isolation_zone``, ``boundary_valves``: zone 1, and the valves that hold back a source.
- ``supply_trees``, ``supply``: segments with supply.
- ``pipe_segments``: the segment of each pipe without a plan.

Works on rows and arrays. Not here: customers, times and ids for users (``maps.isolation.plan``).
"""
