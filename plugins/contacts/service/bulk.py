"""What can be done to many contacts at once: the use cases of one contact, each with what a client sends for it."""

from __future__ import annotations

from core.sdk import BulkAction, Draft, users

from .. import permissions
from . import contacts


class AssignContacts(users.Assignment, tag="assign"):
    """Give contacts to another owner or team."""


class DeleteContacts(Draft, tag="delete"):
    """Put contacts away; they can be restored."""


class RestoreContacts(Draft, tag="restore"):
    """Bring back contacts that were put away."""


ACTIONS = (
    BulkAction(AssignContacts, permissions.ASSIGN, lambda id_, to, version: contacts.assign(id_, to, version=version)),
    BulkAction(DeleteContacts, permissions.DELETE, lambda id_, _, version: contacts.delete(id_, version=version)),
    BulkAction(RestoreContacts, permissions.DELETE, lambda id_, _, version: contacts.restore(id_), among_deleted=True),
)
