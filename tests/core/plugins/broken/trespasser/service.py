"""Asks a neighbour's service."""

from __future__ import annotations

from plugins.contacts.service.contacts import create

ask = create
