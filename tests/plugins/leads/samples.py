"""How the contract tests call the routes of leads."""

from __future__ import annotations

from collections.abc import Mapping

from core.testing.clients import ApiClient, ok
from tests.contract.sample import Sample


def _delete(api: ApiClient, address: str) -> None:
    ok(api.delete(address.removesuffix("/restore"), version="*"), 204)


def _lead(api: ApiClient) -> str:
    made: str = ok(api.post("/leads", {"contact": {"name": "Ben Okri"}}), 201)["id"]
    return made


SAMPLES: Mapping[str, Sample] = {
    "leads.bulk": Sample(
        body=lambda api, number: {"ids": [_lead(api)], "action": {"type": "add_tags", "tags": [f"tag {number}"]}}
    ),
    "leads.restore": Sample(before=_delete),
    "leads.move": Sample(body=lambda api, number: {"to": "contacted", "note": "Spoke on the phone."}),
    "leads.change_note": Sample(body=lambda api, number: {"pinned": True}),
    "leads.assign": Sample(body=lambda api, number: {"owner_id": str(api.user_id)}),
}
