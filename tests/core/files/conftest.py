"""Logos, and what is kept of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.files import service
from core.http.application import Application
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.uploads.receiving import Upload
from tests.contract import files

LOGO = files.picture("PNG", (40, 30))


@pytest.fixture
def brand(api: ApiClient) -> str:
    found: str = ok(api.post("/agencies/brands", {"code": "sunset", "name": "Sunset"}), 201)["id"]
    return found


def put(api: ApiClient, brand: str, data: bytes = LOGO, name: str = "logo.png", **options: Any) -> TestResponse:
    headers = {"Content-Type": options.pop("kind", "image/png"), **options.pop("headers", {})}
    options.setdefault("version", "*")
    return api.call(
        "PUT", f"/agencies/brands/{brand}/logo", data=data, query_string={"name": name}, headers=headers, **options
    )


def download(app: Application, url: str, **headers: str) -> TestResponse:
    return app.test_client().get(url, headers={name.replace("_", "-"): value for name, value in headers.items()})


def stored(app: Application) -> set[Path]:
    folder = app.settings.files_dir
    assert folder is not None
    return {path for path in folder.rglob("*") if path.is_file()}


class Inside:
    """Work in an agency."""

    def __init__(self, app: Application, agency: AgencyUnderTest) -> None:
        self.app, self.agency = app, agency

    def __call__(self, work: Callable[[], Any]) -> Any:
        with self.app.app_context(), unit_of_work(), acting_as(system(self.agency.id)):
            return work()


@pytest.fixture
def inside(app: Application, agency: AgencyUnderTest) -> Inside:
    return Inside(app, agency)


def keep(data: bytes) -> UUID:
    upload = Upload(name="a.png", media_type="image/png", size=len(data), sha256="", content=io.BytesIO(data))
    return service.keep(upload, purpose="tests")
