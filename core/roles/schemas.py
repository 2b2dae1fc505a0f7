"""Roles on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.actor import Scope
from core.fields import Instant
from core.http.structs import Draft, Patch, View

Code = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,39}$", description="Stable name.", examples=["night_desk"])]
Name = Annotated[str, Meta(min_length=1, max_length=80, description="Name people see.", examples=["Night desk"])]
Grants = Annotated[
    dict[str, Scope],
    Meta(description="Permission to scope: `own`, `team` or `all`.", examples=[{"leads.read": "team"}]),
]

SecondFactorRequired = Annotated[bool, Meta(description="Whether whoever holds the role needs a second factor.")]


class RoleDraft(Draft):
    """A new role of the agency's own."""

    code: Code
    name: Name
    permissions: Grants


class RoleCopy(Draft):
    """A new role of the agency's own that starts with what another one allows."""

    code: Code
    name: Name


class RolePatch(Patch):
    """Changes to a role; `permissions` replaces all of them. Of a built-in role only `second_factor_required`."""

    name: Name | UnsetType = UNSET
    permissions: Grants | UnsetType = UNSET
    second_factor_required: SecondFactorRequired | UnsetType = UNSET


class RoleRow(View):
    """A role in a list."""

    id: UUID
    code: str
    name: str
    built_in: bool
    second_factor_required: SecondFactorRequired
    version: int
    created_at: Instant


class RoleView(View):
    """A role and what it allows."""

    id: UUID
    code: str
    name: str
    built_in: bool
    second_factor_required: SecondFactorRequired
    version: int
    created_at: Instant
    permissions: dict[str, Scope]


class PermissionView(View):
    """Something a role can allow."""

    name: str
    summary: str
    scopes: list[Scope]
