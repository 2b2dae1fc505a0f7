"""What plugins declare to let their things come in by files."""

from __future__ import annotations

from core.imports.importer import Column, Importer, Kind, Likeness, Made, Twin

__all__ = ["Column", "Importer", "Kind", "Likeness", "Made", "Twin"]
