"""Crews: orders and replies, assignment of valves to crews, valve cards, reports on valves."""
