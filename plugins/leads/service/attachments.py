"""Files of leads."""

from __future__ import annotations

from uuid import UUID

from core.sdk import ListQuery, Page, Upload, acting_user_id, files, publish, uploads

from ..events import FileAttached, FileRemoved
from ..models import Attachment
from ..repository import leads
from ..repository.attachments import attachments
from ..schemas.timeline import AttachmentView
from . import reach

ACCEPTS = uploads.Accepts(kinds=(*uploads.DOCUMENTS, *uploads.IMAGES, uploads.CSV), max_bytes=25 * uploads.MIB)


def rows(lead_id: UUID, query: ListQuery) -> Page[AttachmentView]:
    """A page of a lead's files. Raises NotFound."""
    return attachments.rows(leads.with_merged(lead_id), query)


def link(lead_id: UUID, attachment_id: UUID) -> files.FileLink:
    """Where to get a file for the next minutes. Raises NotFound."""
    return files.link(attachments.of_one(attachment_id, on=leads.with_merged(lead_id)).file_id)


def attach(lead_id: UUID, upload: Upload) -> AttachmentView:
    """Keep a file with a lead. Raises NotFound, StorageFull, StorageDown."""
    leads.require(lead_id)
    attachment = attachments.add(
        Attachment(
            lead_id=lead_id,
            file_id=files.keep(upload, purpose="leads.attachment"),
            author_id=acting_user_id(),
            name=upload.name,
            media_type=upload.media_type,
            size=upload.size,
        )
    )
    publish(FileAttached(lead_id=lead_id, attachment_id=attachment.id))
    return attachments.written(attachment.id)


def remove(lead_id: UUID, attachment_id: UUID, *, version: int | None) -> None:
    """Remove one's own file, or with `leads.delete` for the lead anybody's.

    Raises Forbidden, NotFound, PreconditionFailed.
    """
    attachment = attachments.of_one(attachment_id, on=leads.with_merged(lead_id), version=version)
    if attachment.author_id != acting_user_id():
        reach.require_delete(lead_id)
    forget(attachment)
    publish(FileRemoved(lead_id=lead_id, attachment_id=attachment_id))


def forget(attachment: Attachment) -> None:
    """Remove a file and its bytes."""
    # The row that points at it goes first.
    attachments.remove(attachment)
    files.forget(attachment.file_id)
