"""Every route of the application, ready to be called."""

from __future__ import annotations

import pytest

from core.http.application import Application
from tests.contract.calls import Calls


@pytest.fixture(scope="module")
def calls(app: Application) -> Calls:
    """Every route of every enabled plugin."""
    return Calls(app)
