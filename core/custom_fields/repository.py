"""Queries for the fields an agency added."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true

from core.actor import Scope
from core.custom_fields import definitions
from core.custom_fields.models import CustomField, CustomValue
from core.custom_fields.schemas import CustomFieldView
from core.db import read
from core.db.query import Filter, Listing, ListQuery, Page
from core.db.repository import Repository
from core.extensions import db

VIEW = select(*read.columns(CustomFieldView, CustomField))


class Fields(Repository[CustomField]):
    """The fields of an agency; those that are not for everybody are not there for who may not see them."""

    model = CustomField
    permission = "custom_fields.read"
    subject = "custom_fields.field"
    listing = Listing(
        filters={
            "entity": Filter(CustomField.entity, str, "What has the field: `leads.lead`."),
            "archived": Filter(CustomField.archived, bool, "Whether it is out of use."),
        },
        sorts={"position": CustomField.position, "created_at": CustomField.created_at},
        default_sort="position",
    )

    def scope(self) -> Scope:
        """All, or those for everybody."""
        return Scope.ALL if definitions.sees_restricted() else Scope.OWN

    def in_scope(self) -> ColumnElement[bool]:
        """Rows the caller may see."""
        return true() if self.scope() is Scope.ALL else CustomField.seen_by == "everybody"

    def rows(self, query: ListQuery) -> Page[CustomFieldView]:
        """A page of fields."""
        return self.page(query, VIEW, CustomFieldView)

    def shown(self, field_id: UUID) -> CustomFieldView:
        """A field. Raises NotFound."""
        return self.view(field_id, VIEW, CustomFieldView)

    def written(self, field_id: UUID) -> CustomFieldView:
        """A field the caller has just written."""
        return self.view_after_change(field_id, VIEW, CustomFieldView)

    def in_use(self, entity: str) -> Sequence[CustomField]:
        """The fields of an entity in their order, whoever may see them."""
        mine = select(CustomField).where(CustomField.entity == entity, CustomField.archived.is_(False))
        return db.session.scalars(mine.order_by(CustomField.position, CustomField.id)).all()

    def has_key(self, entity: str, key: str) -> bool:
        """Whether a field, archived or not, has a key."""
        mine = select(CustomField.id).where(CustomField.entity == entity, CustomField.key == key)
        return db.session.scalar(mine) is not None

    def count(self, entity: str) -> int:
        """How many fields an entity has or had."""
        mine = select(func.count()).select_from(CustomField).where(CustomField.entity == entity)
        return db.session.scalar(mine) or 0

    def has_values(self, field_id: UUID) -> bool:
        """Whether anything has a value of a field."""
        mine = select(CustomValue.field_id).where(CustomValue.field_id == field_id).limit(1)
        return db.session.scalar(mine) is not None

    def chosen(self, field_id: UUID, codes: Sequence[str]) -> set[str]:
        """Which of these choices something has."""
        mine = select(CustomValue.text_start).where(CustomValue.field_id == field_id)
        return {each for each in db.session.scalars(mine.where(CustomValue.text_start.in_(codes)).distinct()) if each}


fields = Fields()
