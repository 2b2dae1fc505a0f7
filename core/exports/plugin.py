"""Exports: lists as files for spreadsheets, and what left the agency so."""

from __future__ import annotations

from core.exports import permissions
from core.plugins.spec import Plugin

plugin = Plugin(
    name="exports",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Exports: lists as files for spreadsheets, and what left the agency so.",
    quotas=permissions.QUOTAS,
)
