"""Persistent store (SQLite or PostgreSQL). ``open_store(path | url) -> SqlStore``; faults as in console.services.ports."""

from console.store.store import SqlStore, open_store

__all__ = ["SqlStore", "open_store"]
