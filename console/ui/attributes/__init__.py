"""Attribute tables: assets of a selection or all of a kind, filtered, sorted, shown on the map, copied, written as CSV."""
