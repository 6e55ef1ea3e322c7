"""Questions answered with an ``EpanetSession``.

- ``closing_impact``: customers without supply or with low pressure after closing valves.
- ``reopening``: what opening a closed valve brings to dry pockets.
- ``burst_responses``: head changes of given bursts.
- ``calibration``: factors on demand and roughness fitted to quiet days.

Not here: the solver (``maps.hydraulics.session``), linearised signatures (``maps.locate``).
"""
