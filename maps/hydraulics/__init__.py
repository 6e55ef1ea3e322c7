"""EPANET interface in internal units.

- ``session``: ``EpanetSession``, one loaded model for repeated solves; ``state``: ``HydraulicState``, the solution.
- ``running_model``, ``model_day``: a model stepped through time; the model's own day.
- ``model_building``: ``build_model``, a model from the tables; ``detail_from_gis``, demands, roughness and a daily pattern
  where there is no model.
- ``inp``: ``carried``, an existing model's text with its pipes split; ids and text that EPANET accepts.
- ``analysis``: ``impact_of_closing``, ``reopening``, ``burst_responses``, ``calibrate``.
"""
