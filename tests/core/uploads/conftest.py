"""The small application of the HTTP layer's tests."""

from __future__ import annotations

from tests.core.http.conftest import make_app, small, works

__all__ = ["make_app", "small", "works"]
