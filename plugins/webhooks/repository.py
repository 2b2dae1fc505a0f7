"""Queries for endpoints, the messages to them, and the attempts to send these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Uuid, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from core.sdk import (
    RANGE,
    Filter,
    Instant,
    Listing,
    ListQuery,
    NotFound,
    Page,
    Repository,
    db,
    privacy,
    read,
)

from .models import Attempt, Delivery, Endpoint
from .schemas import AttemptView, DeliveryRow, DeliveryState, DeliveryView, EndpointView, Message

LOST = timedelta(hours=1)
"""How long after its time an attempt that was not made counts as forgotten."""
_UNSYNCHRONIZED = {"synchronize_session": False}
SHOWN = 50
"""The latest attempts that are shown."""
ENDPOINT = select(*read.columns(EndpointView, Endpoint))
DELIVERY_ROW = select(*read.columns(DeliveryRow, Delivery))
_WHOLE = [name for name in DeliveryView.__struct_fields__ if name != "log"]
DELIVERY = select(*(getattr(Delivery, name) for name in _WHOLE))
_MESSAGE = select(
    *read.columns(
        Message,
        Delivery,
        delivery_id=Delivery.id,
        due_at=Delivery.next_attempt_at,
        url=Endpoint.url,
        enabled=Endpoint.enabled,
        strikes=Endpoint.strikes,
        failing_since=Endpoint.failing_since,
        held_since=Endpoint.held_since,
        secret=Endpoint.secret,
        previous_secret=Endpoint.previous_secret,
        previous_secret_until=Endpoint.previous_secret_until,
    )
).join(Endpoint, Endpoint.id == Delivery.endpoint_id)
_DUE = read.Query(_MESSAGE.where(Delivery.id == bindparam("delivery_id", type_=Uuid())), Message)
_IN_LINE = (
    select(Delivery.id)
    .where(Delivery.endpoint_id == bindparam("endpoint_id", type_=Uuid()), Delivery.state == "held")
    .order_by(Delivery.next_attempt_at, Delivery.id)
)
_NEXT_HELD = read.Query(
    _MESSAGE.where(Endpoint.held_since.is_not(None), Delivery.id == _IN_LINE.limit(1).scalar_subquery()), Message
)
_LOG = read.Query(
    select(*read.columns(AttemptView, Attempt, at=Attempt.created_at))
    .where(Attempt.delivery_id == bindparam("delivery_id", type_=Uuid()))
    .order_by(Attempt.number.desc())
    .limit(bindparam("shown", type_=BigInteger())),
    AttemptView,
)


class Endpoints(Repository[Endpoint]):
    """An agency's endpoints."""

    model = Endpoint
    permission = "webhooks.read"
    listing = Listing(
        filters={"enabled": Filter(Endpoint.enabled, bool, "Whether events are sent to it.")},
        sorts={"created_at": Endpoint.created_at},
    )

    def rows(self, query: ListQuery) -> Page[EndpointView]:
        """A page of endpoints."""
        return self.page(query, ENDPOINT, EndpointView)

    def shown(self, endpoint_id: UUID) -> EndpointView:
        """An endpoint. Raises NotFound."""
        return self.view(endpoint_id, ENDPOINT, EndpointView)

    def count(self) -> int:
        """How many there are."""
        return db.session.scalar(select(func.count()).select_from(Endpoint)) or 0

    def locked(self, endpoint_id: UUID) -> Endpoint | None:
        """An endpoint that nobody else changes before this unit of work ends, as it is now."""
        statement = select(Endpoint).where(Endpoint.id == endpoint_id).with_for_update(key_share=True)
        return db.session.scalar(statement, execution_options={"populate_existing": True})

    def listening(self) -> Sequence[Endpoint]:
        """Those that get events. None of them is held, released or switched before this unit of work ends."""
        statement = select(Endpoint).where(Endpoint.enabled).order_by(Endpoint.id).with_for_update(read=True)
        return db.session.scalars(statement, execution_options={"populate_existing": True}).all()

    def sweep(self) -> None:
        """Remove deleted endpoints of which no message is left."""
        left = select(Delivery.id).where(Delivery.endpoint_id == Endpoint.id).exists()
        gone = delete(Endpoint).where(Endpoint.deleted_at.is_not(None), ~left)
        db.session.execute(gone, execution_options={"include_deleted": True, "synchronize_session": False})


