"""Credentials in an address, which proxies log and browsers remember: refused wherever they come."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from core.errors import TokenInAddress

# An access token, a refresh token; and by name, whatever it holds, what RFC 6750 once allowed (RFC 9700 forbids it).
_CREDENTIAL = re.compile(r"(?:^|[&;])access_token=|eyJ[\w-]+\.eyJ[\w-]+\.|tfr_[\w-]{40}")
_SHORTEST = len("access_token=")


def refuse_credentials(query_string: str) -> None:
    """Raise TokenInAddress where a query string holds a token."""
    if len(query_string) < _SHORTEST:
        return
    if _CREDENTIAL.search(query_string) or _CREDENTIAL.search(unquote_plus(query_string)):
        raise TokenInAddress
