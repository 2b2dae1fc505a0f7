"""The public surface: everything a plugin imports from the core, ours and a stranger's alike."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from core import (
    bulk,
    clock,
    duplicates,
    fields,
    ids,
    likeness,
    merging,
    sealing,
    search,
    streams,
    subjects,
    tabular,
)
from core.actor import Actor, Scope, acting_user_id, current_actor, current_user_id, default_team_id, system
from core.agencies import api as agencies
from core.calendars import api as calendars
from core.config import Settings
from core.crypto import Unreadable
from core.custom_fields import api as custom_fields
from core.custom_fields.api import CustomChanges, CustomFields, CustomValues
from core.db import cursor, locks, read
from core.db.base import Identified, Model, Numbered, Owned, SoftDeleted, Tenant, owned_key
from core.db.personal import NOT_PERSONAL, PERSONAL, SECRET, Code, Codes, Day, Facts, Number, personal, sealed
from core.db.query import EQUALITY, OPTIONAL, RANGE, Filter, Listing, ListQuery, Operator, Page
from core.db.repository import Ownership, Repository
from core.db.tenancy import acting_as, current_agency_id
from core.db.types import StructJSON, money
from core.demo import api as demo
from core.disclosure import HiddenField, concealed, disclosed, visible_to, writable_by
from core.errors import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    MergedAway,
    NotFound,
    PreconditionFailed,
    Problem,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    gather,
    under,
)
from core.events import history
from core.events.changes import Changed
from core.events.checkpoints import live_build
from core.events.event import Event, UnknownEvent
from core.events.event import declared as declared_events
from core.events.fields import sealed_for
from core.events.follower import Follower, Recorded
from core.events.log import publish
from core.exports import api as exports
from core.extensions import db
from core.fields import Country, Email, Instant, Language, Name, Phone, SomeText, Text, Zone
from core.files import api as files
from core.http import decoding, limits, origins
from core.http.blueprint import Blueprint
from core.http.bodies import FORM, JSON, Sent
from core.http.bulk import BulkAction, BulkSetAction
from core.http.bulk import offer as offer_bulk
from core.http.structs import Draft, Patch, View
from core.imports import api as imports
from core.jobs.job import Cancelled, Discard, Job, RetryAfter, job
from core.jobs.run import current_run
from core.listed import Listed
from core.money import Currency, Money, check_currency, from_minor, to_minor
from core.notices import ACTOR, Notice, titled
from core.outbound import api as outbound
from core.plugins.hookspecs import hookimpl, hookspec
from core.plugins.manager import installed, is_on, settings_of
from core.plugins.spec import Permission, Plugin, Quota
from core.privacy import api as privacy
from core.quotas import api as quotas
from core.realtime import rooms
from core.realtime.emit import emit
from core.realtime.spec import Handler, Room, Topic, TopicPage, handler
from core.references import next_reference, next_references
from core.retention import Retention
from core.storage.port import Missing, Storage
from core.telemetry import masked
from core.uploads import kinds as uploads
from core.uploads.receiving import Upload
from core.users import api as users
from core.users.holdings import HandedOver, OwnedRow
from core.vault import api as vault

__all__ = [
    "ACTOR",
    "EQUALITY",
    "FORM",
    "JSON",
    "NOT_PERSONAL",
    "OPTIONAL",
    "PERSONAL",
    "RANGE",
    "SECRET",
    "UNSET",
    "Actor",
    "Blueprint",
    "BulkAction",
    "BulkSetAction",
    "Cancelled",
    "Changed",
    "Code",
    "Codes",
    "Conflict",
    "Country",
    "Currency",
    "CustomChanges",
    "CustomFields",
    "CustomValues",
    "Day",
    "Discard",
    "Draft",
    "Email",
    "Event",
    "Facts",
    "Fault",
    "Filter",
    "Follower",
    "Forbidden",
    "HandedOver",
    "Handler",
    "HiddenField",
    "Identified",
    "Instant",
    "Invalid",
    "Job",
    "Language",
    "ListQuery",
    "Listed",
    "Listing",
    "MergedAway",
    "Missing",
    "Model",
    "Money",
    "Name",
    "NotFound",
    "Notice",
    "Number",
    "Numbered",
    "Operator",
    "Owned",
    "OwnedRow",
    "Ownership",
    "Page",
    "Patch",
    "Permission",
    "Phone",
    "Plugin",
    "PreconditionFailed",
    "Problem",
    "Quota",
    "Recorded",
    "Repository",
    "Retention",
    "RetryAfter",
    "Room",
    "Scope",
    "Sent",
    "Settings",
    "SoftDeleted",
    "SomeText",
    "Storage",
    "StructJSON",
    "Tenant",
    "Text",
    "TooManyRequests",
    "Topic",
    "TopicPage",
    "Unauthorized",
    "Unavailable",
    "UnknownEvent",
    "Unreadable",
    "UnsetType",
    "Upload",
    "View",
    "Zone",
    "acting_as",
    "acting_user_id",
    "agencies",
    "bulk",
    "calendars",
    "check_currency",
    "clock",
    "concealed",
    "current_actor",
    "current_agency_id",
    "current_run",
    "current_user_id",
    "cursor",
    "custom_fields",
    "db",
    "declared_events",
    "decoding",
    "default_team_id",
    "demo",
    "disclosed",
    "duplicates",
    "emit",
    "exports",
    "fields",
    "files",
    "from_minor",
    "gather",
    "handler",
    "history",
    "hookimpl",
    "hookspec",
    "ids",
    "imports",
    "installed",
    "is_on",
    "job",
    "likeness",
    "limits",
    "live_build",
    "locks",
    "masked",
    "merging",
    "money",
    "next_reference",
    "next_references",
    "offer_bulk",
    "origins",
    "outbound",
    "owned_key",
    "personal",
    "privacy",
    "publish",
    "quotas",
    "read",
    "rooms",
    "sealed",
    "sealed_for",
    "sealing",
    "search",
    "settings_of",
    "streams",
    "subjects",
    "system",
    "tabular",
    "titled",
    "to_minor",
    "under",
    "uploads",
    "users",
    "vault",
    "visible_to",
    "writable_by",
]
