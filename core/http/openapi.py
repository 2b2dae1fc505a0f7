"""The OpenAPI 3.1 document of everything mounted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask_smorest

if TYPE_CHECKING:
    from core.http.application import Application

VERSION = "3.1.0"


class Api(flask_smorest.Api):  # type: ignore[misc] # flask-smorest ships no types
    """flask-smorest's registry of operations, without its marshmallow parts."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Application) -> None:
        super().__init__(app, spec_kwargs={"title": "Tripfile", "version": "1", "openapi_version": VERSION})

    def _register_responses(self) -> None:
        """Problems are components of ours; flask-smorest's are marshmallow schemas."""

    def _register_pagination_header(self) -> None:
        """Pages tell their cursor in the body."""

    def _register_etag_headers(self) -> None:
        """Tags are headers of ours."""

    def _register_error_handlers(self) -> None:
        """`problems` answers every error."""
