"""Lists of allowed networks on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.fields import Instant
from core.http.structs import Draft, Patch, View

Cidr = Annotated[
    str,
    Meta(max_length=49, description="An address, or a network as CIDR.", examples=["203.0.113.0/24"]),
]
Note = Annotated[str, Meta(max_length=200, description="What it is.", examples=["Lisbon office"])]


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A network from which people may work."""

    network: Cidr
    note: Note = ""


Networks = Annotated[list[Network], Meta(min_length=1, max_length=200)]


class AllowListDraft(Draft):
    """A new list: of a role, or of the whole agency where no role is named."""

    networks: Networks
    role: Annotated[str, Meta(max_length=40, examples=["accountant"])] | UnsetType = UNSET
    """Code of the role."""


class AllowListPatch(Patch):
    """Other networks for a list; they replace all of them."""

    networks: Networks | UnsetType = UNSET


class AllowListView(View):
    """A list of allowed networks."""

    id: UUID
    role: Annotated[str | None, Meta(description="Code of the role; null for the list of the whole agency.")]
    networks: list[Network]
    version: int
    created_at: Instant
