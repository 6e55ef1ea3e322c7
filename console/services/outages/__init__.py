"""Planned outages: planned, announced, run as work, done; their conflicts in time and their calendar."""
