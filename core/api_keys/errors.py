"""What can go wrong with API keys."""

from __future__ import annotations

from core.errors import Conflict


class ApiKeyEnded(Conflict):
    """The key was revoked or has expired."""

    code = "api_key_ended"
    title = "This API key was revoked or has expired; make another one"


class NotYourKey(Conflict):
    """A key opens nothing more, and its secret is shown to nobody, but by the one in whose name it acts."""

    code = "not_your_key"
    title = "Only its owner may change or rotate a key"
