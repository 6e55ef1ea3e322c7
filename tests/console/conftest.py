"""Fixtures of the application's tests: real servers."""

from tests.postgresql import database, server

__all__ = ["database", "server"]
