"""store: what is kept. ``open_store(path | url) -> SqlStore``; the faults are those of console.services.ports."""

from console.store.store import SqlStore, open_store

__all__ = ["SqlStore", "open_store"]
