"""What can be done to many leads at once: the use cases of one lead, each with what a client sends for it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from core.sdk import BulkAction, BulkSetAction, Draft, users

from .. import permissions
from ..schemas import Move, Tag
from . import assignment, leads, pipeline, tags

Words = Annotated[list[Tag], Meta(min_length=1, max_length=tags.MOST, examples=[["honeymoon"]])]


class AssignLeads(users.Assignment, tag="assign"):
    """Give leads to another owner or team."""


class MoveLeads(Move, tag="move"):
    """Take leads to another status, where their guards let them."""


class TagLeads(Draft, tag="add_tags"):
    """Give leads tags besides those they have."""

    tags: Words


class UntagLeads(Draft, tag="remove_tags"):
    """Take tags from leads."""

    tags: Words


class DeleteLeads(Draft, tag="delete"):
    """Put leads away; they can be restored."""


class RestoreLeads(Draft, tag="restore"):
    """Bring back leads that were put away."""


ACTIONS = (
    BulkSetAction(TagLeads, permissions.WRITE, lambda ids, what, versions: tags.add(ids, what.tags, versions)),
    BulkSetAction(UntagLeads, permissions.WRITE, lambda ids, what, versions: tags.remove(ids, what.tags, versions)),
    BulkAction(AssignLeads, permissions.ASSIGN, lambda id_, to, version: assignment.give(id_, to, version=version)),
    BulkAction(MoveLeads, permissions.WRITE, lambda id_, step, version: pipeline.take(id_, step, version=version)),
    BulkAction(DeleteLeads, permissions.DELETE, lambda id_, _, version: leads.delete(id_, version=version)),
    BulkAction(RestoreLeads, permissions.DELETE, lambda id_, _, version: leads.bring_back(id_), among_deleted=True),
)
