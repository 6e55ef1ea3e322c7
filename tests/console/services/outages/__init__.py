"""Planned outages."""
