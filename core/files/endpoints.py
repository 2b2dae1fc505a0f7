"""The one address that gives files away: to whoever has a link that is still good."""

from __future__ import annotations

from flask import Blueprint, Response, request

from core.files import service
from core.files.schemas import FileRow
from core.http.attachments import disposition
from core.http.contract import Rule, declare

blueprint = Blueprint("files", __name__)
_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


@blueprint.get("/<token>")
def download(token: str) -> Response:
    """Give a file away, as something to keep and never as a page of ours."""
    row, key = service.linked(token)
    etag = f'"{row.sha256}"'
    if request.if_none_match.contains(row.sha256):
        return _dressed(Response(status=304), row, etag)
    start, stop = _wanted(row, etag)
    if start >= stop and row.size:
        unmet = Response(status=416)
        unmet.headers["Content-Range"] = f"bytes */{row.size}"
        return _dressed(unmet, row, etag)
    partly = (start, stop) != (0, row.size)
    body = [] if request.method == "HEAD" else service.opened(key, start=start, length=stop - start)
    response = Response(body, 206 if partly else 200, content_type=row.media_type)
    response.headers["Content-Length"] = str(stop - start)
    if partly:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{row.size}"
    return _dressed(response, row, etag)


def _wanted(row: FileRow, etag: str) -> tuple[int, int]:
    """From where to where: all of it, unless one range is asked for; several may be answered with all (RFC 9110)."""
    asked = request.range
    stale = "If-Range" in request.headers and request.headers["If-Range"] != etag
    if asked is None or stale or asked.units != "bytes" or len(asked.ranges) != 1:
        return 0, row.size
    return asked.range_for_length(row.size) or (row.size, row.size)


def _dressed(response: Response, row: FileRow, etag: str) -> Response:
    response.headers["Content-Disposition"] = disposition(row.name)
    response.headers["Content-Security-Policy"] = _POLICY
    # The pages that show it are of another origin; who may have it says the link.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = etag
    return response


declare(download, Rule(public=True, cost=0, origin="files"))
