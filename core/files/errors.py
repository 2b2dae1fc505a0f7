"""What can go wrong with files that are kept."""

from __future__ import annotations

from core.errors import Forbidden, Problem, Unavailable


class StorageFull(Problem):
    """The agency's files already take as much as they may (FILES_QUOTA)."""

    status = 413
    code = "storage_quota_exceeded"
    title = "There is no room left for this file"


class StorageDown(Unavailable):
    """The storage of files cannot be reached, or its disk is full."""

    code = "storage_unavailable"


class LinkRefused(Forbidden):
    """The link has expired, or was not made here."""

    code = "file_link_refused"
    title = "This link is no longer good; ask for a new one"
