"""What leads say about people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.orm import aliased

from core.sdk import custom_fields, db, privacy

from ..models import Attachment, Call, CallVersion, Lead, Merge, Note, NoteVersion, StatusChange, Tag

M = TypeVar("M")


class Personal:
    """What leads say about people, whoever may see it, deleted or not."""

    def leads_of(self, contact_ids: Collection[UUID]) -> Sequence[Lead]:
        """The leads of contacts."""
        return self._all(select(Lead).where(Lead.contact_id.in_(contact_ids)).order_by(Lead.id))

    def merges_of(self, contact_ids: Collection[UUID]) -> Sequence[Merge]:
        """The merges of leads of contacts."""
        theirs = or_(Merge.contact_id.in_(contact_ids), Merge.other_contact_id.in_(contact_ids))
        return self._all(select(Merge).where(theirs).order_by(Merge.id))

    def children_of(self, leads: Sequence[Lead]) -> list[Call | Note | StatusChange | Tag]:
        """The tags, notes, calls and steps of leads."""
        ids = [lead.id for lead in leads]
        tags = self._all(select(Tag).where(Tag.lead_id.in_(ids)).order_by(Tag.id))
        notes = self._all(select(Note).where(Note.lead_id.in_(ids)).order_by(Note.id))
        calls = self._all(select(Call).where(Call.lead_id.in_(ids)).order_by(Call.id))
        return [*tags, *notes, *calls, *self._all(select(StatusChange).where(StatusChange.lead_id.in_(ids)))]

    def clear_tags_and_steps(self, leads: Sequence[Lead]) -> None:
        """Remove the tags of leads, and what was written down about their steps."""
        ids = [lead.id for lead in leads]
        db.session.flush()
        db.session.execute(delete(Tag).where(Tag.lead_id.in_(ids)))
        # Nothing else of a step can be changed: the application's role has no other right to.
        steps = update(StatusChange).where(StatusChange.lead_id.in_(ids), StatusChange.note.is_not(None))
        db.session.execute(steps.values(note=None, updated_at=StatusChange.updated_at))

    def forget_merges(self, leads: Sequence[Lead]) -> None:
        """Remove what it takes to undo the merges of leads: it says what they said."""
        ids = [lead.id for lead in leads]
        db.session.execute(delete(Merge).where(or_(Merge.lead_id.in_(ids), Merge.other_id.in_(ids))))

    def lost_before(self, before: datetime, *, but: Sequence[UUID], most: int) -> Sequence[Lead]:
        """Leads that were lost before an instant and still say something, with what went into them.

        Those of some contacts are left out.
        """
        return self._all(select(Lead).where(*_lost(before, but)).order_by(Lead.id).limit(most))

    def count_lost_before(self, before: datetime, *, but: Sequence[UUID]) -> int:
        """How many those are."""
        counted = select(func.count()).select_from(Lead).where(*_lost(before, but))
        return db.session.scalar(counted, execution_options={"include_deleted": True}) or 0

    def _all(self, statement: Select[M]) -> Sequence[M]:
        return db.session.scalars(statement, execution_options={"include_deleted": True}).all()


def _lost(before: datetime, but: Sequence[UUID]) -> tuple[ColumnElement[bool], ...]:
    stays = aliased(Lead)
    says = or_(
        *(column.is_not(None) for column in (Lead.restrictions, Lead.occasion, Lead.departure_city, Lead.utm)),
        *(column.is_not(None) for column in (Lead.nationality, Lead.residency, Lead.next_action)),
        Lead.score_reasons.is_not(None),
        *(column != [] for column in (Lead.interests, Lead.children_ages)),
        select(Tag.id).where(Tag.lead_id == Lead.id).exists(),
        custom_fields.said_of(Lead.id),
        privacy.said_elsewhere("leads.lead", Lead.id),
        select(Call.id)
        .where(Call.lead_id == Lead.id, or_(Call.note.is_not(None), Call.next_action.is_not(None)))
        .exists(),
        *(select(kept.id).where(kept.lead_id == Lead.id).exists() for kept in (Attachment, CallVersion, NoteVersion)),
        select(Note.id).where(Note.lead_id == Lead.id, Note.text != privacy.NAMELESS).exists(),
        select(StatusChange.id).where(StatusChange.lead_id == Lead.id, StatusChange.note.is_not(None)).exists(),
        *(select(Merge.id).where(lead_id == Lead.id).exists() for lead_id in (Merge.lead_id, Merge.other_id)),
    )
    # What went into a lead is part of it, whatever became of it before.
    lost = select(stays.id).where(stays.status == "lost", stays.status_since < before, stays.merged_into.is_(None))
    return (func.coalesce(Lead.merged_into, Lead.id).in_(lost), Lead.contact_id.not_in(but), says)


personal = Personal()
