"""What can go wrong with what is kept in the vault."""

from __future__ import annotations

from core.crypto import Unreadable
from core.errors import Conflict


class Erased(Unreadable):
    """The person's key was deleted: nothing that was sealed with it can be opened any more."""


class SubjectErased(Conflict):
    """Something is to be sealed about somebody who was erased."""

    code = "subject_erased"
    title = "This person was erased; nothing more is kept about them"
