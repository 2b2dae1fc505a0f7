"""Acting in an agency, outside any request, and what its log holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest

from core.actor import system
from core.db import closing
from core.db.closing import Committed
from core.db.tenancy import acting_as
from core.http.application import Application
from core.testing.factories import AgencyUnderTest
from tests.core.db.happening import Log
from tests.core.db.inside import Inside


@pytest.fixture
def inside(app: Application) -> Inside:
    """An application context of its own in which the system acts in an agency; for threads, too."""

    @contextmanager
    def enter(agency_id: UUID) -> Iterator[None]:
        with app.app_context(), acting_as(system(agency_id)):
            yield

    return enter


@pytest.fixture
def acting(inside: Inside, agency: AgencyUnderTest) -> Iterator[AgencyUnderTest]:
    """The agency acted in, with no transaction running."""
    with inside(agency.id):
        yield agency


@pytest.fixture
def log(inside: Inside, agency: AgencyUnderTest) -> Log:
    return Log(inside, agency)


@pytest.fixture
def told(app: Application) -> Iterator[list[Committed]]:
    """What the application is told after commits."""
    found: list[Committed] = []
    with app.app_context():
        closing.listeners().append(found.append)
    yield found
    with app.app_context():
        closing.listeners().remove(found.append)
