"""Pictures kept with entries of the shift log: named by the hash of their bytes, so that none can be exchanged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Self

LARGEST_BYTES = 2_000_000
"""A photograph of 1600 pixels takes a tenth of it."""

_BEGINS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


@dataclass(frozen=True, slots=True)
class PictureRef:
    """A picture by the SHA-256 of its bytes (hex); ``name``: of the file that it was taken from."""

    sha256: str
    media_type: str
    size_bytes: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """The bytes of one picture, as the store keeps them."""

    sha256: str
    media_type: str
    content: bytes = field(repr=False)

    @classmethod
    def of(cls, content: bytes) -> Self:
        """The picture in these bytes. Raises ValueError for another type, or for too many bytes."""
        kind = media_type_of(content)
        if not kind:
            raise ValueError("neither PNG nor JPEG")
        if len(content) > LARGEST_BYTES:
            raise ValueError(f"{len(content)} bytes, at most {LARGEST_BYTES}")
        return cls(hashlib.sha256(content).hexdigest(), kind, content)

    def ref(self, name: str = "") -> PictureRef:
        """What an entry keeps of it."""
        return PictureRef(self.sha256, self.media_type, len(self.content), name)


def media_type_of(content: bytes) -> str:
    """Media type by the first bytes, never by a file's name; "" for what is no PNG and no JPEG."""
    return next((kind for kind, begin in _BEGINS.items() if content.startswith(begin)), "")
