"""Asks a neighbour's service."""

from __future__ import annotations

from plugins.contacts.service import create

ask = create
