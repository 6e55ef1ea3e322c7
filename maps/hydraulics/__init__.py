"""EPANET behind a door of inside units.

``ModelDetail``/``build_model``: a model from the tables; ``carried``: an existing model's text with its pipes cut;
``detail_from_gis``: demands, roughness and a daily pattern where there is no model; ``EpanetSession``: one loaded model,
solved again and again; ``HydraulicState``: its answer; ``impact_of_closing``: pressures after an isolation; ``reopening``:
what closed valves, once open, bring its dry pockets.
"""
