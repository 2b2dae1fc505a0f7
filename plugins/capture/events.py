"""What happened to what came in, and to forms and hooks."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.sdk import Code, Event


class FormCreated(Event):
    """A form was set up."""

    subject: ClassVar[str] = "form_id"
    form_id: UUID


class FormChanged(Event):
    """Something about a form changed."""

    subject: ClassVar[str] = "form_id"
    form_id: UUID
    fields: list[Code]


class FormDeleted(Event):
    """A form was deleted: its address answers no more."""

    subject: ClassVar[str] = "form_id"
    form_id: UUID


class HookCreated(Event):
    """An address was made that others send leads to."""

    subject: ClassVar[str] = "hook_id"
    hook_id: UUID


class HookChanged(Event):
    """Something about a hook changed."""

    subject: ClassVar[str] = "hook_id"
    hook_id: UUID
    fields: list[Code]


class HookDeleted(Event):
    """A hook was deleted: its address answers no more."""

    subject: ClassVar[str] = "hook_id"
    hook_id: UUID


class SecretRotated(Event):
    """A hook got a new secret; the old one is good beside it for a day."""

    subject: ClassVar[str] = "hook_id"
    hook_id: UUID


class FormSubmitted(Event):
    """Somebody sent a form, and a lead was made of it."""

    subject: ClassVar[str] = "submission_id"
    submission_id: UUID
    form_id: UUID
    lead_id: UUID
    contact_id: UUID
    known: bool
    """Whether whoever asks was a contact before."""


class EnquiryCaptured(Event):
    """What came in by a hook, or by another plugin, became a lead."""

    subject: ClassVar[str] = "submission_id"
    submission_id: UUID
    channel: Code
    hook_id: UUID | None
    lead_id: UUID
    contact_id: UUID
    known: bool


class SubmissionSetAside(Event):
    """Something came in, or was looked at again, that no lead was made of."""

    subject: ClassVar[str] = "submission_id"
    submission_id: UUID
    channel: Code
    form_id: UUID | None
    hook_id: UUID | None
    state: Code
    """`spam` or `faulty`."""
    reason: Code


class SourceFailing(Event):
    """Of what came in by a form or hook, no lead could be made, for the first time since one could."""

    subject: ClassVar[str] = "submission_id"
    submission_id: UUID
    form_id: UUID | None
    hook_id: UUID | None
