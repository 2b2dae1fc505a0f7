"""Fixtures for tests of Tripfile and of plugins: `settings`, `app`, `agency`, `other_agency`, `api`, `work`, ..."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from core.config import Settings
    from core.db.session import UnitOfWork
    from core.http.application import Application
    from core.testing.clients import ApiClient
    from core.testing.databases import Server
    from core.testing.factories import AgencyUnderTest
    from core.testing.mailbox import Mailbox

# Imports are inside the fixtures: this module is loaded by every pytest run on a machine that has Tripfile.


@pytest.fixture(scope="session")
def database_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL server with a migrated template; one per run."""
    from core.testing import databases

    with databases.server(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture(scope="module")
def settings(database_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings with a database of the module's own, cloned from the template, and a folder for files."""
    from core.testing import databases

    with database_server.clone() as urls:
        yield databases.settings_for(urls, files_dir=tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def app(settings: Settings) -> Iterator[Application]:
    """The application with the built-in plugins, on the module's database; its transactions really commit."""
    from core.app import create_app
    from core.db.session import dispose

    application = create_app(settings)
    yield application
    with application.app_context():
        dispose()


@pytest.fixture(scope="module")
def make_agency(app: Application) -> Callable[..., AgencyUnderTest]:
    """Makes agencies in the module's database."""
    from core.testing.factories import agency_maker

    return agency_maker(app)


@pytest.fixture
def agency(make_agency: Callable[..., AgencyUnderTest]) -> AgencyUnderTest:
    """An agency of the test's own: what isolates agencies isolates tests, and nothing needs truncating."""
    return make_agency()


@pytest.fixture
def other_agency(make_agency: Callable[..., AgencyUnderTest]) -> AgencyUnderTest:
    """Somebody else's agency."""
    return make_agency()


@pytest.fixture
def api(agency: AgencyUnderTest) -> ApiClient:
    """The API as the agency's owner."""
    return agency.member("owner")


@pytest.fixture
def work(app: Application, agency: AgencyUnderTest) -> Iterator[UnitOfWork]:
    """A unit of work as the system in the agency, rolled back at the end."""
    from core.actor import system
    from core.db.session import unit_of_work
    from core.db.tenancy import acting_as

    with app.app_context(), unit_of_work() as running, acting_as(system(agency.id)):
        yield running
        running.discard()


@pytest.fixture
def letters(app: Application) -> Iterator[Mailbox]:
    """What the application sends by mail while the test runs; jobs send it, so run those."""
    from core.testing.mailbox import mailbox

    with mailbox(app) as box:
        yield box
