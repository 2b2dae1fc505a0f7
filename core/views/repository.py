"""Queries for saved views."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, any_, bindparam, case, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from core import clock, ids
from core.actor import Scope, acting_user_id, current_actor
from core.db.query import Filter, Listing, ListQuery, Page
from core.db.repository import Ownership, Repository
from core.db.tenancy import current_agency_id
from core.extensions import db
from core.views.models import SavedView, ViewPin
from core.views.permissions import SHARE
from core.views.schemas import SavedViewView

# Evaluated when a statement runs: one cached statement serves everybody.
_ME = bindparam("viewer", callable_=acting_user_id, type_=Uuid())
_DERIVED: dict[str, Any] = {
    "audience": case(
        (SavedView.owner_id.is_not(None), "private"), (SavedView.team_id.is_not(None), "team"), else_="agency"
    ),
    "pinned": exists().where(ViewPin.view_id == SavedView.id, ViewPin.user_id == _ME).correlate(SavedView),
}
_NAMES = [name for name in SavedViewView.__struct_fields__ if name != "broken"]
_COLUMNS: list[Any] = [_DERIVED[name] if name in _DERIVED else getattr(SavedView, name) for name in _NAMES]
VIEW = select(*_COLUMNS)
_PINS = ViewPin.metadata.tables[ViewPin.__tablename__]


class Views(Repository[SavedView]):
    """The views one keeps, those of one's teams, and the agency's; who may share with all sees all that is shared."""

    model = SavedView
    permission = "views.read"
    subject = "views.view"
    # Shared ones have no owner, so that they outlast whoever made them.
    ownership = Ownership(SavedView.owner_id, on_leaving="removed")
    listing = Listing(
        filters={"entity": Filter(SavedView.entity, str, "What the list is of: `leads.lead`.")},
        sorts={"name": SavedView.name, "created_at": SavedView.created_at},
        default_sort="name",
    )

    def scope(self) -> Scope:
        """Whether every team's are theirs to look after."""
        return Scope.ALL if current_actor().scope_of(SHARE.name) is Scope.ALL else Scope.TEAM

    def in_scope(self) -> ColumnElement[bool]:
        """Rows the caller may see."""
        mine = SavedView.owner_id == bindparam("scope_user", type_=Uuid())
        shared: ColumnElement[bool] = SavedView.owner_id.is_(None)
        if self.scope() is Scope.ALL:
            return or_(mine, shared)
        theirs = SavedView.team_id == any_(bindparam("scope_teams", type_=ARRAY(Uuid())))
        return or_(mine, and_(shared, or_(SavedView.team_id.is_(None), theirs)))

    def scope_values(self) -> dict[str, Any]:
        """The bind values of `in_scope`."""
        actor = current_actor()
        values: dict[str, Any] = {"scope_user": actor.user_id}
        return values if self.scope() is Scope.ALL else values | {"scope_teams": list(actor.team_ids)}

    def rows(self, query: ListQuery) -> Page[SavedViewView]:
        """A page of views."""
        return self.page(query, VIEW, SavedViewView)

    def shown(self, view_id: UUID) -> SavedViewView:
        """A view. Raises NotFound."""
        return self.view(view_id, VIEW, SavedViewView)

    def written(self, view_id: UUID) -> SavedViewView:
        """A view the caller has just written."""
        return self.view_after_change(view_id, VIEW, SavedViewView)


class Pins(Repository[ViewPin]):
    """Which views people begin with."""

    model = ViewPin
    permission = "views.read"
    ownership = Ownership(ViewPin.user_id, on_leaving="removed")

    def keep(self, user_id: UUID, *, entity: str, view_id: UUID) -> None:
        """Let somebody begin a list with this view; of two at once the later one counts."""
        now = clock.now()
        row = {"user_id": user_id, "entity": entity, "view_id": view_id, "agency_id": current_agency_id()}
        pinned = insert(_PINS).values(**row, id=ids.new(), version=1, created_at=now, updated_at=now)
        newest = {"view_id": pinned.excluded.view_id, "updated_at": now, "version": _PINS.c.version + 1}
        keys = ["agency_id", "user_id", "entity"]
        db.session.connection().execute(pinned.on_conflict_do_update(index_elements=keys, set_=newest))

    def let_go(self, user_id: UUID, *, view_id: UUID) -> None:
        """Let somebody begin with this view no more."""
        mine = delete(ViewPin).where(ViewPin.user_id == user_id, ViewPin.view_id == view_id)
        db.session.execute(mine, execution_options={"synchronize_session": False})


views = Views()
pins = Pins()
