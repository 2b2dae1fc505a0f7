"""People who sign in, other processes, and keys, as the neighbours have them."""

from __future__ import annotations

from tests.core.api_keys.conftest import make_key  # noqa: F401 - a fixture
from tests.core.auth.conftest import elsewhere, make_person, person  # noqa: F401 - fixtures
