"""Capture over HTTP: forms, hooks and what came in, as members see them."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Blueprint, ListQuery, Page, offer_bulk

from .. import permissions
from ..repository import SUBMISSIONS, Forms, Hooks
from ..schemas.forms import FormDraft, FormEmbed, FormPatch, FormRow, FormView
from ..schemas.hooks import (
    HookCreatedView,
    HookDraft,
    HookPatch,
    HookRow,
    HookSecretView,
    HookView,
    TriedMapping,
    TryDraft,
)
from ..schemas.sources import CaptureFields
from ..schemas.submissions import SubmissionRow, SubmissionView
from ..service import bulk, catalogue, forms, hooks, shown, submissions

blueprint = Blueprint("capture", description="Where leads come in from outside: forms, hooks, and what came by them.")


@blueprint.get("/fields", permission=permissions.READ)
@blueprint.response(200, CaptureFields)
def list_fields() -> CaptureFields:
    """List the fields that forms can show and hooks can fill."""
    return catalogue.every()


@blueprint.get("/forms", permission=permissions.READ)
@blueprint.listing(Forms.listing)
@blueprint.response(200, Page[FormRow])
def search_forms(query: ListQuery) -> Page[FormRow]:
    """List forms."""
    return forms.rows(query)


@blueprint.post("/forms", permission=permissions.MANAGE, problems=(409,))
@blueprint.arguments(FormDraft)
@blueprint.response(201, FormView)
def create_form(draft: FormDraft) -> FormView:
    """Set up a form."""
    return forms.create(draft)


@blueprint.get("/forms/<uuid:form_id>", permission=permissions.READ)
@blueprint.response(200, FormView)
def show_form(form_id: UUID) -> FormView:
    """Show a form."""
    return forms.view(form_id)


@blueprint.patch("/forms/<uuid:form_id>", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.arguments(FormPatch)
@blueprint.response(200, FormView)
def change_form(patch: FormPatch, form_id: UUID, version: int | None) -> FormView:
    """Change a form."""
    return forms.change(form_id, patch, version=version)


@blueprint.delete("/forms/<uuid:form_id>", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.response(204)
def delete_form(form_id: UUID, version: int | None) -> None:
    """Delete a form: its address answers no more, and what came by it stays."""
    forms.delete(form_id, version=version)


@blueprint.get("/forms/<uuid:form_id>/embed", permission=permissions.READ)
@blueprint.response(200, FormEmbed)
def embed_form(form_id: UUID) -> FormEmbed:
    """Show how a form gets onto a page."""
    return shown.embed(forms.view(form_id))


@blueprint.get("/hooks", permission=permissions.READ)
@blueprint.listing(Hooks.listing)
@blueprint.response(200, Page[HookRow])
def search_hooks(query: ListQuery) -> Page[HookRow]:
    """List hooks."""
    return hooks.rows(query)


@blueprint.post("/hooks", permission=permissions.MANAGE, step_up=True, credentials=True, problems=(409,))
@blueprint.arguments(HookDraft)
@blueprint.response(201, HookCreatedView)
def create_hook(draft: HookDraft) -> HookCreatedView:
    """Make an address that others send leads to; its secret is shown this once."""
    return hooks.create(draft)


@blueprint.get("/hooks/<uuid:hook_id>", permission=permissions.READ)
@blueprint.response(200, HookView)
def show_hook(hook_id: UUID) -> HookView:
    """Show a hook."""
    return hooks.view(hook_id)


@blueprint.patch("/hooks/<uuid:hook_id>", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.arguments(HookPatch)
@blueprint.response(200, HookView)
def change_hook(patch: HookPatch, hook_id: UUID, version: int | None) -> HookView:
    """Change a hook; what could not be read before can be accepted again then."""
    return hooks.change(hook_id, patch, version=version)


@blueprint.delete("/hooks/<uuid:hook_id>", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.response(204)
def delete_hook(hook_id: UUID, version: int | None) -> None:
    """Delete a hook: its address answers no more, and what came by it stays."""
    hooks.delete(hook_id, version=version)


@blueprint.post("/hooks/<uuid:hook_id>/secret", permission=permissions.MANAGE, step_up=True, credentials=True)
@blueprint.response(200, HookSecretView)
def rotate_secret(hook_id: UUID) -> HookSecretView:
    """Give a hook a new secret, shown this once; the old one is good beside it for 24 hours."""
    return hooks.rotate(hook_id)


@blueprint.post("/hooks/<uuid:hook_id>/try", permission=permissions.MANAGE, cost=2)
@blueprint.arguments(TryDraft)
@blueprint.response(200, TriedMapping)
def try_mapping(draft: TryDraft, hook_id: UUID) -> TriedMapping:
    """Show what would become of what a sender would send; nothing does."""
    return hooks.try_out(hook_id, draft)


@blueprint.get("/submissions", permission=permissions.READ)
@blueprint.listing(SUBMISSIONS)
@blueprint.response(200, Page[SubmissionRow])
def search_submissions(query: ListQuery) -> Page[SubmissionRow]:
    """List what came in."""
    return submissions.rows(query)


@blueprint.get("/submissions/<uuid:submission_id>", permission=permissions.READ)
@blueprint.response(200, SubmissionView)
def show_submission(submission_id: UUID) -> SubmissionView:
    """Show what came in, with what it said."""
    return submissions.view(submission_id)


@blueprint.post("/submissions/<uuid:submission_id>/accept", permission=permissions.MANAGE, problems=(409,))
@blueprint.response(200, SubmissionView)
def accept(submission_id: UUID) -> SubmissionView:
    """Make a lead of what was taken for spam or could not be read, as its form or hook reads it now.

    Where that still cannot be done, the answer names what is wrong, and it stays as it was.
    """
    return submissions.accept(submission_id)


@blueprint.post("/submissions/<uuid:submission_id>/reject", permission=permissions.MANAGE, problems=(409,))
@blueprint.response(200, SubmissionView)
def reject(submission_id: UUID) -> SubmissionView:
    """Say that something is spam."""
    return submissions.reject(submission_id)


offer_bulk(blueprint, SUBMISSIONS, bulk.ACTIONS, permission=permissions.MANAGE)
