"""Migrations of the store, run by Alembic when a store is opened."""

HEAD = "0018"
"""The newest revision; a test holds it equal to Alembic's own."""
