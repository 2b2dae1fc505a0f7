"""What came in, sealed and opened."""

from __future__ import annotations

from uuid import UUID

import msgspec

from core.sdk import sealing

from ..models import Submission
from ..schemas.submissions import Payload

_PLACE = "capture_submission.payload"


def sealed(payload: Payload, submission_id: UUID) -> str:
    """As it is stored."""
    return sealing.sealed(msgspec.json.encode(payload).decode(), column=_PLACE, row_id=submission_id)


def opened(submission: Submission) -> Payload:
    """What came in, as it came. Raises Unreadable."""
    if submission.payload is None:
        return Payload()
    return msgspec.json.decode(sealing.opened(submission.payload, column=_PLACE, row_id=submission.id), type=Payload)
