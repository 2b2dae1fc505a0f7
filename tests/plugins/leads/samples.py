"""How the contract tests call the routes of leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.testing.clients import ApiClient, ok
from tests.contract.sample import Sample
from tests.plugins.leads.scorer import USUAL

_TARGETS = dict.fromkeys(("urgent", "high", "normal", "low"))


def _delete(api: ApiClient, address: str) -> None:
    ok(api.delete(address.removesuffix("/restore"), version="*"), 204)


def _lead(api: ApiClient) -> str:
    made: str = ok(api.post("/leads", {"contact": {"name": "Ben Okri"}}), 201)["id"]
    return made


def _pair(api: ApiClient, number: int) -> dict[str, Any]:
    return {"other_id": ok(api.post("/leads", {"contact": {"name": f"Other {number}"}}), 201)["id"]}


def _client(api: ApiClient) -> str:
    """Whose leads are merged: it takes one and the same."""
    address = "merged@example.com"
    found = ok(api.get(f"/contacts?email={address}"))["items"]
    made = found[0] if found else ok(api.post("/contacts", {"name": "Ana", "emails": [{"address": address}]}), 201)
    return str(made["id"])


def _merge(api: ApiClient, number: int) -> dict[str, Any]:
    return {"other_id": ok(api.post("/leads", {"contact_id": _client(api)}), 201)["id"], "other_version": 1}


def _same_client(api: ApiClient, address: str) -> None:
    ok(api.patch(address.rpartition("/")[0], {"contact_id": _client(api)}, version="*"))


def _merge_into(api: ApiClient, address: str) -> str:
    _same_client(api, address)
    made: str = ok(api.post(f"{address.rpartition('/')[0]}/merge", _merge(api, 0), version="*"))["id"]
    return made


def _merged(api: ApiClient) -> str:
    return _merge_into(api, f"/leads/{_pair(api, 1)['other_id']}/merges")


def _skilled(api: ApiClient, address: str) -> None:
    ok(api.call("PUT", f"/leads/skills/{api.user_id}", json={"languages": ["pt"], "destinations": ["Kenya"]}))


def _correct(api: ApiClient, address: str) -> None:
    ok(api.patch(address.removesuffix("/versions"), {"text": "Two quiet rooms."}, version="*"))


def _correct_call(api: ApiClient, address: str) -> None:
    ok(api.patch(address.removesuffix("/versions"), {"duration_seconds": 61}, version="*"))


def _scoring_rule(api: ApiClient) -> str:
    """One of those that are there: their number is limited, and a test may have made as many as it likes."""
    found: str = ok(api.get("/leads/scoring/rules?limit=1"))["items"][0]["id"]
    return found


SAMPLES: Mapping[str, Sample] = {
    "leads.find_duplicates": Sample(body=lambda api, number: {"contact": {"name": f"Ben Okri {number}"}}),
    "leads.log_call": Sample(body=lambda api, number: {"direction": "outbound", "outcome": "answered"}),
    "leads.merge": Sample(body=_merge, before=_same_client),
    "leads.search_merges": Sample(before=_merge_into),
    "leads.distinguish": Sample(body=_pair),
    "leads.confuse": Sample(body=_pair),
    "leads.bulk": Sample(
        body=lambda api, number: {"ids": [_lead(api)], "action": {"type": "add_tags", "tags": [f"tag {number}"]}}
    ),
    "leads.restore": Sample(before=_delete),
    "leads.move": Sample(body=lambda api, number: {"to": "contacted", "note": "Spoke on the phone."}),
    "leads_calls.change": Sample(body=lambda api, number: {"duration_seconds": number}),
    "leads_calls.search_versions": Sample(before=_correct_call),
    "leads.search_versions": Sample(before=_correct),
    "leads.change_note": Sample(body=lambda api, number: {"pinned": True}),
    "leads_rules.change_targets": Sample(body=lambda api, number: _TARGETS | {"normal": number}),
    "leads_rules.create": Sample(body=lambda api, number: {"name": f"Rule {number}", "priority": "high"}),
    "leads_rules.change": Sample(body=lambda api, number: {"position": number}),
    "leads_rules.attempt": Sample(body=lambda api, number: {"source": "web_form"}),
    "leads_rules.search_skills": Sample(before=_skilled),
    "leads_rules.set_skills": Sample(body=lambda api, number: {"languages": ["pt"], "destinations": ["Kenya"]}),
    "leads_scores.create": Sample(body=lambda api, number: {"label": f"Rule {number}", "points": 5}),
    "leads_scores.change": Sample(body=lambda api, number: {"position": number}),
    "leads_scores.change_policy": Sample(
        body=lambda api, number: USUAL | {"warm_from": 30, "hot_from": 31 + number % 60}
    ),
    "leads_scores.attempt": Sample(body=lambda api, number: {"rules": [{"label": f"Rule {number}", "points": 5}]}),
    "leads.assign": Sample(body=lambda api, number: {"owner_id": str(api.user_id)}),
}
ROWS: Mapping[str, Callable[[ApiClient], str]] = {
    "/leads/scoring/rules/<uuid:rule_id>": _scoring_rule,
    "/leads/merges/<uuid:merge_id>": _merged,
    "/leads/skills/<uuid:user_id>": lambda api: str(api.user_id),
}
