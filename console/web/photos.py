"""Photos of crews: decoded within limits and encoded anew, so that nothing but the picture is kept (no EXIF, no place)."""

from __future__ import annotations

import struct
import threading
import warnings
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from console.domain.attachments import Attachment

MOST_BYTES = 1_500_000
"""Of a photo as sent; the page shrinks photos to less."""
_MOST_PIXELS = 25_000_000
_LONGEST_SIDE = 1_600
_QUALITY = 82
_AT_ONCE = threading.BoundedSemaphore(2)


class PhotoRefused(ValueError):
    """``kind``: key of the reason: photo_type, photo_pixels or photo_damaged."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def reencoded(content: bytes) -> Attachment:
    """The photo as a JPEG of at most 1600 pixels a side, upright, without metadata. Raises PhotoRefused.

    Its size is read from the header before anything is decoded; two are decoded at a time, so memory stays bounded.
    """
    with _AT_ONCE, warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", UserWarning)  # of EXIF that Pillow skips
        try:
            with Image.open(BytesIO(content), formats=("JPEG",)) as image:
                if image.width * image.height > _MOST_PIXELS or min(image.size) < 1:
                    raise PhotoRefused("photo_pixels")
                image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
                image.load()
                upright = _upright(image).convert("RGB")
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as fault:
            raise PhotoRefused("photo_pixels") from fault
        except UnidentifiedImageError as fault:
            raise PhotoRefused("photo_type") from fault
        except (OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError) as fault:
            if isinstance(fault, PhotoRefused):
                raise
            raise PhotoRefused("photo_damaged") from fault  # what Pillow raises for broken files is not one kind
        upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        plain = Image.new("RGB", upright.size)
        plain.paste(upright)
        made = BytesIO()
        plain.save(made, "JPEG", quality=_QUALITY)
    return Attachment.of(made.getvalue())


def _upright(image: Image.Image) -> Image.Image:
    """The picture as the camera was held; as it is stored where its EXIF is damaged, which costs no photo."""
    try:
        return ImageOps.exif_transpose(image)
    except (struct.error, TypeError, ValueError, OSError, SyntaxError, EOFError, ArithmeticError, LookupError):
        return image
