"""Metered flows: zones and their balance, reducing valves, pumps, open boundary valves."""
