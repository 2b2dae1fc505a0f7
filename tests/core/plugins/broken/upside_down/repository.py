"""Calls the service."""

from __future__ import annotations

from . import service

above = service
