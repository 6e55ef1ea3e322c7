"""Bursts in cities with pumps and tanks: expected pressures from the model driven by measured levels, states and flows."""
