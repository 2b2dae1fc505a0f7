"""Two agencies, and what each of the two walls between them leaves to the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import event, make_url
from sqlalchemy.orm import Session

from core.actor import system
from core.app import create_app
from core.config import Settings
from core.db import tenancy, wire
from core.db.base import Tenant
from core.db.session import dispose
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.testing.databases import Server
from core.testing.factories import AgencyUnderTest

_FILTER = re.compile(rb"[\w.]*\bagency_id = (\$\d+::UUID)")
Inside = Callable[[UUID], AbstractContextManager[None]]


@pytest.fixture
def inside(app: Application) -> Inside:
    """An application context in which the system acts in an agency."""

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
        db.session.rollback()


@pytest.fixture
def connect(settings: Settings) -> Iterator[Callable[[str], psycopg.Connection[Any]]]:
    """Opens a connection as one of the three roles, past everything of ours."""
    urls = {"app": settings.database_url, "owner": settings.database_owner_url, "system": settings.database_system_url}
    opened: list[psycopg.Connection[Any]] = []

    def open_as(role: str) -> psycopg.Connection[Any]:
        url = urls[role]
        assert url is not None
        opened.append(psycopg.connect(url.get_secret_value(), autocommit=True))
        return opened[-1]

    yield open_as
    for connection in opened:
        connection.close()


@contextmanager
def wall_1_down() -> Iterator[None]:
    """No filter and no guard in the application: PostgreSQL's policies stand alone."""
    event.remove(db.session, "do_orm_execute", tenancy._filter_statement)
    event.remove(db.session, "before_flush", tenancy._guard_writes)
    event.listen(db.session, "before_flush", _stamp_only)
    fetch = wire.fetch

    def unfiltered(connection: Any, **options: Any) -> Any:
        # Compiled statements carry the filter in their text.
        options["sql"] = _FILTER.sub(rb"(\1 IS NOT NULL)", options["sql"])
        options["name"] += b"-unfiltered"
        return fetch(connection, **options)

    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(wire, "fetch", unfiltered)
            yield
    finally:
        event.remove(db.session, "before_flush", _stamp_only)
        event.listen(db.session, "do_orm_execute", tenancy._filter_statement)
        event.listen(db.session, "before_flush", tenancy._guard_writes)


@pytest.fixture
def no_filter() -> Callable[[], AbstractContextManager[None]]:
    """Takes the application's own wall down for a while."""
    return wall_1_down


@pytest.fixture
def without_wall_1() -> Iterator[None]:
    """The whole test without the application's own wall."""
    with wall_1_down():
        yield


def _stamp_only(session: Session, *others: object) -> None:
    for entity in session.new:
        if isinstance(entity, Tenant):
            given: UUID | None = entity.agency_id
            entity.agency_id = given or tenancy.current_agency_id()


@pytest.fixture(scope="module")
def boundless_app(settings: Settings, database_server: Server) -> Iterator[Application]:
    """The application logged in as a superuser, whom no policy binds: its own filter stands alone."""
    assert settings.database_url is not None
    database = make_url(settings.database_url.get_secret_value()).database
    url = make_url(database_server.superuser_url).set(database=database).render_as_string(hide_password=False)
    application = create_app(settings.model_copy(update={"database_url": SecretStr(url)}))
    yield application
    with application.app_context():
        dispose()
