"""A demo world, made once for the tests of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from click.testing import CliRunner, Result

from core.app import create_app
from core.db.session import dispose, unit_of_work
from core.demo.commands import seed
from core.http.application import Application
from core.testing import databases
from core.testing.databases import Server

LEADS, UNTIL = 260, date(2026, 11, 1)
PASSWORD = "quiet lagoons at dusk"


def seeded(app: Application, *words: str, leads: int = LEADS, number: int = 3) -> Result:
    """Run the command that makes the demo world."""
    order = ["--leads", str(leads), "--seed", str(number), "--until", str(UNTIL), *words]
    with app.app_context(), unit_of_work():
        return CliRunner().invoke(seed, order)


@pytest.fixture(scope="module")
def told(app: Application) -> str:
    """What the command said that made the module's demo world."""
    result = seeded(app, "--password", PASSWORD)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def fresh(database_server: Server) -> Iterator[Callable[..., Application]]:
    """Makes applications, each on a database of its own."""
    with database_server.clone() as urls:
        made = []

        def make(**changes: object) -> Application:
            made.append(create_app(databases.settings_for(urls, **changes)))
            return made[-1]

        yield make
        for each in made:
            with each.app_context():
                dispose()
