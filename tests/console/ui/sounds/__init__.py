"""Sounds of alarms."""
