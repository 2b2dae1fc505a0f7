"""How to call the routes about people's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.privacy import exports
from core.testing.clients import ApiClient, ok
from tests.contract.sample import Sample


def _contact(api: ApiClient, number: int) -> dict[str, object]:
    """A contact of the agency, as requests about people name them."""
    made = ok(api.post("/contacts", {"kind": "person", "name": f"Ana {number}"}))
    return {"subject": {"kind": "contacts.contact", "id": made["id"]}}


def _erasure(api: ApiClient, number: int) -> dict[str, object]:
    return {**_contact(api, number), "reason": "asked_for"}


def _hold(api: ApiClient, number: int = 0) -> dict[str, object]:
    return {**_contact(api, number), "reason": "A claim in court"}


def _made(path: str, body: Callable[[ApiClient, int], object]) -> Callable[..., str]:
    """Makes something and answers with its id."""

    def make(api: ApiClient, address: str = "") -> str:
        return str(ok(api.post(path, body(api, 0)))["id"])

    return make


def _exported(api: ApiClient, address: str) -> None:
    """Have the export at this address made."""
    with api.app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
        exports.make(UUID(address.split("/")[-2]))


SAMPLES: Mapping[str, Sample] = {
    "privacy.export": Sample(body=_contact),
    "privacy.erase": Sample(body=_erasure),
    "privacy.preview": Sample(body=_contact),
    "privacy.place_hold": Sample(body=_hold),
    "privacy.change_retention": Sample(body=lambda api, number: {"days": 5}),
    "privacy.search_requests": Sample(before=_made("/privacy/exports", _contact)),
    "privacy.search_holds": Sample(before=_made("/privacy/holds", _hold)),
    "privacy.hand_out": Sample(before=_exported),
}
ROWS: Mapping[str, Callable[[ApiClient], str]] = {
    "/privacy/requests/<uuid:request_id>": _made("/privacy/exports", _contact),
    "/privacy/holds/<uuid:hold_id>": _made("/privacy/holds", _hold),
    "/privacy/retention/<name>": lambda api: "privacy.exports",
}
SHARED = frozenset({"/privacy/retention/<name>"})
