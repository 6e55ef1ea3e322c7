"""The isolation plan of one or several burst pipes.

- ``isolator``: ``Isolator(city).plan(...)``; ``result``: ``IsolationPlan``, in ids.
- ``effects``, ``tanks``: customers, hydrants and pumps without supply; parts supplied from tanks only.
- ``barriers``: what the plan relies on without closing it, and what could feed its dry pockets.
- ``closing_work``: turns, minutes and closing order; ``warnings``: what a plan cannot decide.
- ``overlaps``: plans in force at the same time.

Not here: the graph (``maps.isolation.graph``), crews, restoration and plans of a whole city (modules of ``maps.isolation``).
"""
