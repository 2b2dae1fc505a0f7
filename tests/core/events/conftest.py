"""Applications with followers of the test's own, and agencies in which things happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import psycopg
import pytest

from core import ids
from core.actor import system
from core.config import Settings
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.event import Event
from core.events.follower import Follower
from core.events.following import Followed
from core.events.log import publish
from core.http.application import Application
from core.testing.factories import AgencyUnderTest
from tests.core.events import tally


@pytest.fixture(scope="module")
def owner(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the role that owns the tables, past everything of ours."""
    assert settings.database_owner_url is not None
    with psycopg.connect(settings.database_owner_url.get_secret_value(), autocommit=True) as connection:
        connection.execute(tally.TABLE)
        yield connection


@pytest.fixture
def follow(app: Application, owner: psycopg.Connection[Any]) -> Iterator[Callable[..., None]]:
    """Makes some followers the application's only ones."""
    before: Mapping[str, Followed] | None = app.extensions.get("tripfile.followers")

    def only(*followers: Follower, plugin: str = "events") -> None:
        app.extensions["tripfile.followers"] = {each.name: Followed(plugin, each) for each in followers}

    yield only
    if before is None:
        app.extensions.pop("tripfile.followers", None)
    else:
        app.extensions["tripfile.followers"] = before


@pytest.fixture
def happen(app: Application, agency: AgencyUnderTest) -> Callable[..., None]:
    """Publishes events in the agency, in one unit of work."""

    def publish_all(*events: Event, agency_id: UUID = agency.id) -> None:
        with app.app_context(), unit_of_work(), acting_as(system(agency_id)):
            for event in events:
                publish(event)

    return publish_all


def sold(amount: int = 10, kind: str = "safari") -> Event:
    """A sale."""
    return tally.Sold(sale_id=ids.new(), kind=kind, amount=amount)
