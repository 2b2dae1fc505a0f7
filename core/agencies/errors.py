"""What can go wrong with agencies and brands."""

from __future__ import annotations

from core.errors import Conflict


class SuspendedAlready(Conflict):
    """The agency is suspended, or works, as it was to be."""

    code = "agency_unchanged"
    title = "It is so already"


class CodeTaken(Conflict):
    """Another brand of the agency has this code."""

    code = "brand_code_taken"
    title = "There is a brand with this code already"


class SlugTaken(Conflict):
    """Another agency has this slug."""

    code = "agency_slug_taken"
    title = "There is an agency with this slug already"
