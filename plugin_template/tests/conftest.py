"""Tests run with this plugin enabled beside the built-in ones."""

from __future__ import annotations

import os

os.environ["PLUGINS"] = "built-in,visas"
