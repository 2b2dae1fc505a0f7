"""Who acts: the user, job or command on whose behalf the code runs, with agency and rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec
from flask import g, has_app_context

from core.errors import Forbidden, Unauthorized

Audience = Literal["staff", "portal"]
"""Whom a session serves: people who work for an agency, or its clients. Neither is ever good for the other."""
STAFF: Audience = "staff"


CONFINING = "oidc"
"""The method of sessions that an agency's own identity provider vouched for."""


class Scope(StrEnum):
    """Whose rows a permission reaches; each one further than those before."""

    OWN = "own"
    TEAM = "team"
    ALL = "all"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The one who acts, in one agency. Jobs and commands act as `system` with every right."""

    kind: str
    """`user`, `key` (an API key, on behalf of `user_id`), `system` or `public`."""
    agency_id: UUID | None = None
    user_id: UUID | None = None
    session_id: UUID | None = None
    audience: Audience = STAFF
    key_id: UUID | None = None
    """The API key that was sent."""
    impersonator_id: UUID | None = None
    """Who really acts, where somebody acts as `user_id` to help them."""
    proven_at: datetime | None = None
    """When the person last proved who they are: what step-up looks at."""
    methods: frozenset[str] = frozenset()
    """How the person of a session proved who they are: `pwd`, `otp`, `pop`, `oidc` and so on."""
    team_ids: frozenset[UUID] = frozenset()
    networks: tuple[str, ...] = ()
    """Where an API key may be used from, as CIDR; empty is anywhere."""
    rate_limit: str | None = None
    """How often an API key may be used, where it brings a limit of its own: `60/minute`."""
    grants: Mapping[str, Scope] = {}

    @property
    def confined(self) -> bool:
        """Whether the agency's own identity provider said who this is: elsewhere its word counts nothing."""
        return CONFINING in self.methods

    def scope_of(self, permission: str) -> Scope | None:
        """How far a permission reaches for this actor; None when it is not granted."""
        return Scope.ALL if self.kind == "system" else self.grants.get(permission)

    def require(self, permission: str) -> Scope:
        """The scope of a permission; raises Forbidden when it is not granted."""
        scope = self.scope_of(permission)
        if scope is None:
            raise Forbidden(f"The permission {permission} is not granted to you")
        return scope

    def reaches(self, permission: str, *, owner_id: UUID | None, team_id: UUID | None) -> bool:
        """Whether what has this owner and team is within how far a permission reaches for this actor."""
        scope = self.scope_of(permission)
        if scope is None or scope is Scope.ALL:
            return scope is Scope.ALL
        mine = owner_id is not None and owner_id == self.user_id
        return mine or (scope is Scope.TEAM and team_id in self.team_ids)


NOBODY = Actor(kind="public")


def system(agency_id: UUID | None) -> Actor:
    """The actor of commands and background work in one agency."""
    return Actor(kind="system", agency_id=agency_id)


def current_actor() -> Actor:
    """Who acts now; NOBODY before anybody signed in."""
    # On `flask.g`, not in a ContextVar of ours: that would outlive the request on its thread.
    actor: Actor = g.get("actor", NOBODY) if has_app_context() else NOBODY
    return actor


def current_user_id() -> UUID:
    """The signed-in user; raises Unauthorized for everybody else."""
    user_id = current_actor().user_id
    if user_id is None:
        raise Unauthorized
    return user_id


def acting_user_id() -> UUID | None:
    """The signed-in user, or None where a command or job acts."""
    return current_actor().user_id


def default_team_id() -> UUID | None:
    """The team a new row belongs to: that of its maker, where they are in exactly one."""
    teams = current_actor().team_ids
    return next(iter(teams)) if len(teams) == 1 else None


@contextmanager
def using(permission: str) -> Iterator[None]:
    """Do what follows by another permission than the entrance declared: its scope is how far repositories reach."""
    before = g.get("permission")
    g.permission = permission
    try:
        yield
    finally:
        g.permission = before


def current_permission() -> str | None:
    """The permission the running entrance declared, if any."""
    permission: str | None = g.get("permission") if has_app_context() else None
    return permission
