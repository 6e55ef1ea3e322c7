"""The water network of a synthetic city, laid along its streets.

- ``feeds``: plants, pumping stations and PRVs set into the street graph; ``pressure_zones``, ``dmas``: its division.
- ``pipe_sizing``, ``isolation_valves``: diameters and valve sites.
- ``pipe_tables``, ``asset_tables``: tables of nodes, pipes, pumps and valves; of hydrants, stations, plants and crews.
- ``hydraulic_model``: the EPANET model.

Not here: customers and polygons of zones (``maps.synthetic.customers``, ``maps.synthetic.zones``).
"""
