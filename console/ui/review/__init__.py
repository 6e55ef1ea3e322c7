"""Replay in the console's own window: the same map, panels and lists, driven by a time slider instead of an engine.

ReviewWindow: one package; PairWindow: two side by side; ReplayPort: the port both stand on.
"""
