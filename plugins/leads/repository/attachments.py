"""Queries for the files of leads, and for what notes said before."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select

from core.sdk import Filter, Listing, ListQuery, NotFound, Operator, Page, Repository, db, read, users

from ..models import Attachment, NoteVersion
from ..schemas.notes import NoteVersionView
from ..schemas.timeline import AttachmentView
from . import notes

FILE = select(*read.columns(AttachmentView, Attachment, author_name=users.name_of(Attachment.author_id)))
VERSION = select(*read.columns(NoteVersionView, NoteVersion))


class Attachments(Repository[Attachment]):
    """The files of one lead; who may see the lead may see them."""

    model = Attachment
    permission = "leads.read"
    listing = Listing(
        filters={"media_type": Filter(Attachment.media_type, str, "What kind of file it is.", (Operator.EQ,))},
        sorts={"created_at": Attachment.created_at},
    )

    def rows(self, lead_ids: list[UUID], query: ListQuery) -> Page[AttachmentView]:
        """A page of the files of leads."""
        return self.page(query, FILE, AttachmentView, within={Attachment.lead_id: lead_ids})

    def written(self, attachment_id: UUID) -> AttachmentView:
        """One the caller has just attached."""
        return self.view_after_change(attachment_id, FILE, AttachmentView)

    def of_one(self, attachment_id: UUID, *, on: list[UUID], version: int | None = None) -> Attachment:
        """A file of one of these leads. Raises NotFound, PreconditionFailed."""
        attachment = self.get(attachment_id, version=version)
        if attachment.lead_id not in on:
            raise NotFound
        return attachment

    def of_leads(self, lead_ids: Sequence[UUID]) -> Sequence[Attachment]:
        """Every file of these leads."""
        return db.session.scalars(select(Attachment).where(Attachment.lead_id.in_(lead_ids))).all()


class NoteVersions(Repository[NoteVersion]):
    """What one note said before; who may see the lead may see it."""

    model = NoteVersion
    permission = "leads.read"
    listing = Listing(filters={}, sorts={"created_at": NoteVersion.created_at})

    def rows(self, lead_ids: list[UUID], note_id: UUID, query: ListQuery) -> Page[NoteVersionView]:
        """A page of what a note on one of these leads said, the latest first. Raises NotFound for no note of theirs."""
        within = {NoteVersion.lead_id: lead_ids, NoteVersion.note_id: note_id}
        found = self.page(query, VERSION, NoteVersionView, within=within)
        if not found.items:
            # Most notes never said anything else, and some are not there.
            notes.shown(note_id, on=lead_ids)
        return found

    def of_leads(self, lead_ids: Sequence[UUID]) -> Sequence[NoteVersion]:
        """Everything that notes on these leads have said before."""
        return db.session.scalars(select(NoteVersion).where(NoteVersion.lead_id.in_(lead_ids))).all()

    def forget(self, lead_ids: Sequence[UUID]) -> None:
        """Remove it."""
        db.session.execute(delete(NoteVersion).where(NoteVersion.lead_id.in_(lead_ids)))


attachments = Attachments()
versions = NoteVersions()
