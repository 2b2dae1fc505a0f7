"""Measurements of the gateway, shown in /metrics."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

connections = Gauge("tripfile_gateway_connections", "Open connections.", multiprocess_mode="livesum")
refused_connections = Counter("tripfile_gateway_refused_connections", "Handshakes that were refused.", ["code"])
refused_packets = Counter("tripfile_gateway_refused_packets", "Packets that ended their connection.", ["code"])
slow = Counter("tripfile_gateway_slow_clients", "Connections closed because they did not read.")
silent = Counter("tripfile_gateway_silent_clients", "Connections closed because no heartbeat came back.")
received = Counter("tripfile_gateway_received", "Messages received.")
emits = Counter("tripfile_gateway_emits", "Events sent to rooms.")
deliveries = Counter("tripfile_gateway_deliveries", "Events handed to connections.")
