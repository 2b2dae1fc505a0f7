"""Asks a neighbour."""

from __future__ import annotations

from plugins.contacts.api import exists

ask = exists
