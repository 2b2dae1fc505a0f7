"""The plugin contract: one typed value that lists everything a plugin contributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
import msgspec
from flask import Blueprint
from pydantic import BaseModel

from core.actor import Scope
from core.demo.filler import Filler
from core.events.follower import Follower
from core.imports.importer import Importer
from core.jobs.job import Job
from core.listed import Listed
from core.notices import Notice
from core.realtime.spec import Handler, Room, Topic
from core.retention import Retention

if TYPE_CHECKING:
    # Importing it would import the tables, whose modules ask here.
    from core.custom_fields.entity import CustomFields

CORE_VERSION = "1.0.0"
"""The version of this contract and of `core.sdk`, which `Plugin.core` must admit."""


class Permission(msgspec.Struct, frozen=True):
    """A capability a role can grant, with a sentence an administrator understands."""

    name: str
    """`leads.assign`: prefixed with the plugin's name."""
    summary: str
    scopes: tuple[Scope, ...] = (Scope.OWN, Scope.TEAM, Scope.ALL)
    """The scopes that make sense for it; `(Scope.ALL,)` where rows have no owner."""
    roles: Mapping[str, Scope] = {}
    """The built-in roles that get it, with their scope; owner and admin always get it as far as it reaches."""

    def __str__(self) -> str:
        return self.name

    @property
    def widest(self) -> Scope:
        """How far it can reach."""
        return next(scope for scope in reversed(Scope) if scope in self.scopes)


class Quota(msgspec.Struct, frozen=True):
    """How much of something an agency may do in a day, counted by `quotas.spend`."""

    name: str
    """`invitations.sent`: prefixed with the plugin's name."""
    per_day: int
    """What an agency may do in a day (UTC) unless the operator allows it something else."""
    summary: str


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A table of contents: what a plugin is and what it contributes. Rules are checked at load."""

    name: str
    version: str
    core: str
    summary: str
    requires: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    settings: type[BaseModel] | None = None
    permissions: tuple[Permission, ...] = ()
    quotas: tuple[Quota, ...] = ()
    models: ModuleType | None = None
    lists: tuple[Listed[Any], ...] = ()
    custom_fields: tuple[CustomFields, ...] = ()
    imports: tuple[Importer[Any], ...] = ()
    blueprints: tuple[Blueprint, ...] = ()
    public_blueprints: tuple[Blueprint, ...] = ()
    pages: tuple[Blueprint, ...] = ()
    jobs: tuple[Job[Any], ...] = ()
    subscribers: Mapping[str, tuple[Callable[..., None], ...]] = field(default_factory=dict)
    followers: tuple[Follower, ...] = ()
    notices: tuple[Notice, ...] = ()
    retention: tuple[Retention, ...] = ()
    sockets: Mapping[str, Handler] = field(default_factory=dict)
    emits: Mapping[str, type[msgspec.Struct]] = field(default_factory=dict)
    topics: tuple[Topic, ...] = ()
    rooms: tuple[Room, ...] = ()
    commands: tuple[click.Command, ...] = ()
    demo: Filler | None = None
    egress: tuple[str, ...] = ()
    hooks: ModuleType | None = None
    hookspecs: ModuleType | None = None

    @property
    def segment(self) -> str:
        """The plugin's part of a URL: its name with hyphens."""
        return self.name.replace("_", "-")
