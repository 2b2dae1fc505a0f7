"""The plugin keeps every rule of the house."""

from __future__ import annotations

from core.testing.conformance import PluginConformance


class TestConformance(PluginConformance):
    name = "capture"
