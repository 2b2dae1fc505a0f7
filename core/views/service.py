"""What can be done with saved views."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import structs

from core.actor import Scope, current_actor, current_user_id
from core.custom_fields import definitions as fields
from core.db.query import ListQuery, Page
from core.errors import Fault, Forbidden, Invalid
from core.events.log import publish
from core.users.repository import teams
from core.views import judging
from core.views.events import ViewChanged, ViewDeleted, ViewSaved
from core.views.models import SavedView
from core.views.permissions import SHARE
from core.views.repository import pins, views
from core.views.schemas import Audience, SavedViewDraft, SavedViewPatch, SavedViewView


def rows(query: ListQuery) -> Page[SavedViewView]:
    """A page of the views the caller can use or look after."""
    page = views.rows(query)
    with fields.once():
        return structs.replace(page, items=[_judged(each) for each in page.items])


def view(view_id: UUID) -> SavedViewView:
    """A view. Raises NotFound."""
    return _judged(views.shown(view_id))


def create(draft: SavedViewDraft) -> SavedViewView:
    """Keep a view. Raises Invalid, Forbidden."""
    _check(draft.entity, draft.filter, draft.columns)
    made = SavedView(entity=draft.entity, name=draft.name, filter=draft.filter, columns=draft.columns)
    _give(made, draft.audience, draft.team_id)
    views.add(made)
    publish(ViewSaved(view_id=made.id, entity=made.entity, audience=draft.audience), of=made)
    return _judged(views.written(made.id))


def change(view_id: UUID, patch: SavedViewPatch, *, version: int | None) -> SavedViewView:
    """Change a view. Raises NotFound, PreconditionFailed, Invalid, Forbidden."""
    found = views.get(view_id, version=version)
    _require_say(found)
    changes = patch.changes()
    if not changes:
        return _judged(views.shown(found.id))
    # Asked before anything changes: a question would write what has, and count it as a change of its own.
    if changes.keys() & {"filter", "columns"}:
        _check(found.entity, changes.get("filter", found.filter), changes.get("columns", found.columns))
    if changes.keys() & {"audience", "team_id"}:
        audience = changes.get("audience", audience_of(found))
        _give(found, audience, changes.get("team_id", found.team_id if audience == "team" else None))
    for name in changes.keys() & {"name", "filter", "columns"}:
        setattr(found, name, changes[name])
    views.save()
    publish(ViewChanged(view_id=found.id, fields=sorted(changes)), of=found)
    return _judged(views.written(found.id))


def delete(view_id: UUID, *, version: int | None) -> None:
    """Delete a view. Raises NotFound, PreconditionFailed, Forbidden."""
    found = views.get(view_id, version=version)
    _require_say(found)
    views.remove(found)
    publish(ViewDeleted(view_id=found.id, entity=found.entity))


def pin(view_id: UUID) -> SavedViewView:
    """Begin the list with this view from now on. Raises NotFound."""
    found = views.shown(view_id)
    pins.keep(current_user_id(), entity=found.entity, view_id=found.id)
    return view(view_id)


def unpin(view_id: UUID) -> None:
    """Begin the list with no view, where it was this one. Raises NotFound."""
    pins.let_go(current_user_id(), view_id=views.shown(view_id).id)


def audience_of(found: SavedView) -> Audience:
    """Who sees a view."""
    if found.owner_id is not None:
        return "private"
    return "team" if found.team_id is not None else "agency"


def _judged(found: SavedViewView) -> SavedViewView:
    return structs.replace(found, broken=judging.faults(found.entity, found.filter, found.columns))


def _check(entity: str, question: dict[str, str], columns: list[str]) -> None:
    wrong = judging.faults(entity, question, columns)
    if wrong:
        raise Invalid(errors=wrong)


def _give(found: SavedView, audience: Audience, team_id: UUID | None) -> None:
    """Let it be the caller's, a team's or the agency's. Raises Invalid, Forbidden."""
    if (audience == "team") != (team_id is not None):
        message = "Say which team sees it" if audience == "team" else "Only what a team sees has one"
        raise Invalid(errors=[Fault("/team_id", "required" if audience == "team" else "not_possible", message)])
    if team_id is not None and team_id not in teams.known([team_id]):
        raise Invalid(errors=[Fault("/team_id", "unknown", "There is no such team")])
    found.owner_id, found.team_id = (current_user_id() if audience == "private" else None), team_id
    _require_say(found)


def _require_say(found: SavedView) -> None:
    """Raise Forbidden unless the view is the caller's to decide about."""
    actor: Any = current_actor()
    if found.owner_id is not None and found.owner_id == actor.user_id:
        return
    reach = actor.require(SHARE.name)
    if reach is Scope.ALL or (found.team_id is not None and found.team_id in actor.team_ids):
        return
    raise Forbidden("Only who may share with all of the agency decides about this view")
