"""Crews: orders and answers, who closes which valve, valve cards, what was reported of valves."""
