"""Builds the network from standard layers: nodes, pipes and valves, joined and cut by geometry.

- ``base_network``: nodes and pipes, as stated or from where lines end.
- ``snapping``, ``splitting``: line ends joined within the tolerance; pipes cut at given places, their pieces numbered.
- ``pieces``: the pipe, or the piece of a cut pipe, that an id means.
- ``valve_positions``, ``valve_placement``, ``valve_table``: where a valve sits, pipes cut at valves, the table of valves.

Not here: reading files (``maps.importers.readers``), assets that only refer to the network (``maps.importers.attached_assets``).
"""
