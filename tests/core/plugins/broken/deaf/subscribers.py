"""Listens in vain."""

from __future__ import annotations


def never() -> None:
    """Never runs."""
