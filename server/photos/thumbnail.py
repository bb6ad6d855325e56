"""A small picture of a photo, for lists and for the first look over a slow line."""

import warnings
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from server.errors import NotFound

SIDE: Final = 320
"""Pixels of the longer side."""
QUALITY: Final = 70
PIXELS_LIMIT: Final = 50_000_000
"""A photo that claims to be larger is not opened: a few kilobytes can claim gigabytes."""


def thumbnail(jpeg: bytes) -> bytes:
    """Return ``jpeg`` shrunk to :data:`SIDE`, upright, as JPEG without what the camera wrote into it.

    Raises :class:`NotFound` when it is no picture that can be shown.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            image = Image.open(BytesIO(jpeg), formats=["JPEG"])
            if image.width * image.height > PIXELS_LIMIT:
                raise NotFound(_BROKEN)
            image.draft("RGB", (SIDE, SIDE))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise NotFound(_BROKEN) from error
    upright.thumbnail((SIDE, SIDE))
    out = BytesIO()
    upright.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


_BROKEN: Final = "这张照片打不开，可能在手机上就坏了。请让走访人重拍一张。"
