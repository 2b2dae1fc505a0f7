"""How the contract tests call the routes of contacts."""

from __future__ import annotations

from collections.abc import Mapping

from core.testing.clients import ApiClient, ok
from tests.contract.sample import Sample


def _delete(api: ApiClient, address: str) -> None:
    ok(api.delete(address.removesuffix("/restore"), version="*"), 204)


def _contact(api: ApiClient) -> str:
    made: str = ok(api.post("/contacts", {"name": "Ben Okri"}), 201)["id"]
    return made


SAMPLES: Mapping[str, Sample] = {
    "contacts.bulk": Sample(
        body=lambda api, number: {
            "ids": [_contact(api)],
            "action": {"type": "assign", "owner_id": str(api.user_id)},
        }
    ),
    "contacts.restore": Sample(before=_delete),
    "contacts.assign": Sample(body=lambda api, number: {"owner_id": str(api.user_id)}),
}
