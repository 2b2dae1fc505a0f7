"""What leads say where other plugins ask."""

from __future__ import annotations

from uuid import UUID

from core.sdk import HandedOver, hookimpl, privacy
from plugins.contacts.api import ContactFigures

from .repository import Leads, leads, value
from .service import assignment, erasure, merging, next_action, score_rules


@hookimpl
def agency_created(agency_id: UUID) -> None:
    """A new agency scores leads by the rules that every one begins with."""
    score_rules.seed()


@hookimpl
def contacts_in_use(contact_id: UUID) -> str | None:
    """A contact stays as long as there are leads of theirs, whether or not the caller may see them."""
    return "There are leads of this contact" if leads.are_of(contact_id) else None


@hookimpl
def tasks_changed(about: next_action.Tasks) -> None:
    """The first open task about a lead is its next action; an open lead whose last one is done gets another."""
    if about.subject == Leads.subject:
        next_action.follow(about)


@hookimpl
def leads_merged(lead_id: UUID, other_id: UUID) -> dict[str, list[UUID]]:
    """The tasks about a lead that goes into another become that one's, where there are tasks."""
    return next_action.follow_merged(of=other_id, to=lead_id)


@hookimpl
def leads_merge_undone(lead_id: UUID, other_id: UUID, moved: dict[str, list[UUID]]) -> None:
    """They go back."""
    next_action.follow_merged(of=lead_id, to=other_id, only=moved.get(next_action.TASK, []))


@hookimpl
def contacts_merged(contact_id: UUID, other_id: UUID) -> dict[str, list[UUID]]:
    """The leads of a contact that goes into another become that one's."""
    return {Leads.subject: merging.follow(other_id, to=contact_id)}


@hookimpl
def contacts_merge_undone(contact_id: UUID, other_id: UUID, moved: dict[str, list[UUID]]) -> None:
    """They go back, those that are somebody else's by now left out."""
    merging.come_apart(contact_id, to=other_id, only=moved.get(Leads.subject, []))


@hookimpl
def contacts_value(contact_ids: list[UUID]) -> list[ContactFigures]:
    """What came of the enquiries of contacts."""
    return value.figures(contact_ids)


@hookimpl
def handed_over(what: HandedOver) -> None:
    """Each lead's history tells who has it since its owner left."""
    if what.kind == Leads.subject:
        assignment.record(what)


@hookimpl
def personal_data(subject: privacy.Subject) -> list[privacy.Holding]:
    """A contact's leads, with what was written about them."""
    return erasure.held(subject)


@hookimpl
def erase_personal_data(subject: privacy.Subject) -> list[privacy.Outcome]:
    """Leave of a contact's leads what says nothing about anybody."""
    return erasure.erase(subject)
