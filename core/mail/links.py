"""Links in letters: under the configured address, whatever host a request named."""

from __future__ import annotations

from flask import current_app

from core.checks import address
from core.config import Settings


def link(page: str, token: str) -> str:
    """The address of a page with a token for it: the front end's at FRONT_END_URL, or ours.

    The token stands behind the `#`: browsers keep it from servers, from their logs and from the pages that follow.
    """
    settings: Settings = current_app.extensions["tripfile.settings"]
    return f"{(settings.front_end_url or address(settings)).rstrip('/')}/app/{page}#token={token}"
