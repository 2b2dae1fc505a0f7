"""How the contract tests call the routes of contacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.testing.clients import ApiClient, ok
from tests.contract.sample import Sample


def _delete(api: ApiClient, address: str) -> None:
    ok(api.delete(address.removesuffix("/restore"), version="*"), 204)


def _contact(api: ApiClient) -> str:
    made: str = ok(api.post("/contacts", {"name": "Ben Okri"}), 201)["id"]
    return made


def _pair(api: ApiClient, number: int) -> dict[str, Any]:
    return {"other_id": ok(api.post("/contacts", {"name": f"Other {number}"}), 201)["id"]}


def _merge(api: ApiClient, number: int) -> dict[str, Any]:
    return {**_pair(api, number), "other_version": 1}


def _merge_into(api: ApiClient, address: str) -> str:
    made: str = ok(api.post(f"{address.removesuffix('/merges')}/merge", _merge(api, 0), version="*"))["id"]
    return made


def _household(api: ApiClient) -> str:
    made: str = ok(api.post("/contacts", {"name": "Okri family", "kind": "household"}), 201)["id"]
    return made


def _member(api: ApiClient, number: int) -> dict[str, Any]:
    return {"contact_id": _contact(api), "role": "spouse"}


def _join(api: ApiClient, address: str) -> None:
    group, _, person = address.rpartition("/")
    ok(api.post(group, {"contact_id": person}))


def _consents(api: ApiClient, number: int) -> dict[str, Any]:
    return {"consents": [{"state": "given", "purpose": "newsletter", "channel": "email"}]}


def _merged(api: ApiClient) -> str:
    return _merge_into(api, f"/contacts/{_pair(api, 1)['other_id']}")


def _new(api: ApiClient, number: int) -> dict[str, Any]:
    # What only companies have is not in one body with what only people have.
    return {"name": f"Ben Okri {number}", "given_name": "Ben", "emails": [{"address": f"ben{number}@example.com"}]}


SAMPLES: Mapping[str, Sample] = {
    "contacts.create": Sample(body=_new),
    "contacts.record_consents": Sample(body=_consents),
    "contacts.put_member": Sample(body=_member),
    "contacts.remove_member": Sample(before=_join),
    "contacts.merge": Sample(body=_merge),
    "contacts.search_merges": Sample(before=_merge_into),
    "contacts.distinguish": Sample(body=_pair),
    "contacts.confuse": Sample(body=_pair),
    "contacts.bulk": Sample(
        body=lambda api, number: {
            "ids": [_contact(api)],
            "action": {"type": "assign", "owner_id": str(api.user_id)},
        }
    ),
    "contacts.restore": Sample(before=_delete),
    "contacts.assign": Sample(body=lambda api, number: {"owner_id": str(api.user_id)}),
}
ROWS: Mapping[str, Callable[[ApiClient], str]] = {
    "/contacts/merges/<uuid:merge_id>": _merged,
    "/contacts/<uuid:group_id>": _household,
    "/contacts/<uuid:group_id>/members/<uuid:member_id>": _contact,
}
