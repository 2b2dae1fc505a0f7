"""Acting in an agency, outside any request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

import pytest

from core.actor import system
from core.db.tenancy import acting_as
from core.http.application import Application
from core.testing.factories import AgencyUnderTest

Inside = Callable[[UUID], AbstractContextManager[None]]


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
