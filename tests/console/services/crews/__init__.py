"""Crews."""
