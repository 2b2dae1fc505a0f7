"""People who sign in, and another process of the same installation."""

from __future__ import annotations

from tests.core.auth.conftest import elsewhere, make_person, person  # noqa: F401 - fixtures
