"""Commands run on mutated inputs. A seed determines the case: the input, its mutations and the command line.

``corpus``: sound inputs. ``texts``, ``tables``, ``values``: mutations. ``cases``: a seed's case. ``running``: runs one and
judges it. ``python -m tests.fuzz SEED`` replays one, ``python -m tests.fuzz 0:4000`` a range.
"""
