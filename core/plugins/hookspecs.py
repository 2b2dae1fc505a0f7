"""The core's hooks: what several plugins may do at one point of the core. A hook arrives with its first caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import UUID

import pluggy
from flask import Flask, Request

if TYPE_CHECKING:
    from core.actor import Actor
    from core.config import Settings
    from core.privacy.subjects import Holding, Outcome, Subject, Words
    from core.storage.port import Storage
    from core.users.holdings import HandedOver

# A specification is a signature and a sentence; that it returns nothing itself is what `empty-body` below says.
PROJECT = "tripfile"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def app_ready(app: Flask) -> None:
    """The application is composed and about to serve; an error stops the start."""


@hookspec
def openapi_ready(document: dict[str, Any]) -> None:
    """The OpenAPI document is complete; change it in place."""


@hookspec(firstresult=True)
def storage_backend(settings: Settings) -> Storage | None:
    """Where files lie instead of the folder or bucket of the settings. Asked once; an error stops the start."""


@hookspec
def scan_upload(file: BinaryIO, name: str, media_type: str) -> str | None:
    """What is wrong with a file that came in, or None. Any reason refuses it, and an error lets nothing pass."""


@hookspec(firstresult=True)
def authenticate(request: Request) -> Actor | None:
    """Who sends this request. None where no credential of your kind came with it; raise Unauthorized on a bad one."""


@hookspec
def token_claims(actor: Actor) -> dict[str, Any]:  # type: ignore[empty-body]
    """Claims to add to an access token that is about to be issued. They are signed, not secret."""


@hookspec
def authorize(actor: Actor, permission: str, endpoint: str) -> str | None:
    """A reason to refuse a call the roles allow, or None. Any reason wins, and an error refuses."""


@hookspec(firstresult=True)
def rate_limit_key(request: Request) -> str | None:
    """What this request is counted under instead of its user or address, or None."""


@hookspec
def socket_rooms(actor: Actor) -> list[str]:  # type: ignore[empty-body]
    """More rooms to put a newly connected socket into."""


@hookspec
def agency_created(agency_id: UUID) -> None:
    """An agency was made, in the running unit of work: give it your defaults. An error undoes yours alone."""


@hookspec
def handed_over(what: HandedOver) -> None:
    """Rows got another owner because theirs left the agency: record it for each, in the running unit of work.

    The rows are changed already, those of plugins that are switched off too. An error undoes the hand-over.
    """


@hookspec
def personal_data(subject: Subject) -> list[Holding]:  # type: ignore[empty-body]
    """The rows you hold about a person in the acting agency, switched off or not; asked again as more is known.

    Where `subject` is of a kind you do not know, look for what its ids, e-mail addresses and phones lead to. An error
    stops the export.
    """


@hookspec
def erase_personal_data(subject: Subject) -> list[Outcome]:  # type: ignore[empty-body]
    """Overwrite these rows and every copy, or say why they stay; in the running unit of work, which may be undone.

    Afterwards `personal_data` must find nothing personal in them. An error stops the erasure.
    """


@hookspec
def words_about(kind: str) -> Words | None:
    """What you hold about things of a kind, as `leads.lead`, that you know by their ids alone; None where nothing is.

    Whoever lets its things say nothing any more once their time is over has you do so too, switched off or not.
    """


@hookspec
def health_checks() -> dict[str, Callable[[], None]]:  # type: ignore[empty-body]
    """Checks by name for `/health/ready`; each returns when well and raises when not."""
