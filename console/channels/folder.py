"""FolderChannel: one file per message in a folder (for a web site, a share of the public relations office)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from console.channels.port import NotDelivered
from console.domain.outgoing import MessageKind, Outgoing

_ENDINGS = {"application/json": "json", "application/cap+xml": "cap.xml"}
NOTICES = frozenset({MessageKind.NOTICE})


class FolderChannel:
    """A deliverer for ``OwnThread``. ``kinds``: which messages are written, by default notices."""

    name = "folder"

    def __init__(self, folder: Path, kinds: Collection[MessageKind] = NOTICES) -> None:
        self._folder, self._kinds = folder, frozenset(kinds)

    def carries(self, outgoing: Outgoing) -> bool:
        """Messages of the kinds given."""
        return outgoing.kind in self._kinds

    def deliver(self, outgoing_id: int, outgoing: Outgoing) -> None:
        """Write ``<kind>-<number>-<hash>.<json|cap.xml>``, under a temporary name first: a reader never finds half a file.

        The hash of the payload separates messages of two stores with equal numbers; the same message replaces its own file.
        Raises NotDelivered.
        """
        digest = hashlib.sha256(outgoing.payload).hexdigest()[:8]
        ending = _ENDINGS.get(outgoing.content_type, "bin")
        path = self._folder / f"{outgoing.kind}-{outgoing_id:06d}-{digest}.{ending}"
        part = self._folder / f".{path.name}.{os.getpid()}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(outgoing.payload)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as fault:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise NotDelivered(f"{self._folder}: {fault.strerror}; free the disk or set another folder") from fault