class Deliveries(Repository[Delivery]):
    """The messages to endpoints."""

    model = Delivery
    permission = "webhooks.read"
    listing = Listing(
        filters={
            "state": Filter(Delivery.state, DeliveryState, "How far the message is."),
            "event": Filter(Delivery.event, str, "What it is about."),
            "created_at": Filter(Delivery.created_at, Instant, "When it was made.", RANGE),
        },
        sorts={"created_at": Delivery.created_at},
    )

    def rows(self, endpoint_id: UUID, query: ListQuery) -> Page[DeliveryRow]:
        """A page of the messages to an endpoint."""
        return self.page(query, DELIVERY_ROW, DeliveryRow, within={Delivery.endpoint_id: endpoint_id})

    def shown(self, delivery_id: UUID, *, endpoint_id: UUID) -> DeliveryView:
        """A message to an endpoint. Raises NotFound."""
        log = _LOG.rows(delivery_id=delivery_id, shown=SHOWN)
        found = DeliveryView(**self.view(delivery_id, DELIVERY, _by_name), log=log)
        if found.endpoint_id != endpoint_id:
            raise NotFound
        return found

    def of_endpoint(self, delivery_id: UUID, *, endpoint_id: UUID) -> Delivery:
        """A message to an endpoint, for changing it. Raises NotFound."""
        delivery = self.get(delivery_id)
        if delivery.endpoint_id != endpoint_id:
            raise NotFound
        return delivery

    def due(self, delivery_id: UUID) -> Message | None:
        """What to send, and where; None where it or its endpoint is gone."""
        return _DUE.first(delivery_id=delivery_id)

    def first_in_line(self, endpoint_id: UUID) -> Message | None:
        """The message whose turn it is while an endpoint's messages wait in line; None where none does."""
        return _NEXT_HELD.first(endpoint_id=endpoint_id)

    def next_turn(self, endpoint_id: UUID) -> datetime | None:
        """When the first message that waits in line is due; None where none waits."""
        statement = select(func.min(Delivery.next_attempt_at)).where(
            Delivery.endpoint_id == endpoint_id, Delivery.state == "held"
        )
        return db.session.scalar(statement)

    def in_line(self, endpoint_id: UUID, *, most: int) -> Sequence[Delivery]:
        """The first messages that wait in line."""
        return db.session.scalars(
            select(Delivery).where(Delivery.id.in_(_IN_LINE.limit(most))).order_by(Delivery.next_attempt_at),
            {"endpoint_id": endpoint_id},
        ).all()

    def unfinished(self, endpoint_id: UUID, *, most: int) -> Sequence[Delivery]:
        """Messages that have attempts to come."""
        statement = (
            select(Delivery)
            .where(Delivery.endpoint_id == endpoint_id, Delivery.state.in_(("waiting", "held")))
            .limit(most)
        )
        return db.session.scalars(statement).all()

    def failed(self, endpoint_id: UUID, *, since: datetime, until: datetime, most: int) -> Sequence[Delivery]:
        """The first messages made since an instant that had failed, or were forgotten, by another."""
        statement = select(Delivery).where(_failed(endpoint_id, since, until))
        return db.session.scalars(statement.order_by(Delivery.created_at, Delivery.id).limit(most)).all()

    def count_failed(self, endpoint_id: UUID, *, since: datetime, until: datetime) -> int:
        """How many those are."""
        statement = select(func.count()).select_from(Delivery).where(_failed(endpoint_id, since, until))
        return db.session.scalar(statement) or 0

    def sweep(self, before: datetime, *, but: Sequence[str], most: int) -> int:
        """Remove messages that were finished before an instant, or whose endpoint is deleted; how many those were.

        What names somebody who is in `but` stays.
        """
        deleted = select(Endpoint.id).where(Endpoint.deleted_at.is_not(None))
        over = or_(Delivery.finished_at < before, Delivery.endpoint_id.in_(deleted))
        old = select(Delivery.id).where(over, ~_says(Delivery.body, but))
        statement = delete(Delivery).where(Delivery.id.in_(old.limit(most))).returning(Delivery.id)
        options = {"include_deleted": True, "synchronize_session": False}
        return len(db.session.scalars(statement, execution_options=options).all())

    def count_old(self, before: datetime, *, but: Sequence[str]) -> int:
        """How many messages were finished before an instant and name nobody who is in `but`."""
        old = (Delivery.finished_at < before, ~_says(Delivery.body, but))
        return db.session.scalar(select(func.count()).select_from(Delivery).where(*old)) or 0

    def forget_answers(self, words: Sequence[str]) -> int:
        """Remove the attempts to send messages in which one of these words stands; how many those are."""
        about = select(Delivery.id).where(_says(Delivery.body, words))
        gone = delete(Attempt).where(Attempt.delivery_id.in_(about))
        count = len(db.session.scalars(gone.returning(Attempt.id), execution_options=_UNSYNCHRONIZED).all())
        errors = update(Delivery).where(_says(Delivery.body, words), Delivery.error.is_not(None)).values(error=None)
        db.session.execute(errors, execution_options=_UNSYNCHRONIZED)
        return count

    def forget_bodies(self, names: Sequence[str], *, instead: str, at: datetime) -> int:
        """Replace messages in which one of these names stands, and let those that were to be sent fail; how many."""
        if not names:
            return 0
        named = _says(Delivery.body, names)
        ended = update(Delivery).where(named, Delivery.finished_at.is_(None))
        db.session.execute(
            ended.values(state="failed", finished_at=at, next_attempt_at=None), execution_options=_UNSYNCHRONIZED
        )
        emptied = update(Delivery).where(named).values(body=instead).returning(Delivery.id)
        return len(db.session.scalars(emptied, execution_options=_UNSYNCHRONIZED).all())

    def place(self, row: Delivery | Attempt) -> None:
        """Add a row with the next flush, together with others."""
        db.session.add(row)


def _says(column: InstrumentedAttribute[str], words: Sequence[str]) -> ColumnElement[bool]:
    return privacy.stand_in(column, words)


def _failed(endpoint_id: UUID, since: datetime, until: datetime) -> ColumnElement[bool]:
    # Those that fail while the rest is being sent again are not sent a third time.
    given_up = and_(Delivery.state == "failed", Delivery.finished_at <= until)
    forgotten = and_(Delivery.state == "waiting", Delivery.next_attempt_at < until - LOST)
    return and_(Delivery.endpoint_id == endpoint_id, Delivery.created_at >= since, or_(given_up, forgotten))


def _by_name(*row: Any) -> dict[str, Any]:
    return dict(zip(_WHOLE, row, strict=True))


endpoints = Endpoints()
deliveries = Deliveries()
