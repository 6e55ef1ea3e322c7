"""Reads and edits the .inp text of an existing model without rebuilding it.

- ``inp_text``: lines, tokens and ids as EPANET parses them.
- ``epanet_ids``, ``ascii_text``: ids that EPANET accepts; the text in ASCII.
- ``cut_pipes``, ``link_valves``: the text with pipes split and valves added.
- ``head_comparison``: differences of heads between two texts, hour by hour.

Not here: a model built from the tables (``maps.hydraulics.model_building``).
"""
