"""How much of a picture there is in memory at once."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageOps

from core.http.application import Application
from core.uploads import images
from tests.contract import files


@pytest.fixture(autouse=True)
def _context(small: Application) -> Any:
    with small.app_context():
        yield


class TestAPicture:
    def test_is_made_small_before_anything_makes_copies_of_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sizes = []
        turn, convert = ImageOps.exif_transpose, Image.Image.convert

        def turned(picture: Image.Image, **how: Any) -> Any:
            sizes.append(picture.size)
            return turn(picture, **how)

        def converted(picture: Image.Image, *how: Any, **more: Any) -> Any:
            sizes.append(picture.size)
            return convert(picture, *how, **more)

        monkeypatch.setattr(ImageOps, "exif_transpose", turned)
        monkeypatch.setattr(Image.Image, "convert", converted)
        exif = Image.Exif()
        exif[0x0112] = 6
        kept = images.remade(
            io.BytesIO(files.picture("PNG", (80, 40), exif=exif)), "PNG", max_pixels=10_000, max_side=20
        )
        with Image.open(kept) as picture:
            assert picture.size == (10, 20)
        assert max(max(size) for size in sizes) == 20
