"""Imports EPANET .inp files, and GIS layers laid over them.

- ``inp_reader``: network and model of a file, read by EPANET itself.
- ``inflows``, ``node_positions``: negative demands of a model; coordinates for nodes without any.
- ``overlay``, ``carried_model``: layers laid over a model; the model's text with its pipes cut, and the difference of heads.

Not here: editing .inp text and comparing heads (``maps.hydraulics.inp``), a model built from tables
(``maps.hydraulics.model_building``).
"""
