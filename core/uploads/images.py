"""Pictures: measured before they are unpacked, then drawn anew, so that nothing but the picture is left."""

from __future__ import annotations

from typing import Any, BinaryIO

import structlog
from PIL import Image, ImageOps

from core.native import in_lane
from core.uploads import spool
from core.uploads.errors import FileRefused, refused

log = structlog.get_logger()
MAX_PIXELS = 50_000_000
"""The largest picture that is unpacked: 200 MB in memory, and as much again for the moment in which it is turned or its
pixels take another form. Phones take 12 to 50 megapixels."""
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

_SAVING: dict[str, dict[str, Any]] = {
    "PNG": {"optimize": False},
    "JPEG": {"quality": 88, "progressive": True},
    "GIF": {"save_all": False},
    "WEBP": {"quality": 88, "method": 2},
}
_BUSY = "Too many pictures at once"


def remade(file: BinaryIO, form: str, *, max_pixels: int, max_side: int) -> BinaryIO:
    """The first frame of a picture, upright, without places, comments, profiles or anything hidden behind it.

    Raises FileRefused for what is damaged or too large to unpack.
    """
    made, limit = spool.file(), min(max_pixels, MAX_PIXELS)
    in_lane(lambda: _remake(file, made, form, limit, max_side), busy=_BUSY)
    made.seek(0)
    return made


def _remake(file: BinaryIO, made: BinaryIO, form: str, max_pixels: int, max_side: int) -> None:
    try:
        # Only the reader of this one format: a file cannot choose among the dozens of others.
        with Image.open(file, formats=[form]) as picture:
            width, height = picture.size
            if width * height > max_pixels:
                raise _too_large(max_pixels)
            if max_side and form == "JPEG":
                picture.draft(None, (max_side, max_side))
            picture.load()
            if max_side:
                # First of all: what follows makes copies.
                picture.thumbnail((max_side, max_side))
            ImageOps.exif_transpose(picture, in_place=True)
            _plain(picture, form).save(made, form, **_SAVING[form])
    except FileRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(max_pixels) from None
    except Exception as error:  # noqa: BLE001 - decoders raise whatever they trip over
        log.info("uploads.picture_refused", form=form, cause=type(error).__name__)
        raise refused("file_damaged", "This picture is damaged") from None


def _plain(picture: Image.Image, form: str) -> Image.Image:
    if picture.mode in {"1", "L"} and "transparency" not in picture.info:
        mode = "L"
    else:
        mode = "RGBA" if picture.has_transparency_data and form != "JPEG" else "RGB"
    plain = picture if picture.mode == mode else picture.convert(mode)
    # Writers put back what they find here: comments, colour profiles, text.
    plain.info.clear()
    return plain


def _too_large(max_pixels: int) -> FileRefused:
    return refused("too_many_pixels", f"Pictures may have {max_pixels // 1_000_000} megapixels at most")
