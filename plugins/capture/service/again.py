"""What comes again, and otherwise than before: said to whoever has the lead, not made another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.sdk import Problem
from plugins.leads import api as leads

from ..models import Submission
from ..schemas.submissions import Payload
from .catalogue import named, still
from .known import words
from .payloads import opened

_MOST = 10_000


def same(before: Sequence[Submission], payload: Payload) -> Submission | None:
    """The one of those that came before that said just this."""
    return next((each for each in before if each.payload is None or opened(each) == payload), None)


def first_lead(before: Sequence[Submission]) -> Submission | None:
    """The one of them that became a lead."""
    return next((each for each in before if each.lead_id is not None), None)


def note(submission: Submission, values: Mapping[str, Any]) -> bool:
    """Write what is said now on the lead that was made before; whether it is there still."""
    filled = still(values)
    known = named(filled)
    lines = [f"{known[name].title}: {words(value)}" for name, value in filled.items() if name in known]
    if submission.lead_id is None or not lines:
        return False
    try:
        leads.add_note(submission.lead_id, "\n".join(["Sent once more, and otherwise:", *lines])[:_MOST])
    except Problem as gone:
        if gone.status >= 500:
            raise
        return False
    return True
