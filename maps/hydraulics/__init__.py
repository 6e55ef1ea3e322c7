"""EPANET interface in internal units.

``ModelDetail``/``build_model``: a model from the tables; ``carried``: an existing model's text with its pipes split;
``detail_from_gis``: demands, roughness and a daily pattern where there is no model; ``EpanetSession``: one loaded model for
repeated solves; ``HydraulicState``: the solution; ``impact_of_closing``: pressures after an isolation; ``reopening``: supply of
dry pockets after opening closed valves.
"""
