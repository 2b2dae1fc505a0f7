"""Forms, hooks, and what came in by them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import (
    NOT_PERSONAL,
    Code,
    Codes,
    Model,
    Number,
    Owned,
    SoftDeleted,
    StructJSON,
    owned_key,
    personal,
    sealed,
)

from .schemas.forms import ConsentAsked, FormField
from .schemas.hooks import AnyRule
from .schemas.sources import CaptureDefaults
from .schemas.submissions import StoredFault


class Form(Owned, SoftDeleted, Model):
    """A form that people fill in on a page."""

    __tablename__ = "capture_form"

    name: Mapped[Code]
    key: Mapped[Code]
    """Its part of public addresses."""
    active: Mapped[bool]
    language: Mapped[Code]
    title: Mapped[Code]
    intro: Mapped[Code]
    button: Mapped[Code | None]
    thanks: Mapped[Code]
    redirect_url: Mapped[Code | None]
    color: Mapped[Code | None]
    brand_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    fields: Mapped[list[FormField]] = mapped_column(StructJSON(list[FormField]), info=NOT_PERSONAL)
    defaults: Mapped[CaptureDefaults] = mapped_column(StructJSON(CaptureDefaults), info=NOT_PERSONAL)
    consents: Mapped[list[ConsentAsked]] = mapped_column(StructJSON(list[ConsentAsked]), info=NOT_PERSONAL)
    origins: Mapped[Codes]
    min_seconds: Mapped[Number]
    needs_token: Mapped[bool]
    captcha_provider: Mapped[Code | None]
    captcha_site_key: Mapped[Code | None]
    captcha_url: Mapped[Code | None]
    captcha_secret: Mapped[str | None] = mapped_column(info=sealed())
    failing_since: Mapped[datetime | None]
    """Since when no lead can be made of what comes by it."""

    __table_args__ = (
        UniqueConstraint("agency_id", "key"),
        owned_key("brand_id", "core_brand", ondelete="SET NULL (brand_id)"),
        owned_key("owner_id", "core_membership", referred="user_id", ondelete="SET NULL (owner_id)"),
        owned_key("team_id", "core_team", ondelete="SET NULL (team_id)"),
        Index("capture_form_created_at_idx", "agency_id", "created_at", "id"),
        Index("capture_form_name_idx", "agency_id", "name", "id"),
    )


class Hook(Owned, SoftDeleted, Model):
    """An address that others send leads to."""

    __tablename__ = "capture_hook"

    name: Mapped[Code]
    key: Mapped[Code]
    active: Mapped[bool]
    auth: Mapped[Code]
    header: Mapped[Code]
    id_header: Mapped[Code | None]
    secret: Mapped[str] = mapped_column(info=sealed())
    previous_secret: Mapped[str | None] = mapped_column(info=sealed("capture_hook.secret"))
    previous_secret_until: Mapped[datetime | None]
    mapping: Mapped[list[Any]] = mapped_column(StructJSON(list[AnyRule]), info=NOT_PERSONAL)
    brand_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    defaults: Mapped[CaptureDefaults] = mapped_column(StructJSON(CaptureDefaults), info=NOT_PERSONAL)
    failing_since: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("agency_id", "key"),
        owned_key("brand_id", "core_brand", ondelete="SET NULL (brand_id)"),
        owned_key("owner_id", "core_membership", referred="user_id", ondelete="SET NULL (owner_id)"),
        owned_key("team_id", "core_team", ondelete="SET NULL (team_id)"),
        Index("capture_hook_created_at_idx", "agency_id", "created_at", "id"),
        Index("capture_hook_name_idx", "agency_id", "name", "id"),
    )


class Submission(Owned, Model):
    """Something that came in, kept as it came, and what was made of it."""

    __tablename__ = "capture_submission"

    channel: Mapped[Code]
    """`form`, `hook`, or what another plugin calls itself."""
    form_id: Mapped[UUID | None]
    hook_id: Mapped[UUID | None]
    state: Mapped[Code]
    reason: Mapped[Code | None]
    sender: Mapped[str | None] = mapped_column(info=personal("contact"))
    """Whom it is listed with: the first of its senders, or what was written instead of an address."""
    fingerprint: Mapped[str | None] = mapped_column(info=personal("copy"))
    """What the same has that comes again."""
    payload: Mapped[str | None] = mapped_column(info={**sealed(), **personal("free_text")})
    """A `Payload`; none once it was erased."""
    faults: Mapped[list[StoredFault]] = mapped_column(StructJSON(list[StoredFault]), info=personal("copy"))
    contact_id: Mapped[UUID | None]
    lead_id: Mapped[UUID | None]
    known: Mapped[bool]
    """Whether whoever asks was a contact before."""

    __table_args__ = (
        owned_key("form_id", "capture_form", ondelete="SET NULL (form_id)"),
        owned_key("hook_id", "capture_hook", ondelete="SET NULL (hook_id)"),
        owned_key("contact_id", "contacts_contact", ondelete="SET NULL (contact_id)"),
        owned_key("lead_id", "leads_lead", ondelete="SET NULL (lead_id)"),
        Index("capture_submission_created_at_idx", "agency_id", "created_at", "id"),
        Index("capture_submission_state_idx", "agency_id", "state", "created_at", "id"),
        Index("capture_submission_channel_idx", "agency_id", "channel", "created_at", "id"),
        Index("capture_submission_form_id_idx", "agency_id", "form_id", "created_at", "id"),
        Index("capture_submission_form_state_idx", "agency_id", "form_id", "state", "created_at", "id"),
        Index("capture_submission_hook_id_idx", "agency_id", "hook_id", "created_at", "id"),
        Index("capture_submission_hook_state_idx", "agency_id", "hook_id", "state", "created_at", "id"),
        Index("capture_submission_contact_id_idx", "agency_id", "contact_id"),
        Index("capture_submission_lead_id_idx", "agency_id", "lead_id"),
        Index("capture_submission_fingerprint_idx", "agency_id", "fingerprint", "created_at"),
    )


class Sender(Owned, Model):
    """An e-mail address in small letters, or a number as E.164, that something which came in names as its sender's."""

    __tablename__ = "capture_sender"

    submission_id: Mapped[UUID]
    address: Mapped[str] = mapped_column(info=personal("contact"))

    __table_args__ = (
        owned_key("submission_id", "capture_submission", ondelete="CASCADE"),
        Index("capture_sender_submission_id_idx", "agency_id", "submission_id"),
        Index("capture_sender_address_idx", "agency_id", "address", "submission_id"),
    )
