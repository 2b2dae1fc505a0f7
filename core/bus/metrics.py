"""Measurements of the bus."""

from __future__ import annotations

from prometheus_client import Counter

sent = Counter("tripfile_bus_sent", "Messages handed to the bus.", ["channel"])
dropped = Counter("tripfile_bus_dropped", "Messages that were not sent.", ["reason"])
reconnects = Counter("tripfile_bus_reconnects", "Connections to the bus that were lost or could not be made.", ["side"])
