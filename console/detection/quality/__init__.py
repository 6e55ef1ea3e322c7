"""Stations that fail alone or break a limit, and errors of their elevation on record."""
