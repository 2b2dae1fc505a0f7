"""Queries for API keys: an agency's own, and what a key that somebody sends stands for."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from flask import current_app
from sqlalchemy import DateTime, bindparam, select

from core import clock
from core.actor import Scope
from core.agencies.models import Agency
from core.api_keys import form
from core.api_keys.models import ApiKey
from core.api_keys.schemas import ApiKeyView
from core.auth.api import rights_of
from core.config import Settings
from core.db import read
from core.db.query import Filter, Listing, ListQuery, Page
from core.db.repository import Ownership, Repository
from core.extensions import db
from core.users.models import Membership, User

VIEW = select(*read.columns(ApiKeyView, ApiKey, prefix=ApiKey.id))


class Standing(msgspec.Struct, frozen=True):
    """What a live key allows at this moment, and what its owner may do."""

    id: UUID
    user_id: UUID
    agency_id: UUID
    digest: str
    previous_digest: str | None
    previous_until: datetime | None
    scopes: dict[str, Scope]
    networks: list[str]
    rate_limit: str | None
    expires_at: datetime
    built_in_roles: list[str]
    own_grants: list[tuple[str, str]]
    team_ids: list[UUID]


_COLUMNS = [getattr(ApiKey, name) for name in Standing.__struct_fields__[:10]]
_STANDING = read.SystemQuery(
    select(*_COLUMNS, *rights_of(ApiKey))
    .join(User, User.id == ApiKey.user_id)
    .join(Membership, (Membership.agency_id == ApiKey.agency_id) & (Membership.user_id == ApiKey.user_id))
    .join(Agency, Agency.id == ApiKey.agency_id)
    .where(
        ApiKey.id == bindparam("key_id"),
        ApiKey.revoked_at.is_(None),
        ApiKey.expires_at > bindparam("now", type_=DateTime(timezone=True)),
        User.disabled_at.is_(None),
        Membership.state == "active",
        Agency.suspended_at.is_(None),
    ),
    Standing,
)


class Kept(msgspec.Struct, frozen=True):
    """A key that nobody has revoked, whatever has become of its owner."""

    id: UUID
    agency_id: UUID
    digest: str
    previous_digest: str | None
    previous_until: datetime | None
    expires_at: datetime


_KEPT = read.SystemQuery(
    select(*read.columns(Kept, ApiKey)).where(ApiKey.id == bindparam("key_id"), ApiKey.revoked_at.is_(None)), Kept
)


class Owner(msgspec.Struct, frozen=True):
    """Whom to tell about a key."""

    key_id: UUID
    key_name: str
    email: str
    name: str


_OWNER = read.Query(
    select(ApiKey.id, ApiKey.name, User.email, User.name)
    .join(User, User.id == ApiKey.user_id)
    .where(ApiKey.id == bindparam("key_id")),
    Owner,
)


def standing(key_id: UUID) -> Standing | None:
    """What a key allows now; None when it has ended, or its owner is no longer an active member."""
    return _STANDING.first(key_id=key_id, now=clock.now())


def kept(key_id: UUID) -> Kept | None:
    """A key that was not revoked: it may open again, with its owner."""
    return _KEPT.first(key_id=key_id)


def owner_of(key_id: UUID) -> Owner | None:
    """Whom to tell about a key of the acting agency."""
    return _OWNER.first(key_id=key_id)


def environment() -> form.Environment:
    """The word in the keys of this installation."""
    settings: Settings = current_app.extensions["tripfile.settings"]
    return form.environment(settings)


def _shown(key_id: UUID, _prefix: UUID, *others: Any) -> ApiKeyView:
    return ApiKeyView(key_id, form.prefix(key_id, within=environment()), *others)


class ApiKeys(Repository[ApiKey]):
    """An agency's keys."""

    model = ApiKey
    permission = "api_keys.read"
    ownership = Ownership(ApiKey.user_id, on_leaving="removed")
    subject = "api_keys.api_key"
    listing = Listing(
        filters={"user_id": Filter(ApiKey.user_id, UUID, "In whose name it acts.")},
        sorts={"created_at": ApiKey.created_at},
        default_sort="-created_at",
    )

    def rows(self, query: ListQuery) -> Page[ApiKeyView]:
        """A page of keys."""
        return self.page(query, VIEW, _shown)

    def shown(self, key_id: UUID) -> ApiKeyView:
        """A key. Raises NotFound."""
        return self.view(key_id, VIEW, _shown)

    def reported(self, key_id: UUID) -> ApiKey | None:
        """A key of the acting agency that whoever holds it has given away; rights of theirs do not matter."""
        return db.session.scalar(select(ApiKey).where(ApiKey.id == key_id).with_for_update())


api_keys = ApiKeys()
