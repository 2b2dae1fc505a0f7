"""What plugins keep in the vault, and how they get it out again."""

from __future__ import annotations

from core.vault.columns import (
    Closed,
    NotSealed,
    Secret,
    blind_index,
    blinded,
    encrypted,
    reveal,
    reveal_all,
    reveal_readable,
)
from core.vault.errors import Erased, SubjectErased

__all__ = [
    "Closed",
    "Erased",
    "NotSealed",
    "Secret",
    "SubjectErased",
    "blind_index",
    "blinded",
    "encrypted",
    "reveal",
    "reveal_all",
    "reveal_readable",
]
