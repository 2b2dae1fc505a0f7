"""Every route of the application, ready to be called."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from core.config import Settings
from core.http.application import Application
from core.testing.databases import Server
from tests.contract.calls import Calls
from tests.contract.crowd import Crowd
from tests.contract.statements import Statements


@pytest.fixture(scope="module")
def calls(app: Application) -> Calls:
    """Every route of every enabled plugin."""
    return Calls(app)


@pytest.fixture(scope="module")
def crowd(settings: Settings, database_server: Server) -> Iterator[Crowd]:
    """Makes many rows out of one."""
    assert settings.database_url is not None
    database = make_url(settings.database_url.get_secret_value()).database
    address = make_url(database_server.superuser_url).set(database=database)
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        yield Crowd(connection)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    """Every statement that goes to the database during the test."""
    seen = Statements()
    with seen.watching(monkeypatch):
        yield seen
