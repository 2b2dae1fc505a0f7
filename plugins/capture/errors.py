"""What can go wrong with capture."""

from __future__ import annotations

from core.sdk import Conflict, Forbidden, Unauthorized


class OriginNotAllowed(Forbidden):
    """The form does not stand on pages of this origin."""

    code = "origin_not_allowed"
    title = "This form is not for pages of this origin"


class NotFromTheSender(Unauthorized):
    """The signature, secret or password is missing or wrong, or the message is too old."""

    code = "hook_not_authenticated"
    title = "Nothing shows that this is from the sender"


class TooManySources(Conflict):
    """The agency has as many forms or hooks as it may have."""

    code = "capture_sources_exhausted"
    title = "The agency has as many of these as it may have"


class CapturedAlready(Conflict):
    """There is a lead of it."""

    code = "capture_is_a_lead_already"
    title = "It became a lead already"


class NothingLeft(Conflict):
    """What it said was erased, or its form or hook is gone."""

    code = "capture_nothing_left"
    title = "Nothing is left to make a lead of"
