"""Files that come in, and the worker that brings them in."""

from __future__ import annotations

import pytest

from core.http.application import Application
from core.testing.clients import ApiClient
from tests.core.imports.bringing import Bringing
from tests.worker import Worker


@pytest.fixture(scope="module")
def worker(app: Application) -> Worker:
    return Worker(app)


@pytest.fixture
def bringing(api: ApiClient, worker: Worker) -> Bringing:
    """Imports of the agency's owner."""
    return Bringing(api, worker)
