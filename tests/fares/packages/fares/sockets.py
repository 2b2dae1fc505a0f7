"""Fares live."""

from __future__ import annotations

from core.sdk import handler

from . import permissions
from .endpoints import fare
from .schemas import FareView, Quotation


@handler(permission=permissions.READ, accepts=Quotation, answers=FareView)
def quote(_asked: Quotation) -> FareView:
    """Tell the fare."""
    return fare()
