"""What can be done to many that came in at once."""

from __future__ import annotations

from core.sdk import BulkAction, Draft

from .. import permissions
from . import submissions


class AcceptSubmissions(Draft, tag="accept"):
    """Make leads of them, as their forms and hooks read them now."""


class RejectSubmissions(Draft, tag="reject"):
    """Say that they are spam."""


ACTIONS = (
    BulkAction(AcceptSubmissions, permissions.MANAGE, lambda id_, _, version: submissions.accept(id_)),
    BulkAction(RejectSubmissions, permissions.MANAGE, lambda id_, _, version: submissions.reject(id_)),
)
