"""Fares over HTTP, out of thin air."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from core.sdk import RANGE, Blueprint, Filter, Listing, ListQuery, Money, Page, publish

from . import permissions
from .events import FareChanged
from .models import Fare
from .schemas import FareDraft, FarePatch, FareRow, FareView, Supplement

FARE_ID = UUID("0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90")
PRICE, COST = Money(Decimal("120.00"), "EUR"), Money(Decimal("77.77"), "EUR")
LISTING = Listing(
    filters={
        "price": Filter(Fare.price_minor, int, "Price.", RANGE),
        "cost": Filter(Fare.cost_minor, int, "Cost.", RANGE),
        "cost_minor": Filter(Fare.cost_minor, int, "Cost.", RANGE),
        "margin": Filter(Fare.margin, int, "What is left.", RANGE),
    },
    sorts={"price": Fare.price_minor, "cost": Fare.cost_minor, "margin": Fare.margin},
    default_sort="price",
    visible_to={"margin": str(permissions.SEE_COST)},
)
blueprint = Blueprint("fares", description="Fares.")


def fare() -> FareView:
    """The one fare there is."""
    supplement = Supplement("Window", COST)
    return FareView(FARE_ID, 1, PRICE, [supplement], supplement, {"high": supplement}, COST)


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(LISTING)
@blueprint.response(200, Page[FareRow])
def search(query: ListQuery) -> Page[FareRow]:
    """List fares."""
    return Page(items=[FareRow(FARE_ID, PRICE, COST)] * 3)


@blueprint.post("/", permission=permissions.WRITE)
@blueprint.arguments(FareDraft)
@blueprint.response(201, FareView)
def create(draft: FareDraft) -> FareView:
    """Make a fare."""
    publish(FareChanged(fare_id=FARE_ID, cost=COST))
    return fare()


@blueprint.get("/<uuid:fare_id>", permission=permissions.READ)
@blueprint.response(200, FareView)
def show(fare_id: UUID) -> FareView:
    """Show a fare."""
    return fare()


@blueprint.get("/raw", permission=permissions.READ)
@blueprint.response(200, FareView)
def show_raw() -> bytes:
    """Show a fare that was encoded before anybody asked who reads it."""
    return b'{"cost": 77.77}'


@blueprint.patch("/<uuid:fare_id>", permission=permissions.WRITE)
@blueprint.if_match
@blueprint.arguments(FarePatch)
@blueprint.response(200, FareView)
def change(patch: FarePatch, fare_id: UUID, version: int | None) -> FareView:
    """Change a fare."""
    return fare()
