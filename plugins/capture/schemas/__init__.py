"""Forms, hooks and what came in, on the wire."""

from __future__ import annotations
