"""A small application with one blueprint and no database: what the HTTP layer does by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from flask import Request
from flask.testing import FlaskClient
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.actor import Actor, Scope
from core.allow_lists import boundary
from core.config import Settings
from core.db.query import RANGE, Filter, Listing, ListQuery, Page
from core.errors import Conflict, PreconditionFailed, Unauthorized
from core.fields import Instant
from core.http import application
from core.http.application import Application
from core.http.blueprint import Blueprint
from core.http.structs import Draft, Patch, View

LEAD_ID = UUID("0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90")
AGENCY_ID = UUID("0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e91")
USER_ID = UUID("0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e92")


class Elsewhere(DeclarativeBase):
    """Keeps the table below out of the catalogue the application is checked against."""


class Enquiry(Elsewhere):
    """A table for filters and sorts; it is never made."""

    __tablename__ = "http_test_enquiry"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str]
    departure: Mapped[date]
    pax: Mapped[int]
    asked_at: Mapped[datetime]


class Leg(Draft):
    """Part of a trip."""

    city: Annotated[str, Meta(min_length=1, max_length=50)]
    nights: Annotated[int, Meta(ge=0)] = 0


class EnquiryDraft(Draft):
    """A new enquiry."""

    name: Annotated[str, Meta(max_length=20, examples=["Ana"])]
    """Who asks."""
    status: Literal["new", "won"] = "new"
    pax: int = 1
    budget: Decimal | None = None
    answer_by: Instant | None = None
    legs: list[Leg] = []
    labels: dict[str, int] = {}


class EnquiryPatch(Patch):
    """Changes of an enquiry."""

    name: str | UnsetType = UNSET
    budget: Decimal | None | UnsetType = UNSET


class EnquiryView(View):
    """An enquiry."""

    id: UUID
    version: int
    name: str


class Tagged(Draft):
    """Query parameters."""

    day: date
    tag: list[str] = []
    pax: int | None = None
    since: Instant | None = None


listing = Listing(
    filters={
        "status": Filter(Enquiry.status, Literal["new", "won"], "Status."),
        "departure": Filter(Enquiry.departure, date, "Departure.", RANGE),
        "pax": Filter(Enquiry.pax, int, "Travellers.", RANGE),
        "asked_at": Filter(Enquiry.asked_at, Instant, "When it was asked.", RANGE),
    },
    sorts={"departure": Enquiry.departure},
    default_sort="departure",
)


class Settled(Conflict):
    """It is settled."""

    code = "enquiry_settled"


def enquiries() -> Blueprint:
    """One route of every kind."""
    blueprint = Blueprint("enquiries", description="Enquiries.")
    _reads(blueprint)
    _writes(blueprint)
    return blueprint


def _reads(blueprint: Blueprint) -> None:
    @blueprint.get("/", public=True)
    @blueprint.listing(listing)
    @blueprint.response(200, Page[EnquiryView])
    def search(query: ListQuery) -> Page[EnquiryView]:
        """Find enquiries."""
        return Page(items=[EnquiryView(LEAD_ID, query.limit, repr(query))])

    @blueprint.get("/<uuid:enquiry_id>", public=True)
    @blueprint.response(200, EnquiryView)
    def show(enquiry_id: UUID) -> EnquiryView:
        """One enquiry."""
        return EnquiryView(enquiry_id, 3, "Ana")

    @blueprint.get("/days", public=True)
    @blueprint.query(Tagged)
    @blueprint.response(200, EnquiryView)
    def days(query: Tagged) -> bytes:
        """Ready bytes."""
        return repr(query).encode()

    @blueprint.get("/broken", public=True)
    @blueprint.response(204)
    def broken() -> None:
        """Fail."""
        raise ZeroDivisionError("secret detail")

    @blueprint.get("/mine", signed_in=True)
    @blueprint.response(204)
    def mine() -> None:
        """Need a sign-in and no permission."""


def _writes(blueprint: Blueprint) -> None:
    @blueprint.post("/", public=True)
    @blueprint.arguments(EnquiryDraft)
    @blueprint.response(201, EnquiryView)
    def create(draft: EnquiryDraft) -> EnquiryView:
        """Take an enquiry."""
        return EnquiryView(LEAD_ID, 1, draft.name)

    @blueprint.patch("/<uuid:enquiry_id>", public=True)
    @blueprint.if_match
    @blueprint.arguments(EnquiryPatch)
    @blueprint.response(200, EnquiryView)
    def change(patch: EnquiryPatch, enquiry_id: UUID, version: int | None) -> EnquiryView:
        """Change an enquiry."""
        if version not in (None, 3):
            raise PreconditionFailed
        return EnquiryView(enquiry_id, 4, repr(patch.changes()))

    @blueprint.delete("/<uuid:enquiry_id>", permission="enquiries.remove")
    @blueprint.if_match
    @blueprint.response(204)
    def remove(enquiry_id: UUID, version: int | None) -> None:
        """Remove an enquiry."""

    @blueprint.post("/<uuid:enquiry_id>/settle", public=True, limit="2/minute")
    @blueprint.response(204)
    def settle(enquiry_id: UUID) -> None:
        """Settle it; it is settled already."""
        raise Settled("Nothing is left to settle")

    @blueprint.post("/keys", public=True, credentials=True, body_limit=100)
    @blueprint.arguments(Leg)
    @blueprint.response(201, EnquiryView)
    def key(leg: Leg) -> EnquiryView:
        """Answer with a secret."""
        return EnquiryView(LEAD_ID, 1, "secret")


def authenticate(request: Request) -> Actor | None:
    """`Bearer <permission>` is a user with that permission."""
    header = request.headers.get("Authorization", "")
    if not header:
        return None
    if header == "Bearer bad":
        raise Unauthorized("The token is not valid")
    grants = {header.removeprefix("Bearer "): Scope.ALL}
    return Actor(kind="user", user_id=USER_ID, agency_id=AGENCY_ID, grants=grants)


class Works:
    """Stands for the units of work of the application."""

    def __init__(self) -> None:
        self.opened = 0
        self.discarded = 0
        self.failed = 0

    def discard(self) -> None:
        """Count."""
        self.discarded += 1

    @contextmanager
    def __call__(self) -> Iterator[Works]:
        """Count, and fail where the block fails."""
        self.opened += 1
        try:
            yield self
        except BaseException:
            self.failed += 1
            raise


def hooks(**others: Any) -> SimpleNamespace:
    """Hooks without any plugin."""
    base: dict[str, Any] = {
        "authenticate": authenticate,
        "authorize": lambda actor, permission, endpoint: [],
        "rate_limit_key": lambda request: None,
        "openapi_ready": lambda document: None,
        "health_checks": list,
        "scan_upload": lambda file, name, media_type: [],
    }
    return SimpleNamespace(**(base | others))


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> Works:
    """The units of work that were opened."""
    made = Works()
    monkeypatch.setattr(application, "unit_of_work", made)
    # Lists of allowed networks lie in the database.
    monkeypatch.setattr(boundary, "admit", lambda actor, address: None)
    return made


@pytest.fixture
def make_app(works: Works) -> Callable[..., Application]:
    """Makes the small application with other settings or hooks."""

    def make(hook: Any = None, **options: Any) -> Application:
        given: dict[str, Any] = {"_env_file": None, "rate_limit_anonymous": "1000/minute", **options}
        app = Application(Settings(**given))
        app.extensions["tripfile.plugins"] = SimpleNamespace(hook=hook or hooks(), plugins={})
        app.api.register_blueprint(enquiries(), url_prefix="/api/v1/enquiries")
        return app

    return make


@pytest.fixture
def small(make_app: Callable[..., Application]) -> Application:
    """The small application."""
    return make_app()


@pytest.fixture
def client(small: Application) -> FlaskClient:
    """A client of the small application."""
    return small.test_client()
