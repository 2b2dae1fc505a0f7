"""What came in, as members look at it: shown, made a lead of after all, or put away as spam."""

from __future__ import annotations

from uuid import UUID

from core.sdk import ListQuery, NotFound, Page, acting_as, current_agency_id, system

from ..errors import CapturedAlready, NothingLeft
from ..models import Submission
from ..repository import forms, hooks, submissions
from ..schemas.submissions import SubmissionRow, SubmissionView
from . import hooks as own_hooks
from . import intake, posting, receiving
from .payloads import opened
from .reading import Filled

_SHOWN = [name for name in SubmissionView.__struct_fields__ if name not in {"values", "consents", "body"}]


def rows(query: ListQuery) -> Page[SubmissionRow]:
    """A page of what came in."""
    return submissions.rows(query)


def view(submission_id: UUID) -> SubmissionView:
    """What came in, with what it said. Raises NotFound."""
    return _view(submissions.get(submission_id))


def accept(submission_id: UUID) -> SubmissionView:
    """Make a lead of what was spam or faulty, as its form or hook reads it now.

    Raises NotFound, CapturedAlready, NothingLeft, and Invalid with what keeps it from being one: it stays what it is.
    """
    submission = submissions.locked(submission_id)
    if submission.lead_id is not None:
        raise CapturedAlready
    if submission.payload is None:
        raise NothingLeft
    payload = opened(submission)
    try:
        if submission.hook_id is not None:
            hook = hooks.shown(submission.hook_id)
            source, filled = own_hooks.source_of(hook), receiving.filled_by(hook, payload)
        elif submission.form_id is not None:
            source, filled = posting.source_of(forms.shown(submission.form_id)), Filled(payload.values)
        else:
            source, filled = intake.Source(submission.channel), Filled(payload.values)
        # As when it comes in: the rules say whose it is, not who looked at it.
        with acting_as(system(current_agency_id())):
            made = intake.make_lead(source, filled, payload.consents, said_at=submission.created_at)
    except NotFound:
        raise NothingLeft from None
    accepted = submissions.locked(submission_id)
    return _view(intake.accept(accepted, made, failing=source.failing))


def reject(submission_id: UUID) -> SubmissionView:
    """Say that something faulty is spam. Raises NotFound, CapturedAlready where there is a lead of it."""
    submission = submissions.locked(submission_id)
    if submission.lead_id is not None:
        raise CapturedAlready
    if submission.state == "spam":
        return _view(submission)
    return _view(intake.aside(submission, "spam", "by_hand"))


def _view(submission: Submission) -> SubmissionView:
    payload = opened(submission)
    shown = {name: getattr(submission, name) for name in _SHOWN}
    return SubmissionView(**shown, values=payload.values, consents=payload.consents, body=payload.body or None)
