"""An agency whose log is sealed, and an intruder who can do anything in the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from core.audit import commands, repository
from core.config import Settings
from core.db.session import unit_of_work
from core.events.following import follow_once
from core.http.application import Application
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest

Owner = psycopg.Connection[Any]
EVENT = "core_event WHERE agency_id = %s AND seq = %s"


@pytest.fixture
def owner(settings: Settings) -> Iterator[Owner]:
    """A connection as the role that owns the tables: an intruder who can do anything in the database."""
    assert settings.database_owner_url is not None
    with psycopg.connect(settings.database_owner_url.get_secret_value(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def sealed(app: Application, agency: AgencyUnderTest, api: ApiClient) -> int:
    """An agency whose log is sealed; how many events it has."""
    for number in range(4):
        ok(api.post("/leads", {"contact": {"name": f"Zoë {number}"}, "adults": number + 1}), 201)
    seal(app, agency)
    return head(app, agency)


def seal(app: Application, agency: AgencyUnderTest) -> None:
    follow_once(app, names=["audit.seal"], agencies=[agency.id])


def head(app: Application, agency: AgencyUnderTest) -> int:
    with app.app_context():
        return next(each.seq or 0 for each in repository.heads() if each.agency_id == agency.id)


def verify(app: Application, agency: AgencyUnderTest | None = None) -> Result:
    with app.app_context(), unit_of_work():
        return CliRunner().invoke(commands.audit, ["verify", *(["--agency", agency.slug] if agency else [])])


def damage(app: Application, agency: AgencyUnderTest) -> str:
    result = verify(app, agency)
    assert result.exit_code == 1, result.output
    line, last = result.output.splitlines()
    assert last == "Error: The log was touched in 1 of 1 agencies"
    return line.removeprefix(f"{agency.slug}: ")
