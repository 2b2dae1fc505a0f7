"""Fields and leads for tests."""

from __future__ import annotations

from typing import Any

from core.testing.clients import ApiClient, ok

TIERS = [{"code": "gold", "label": "Gold"}, {"code": "silver", "label": "Silver"}]
EVERY: dict[str, Any] = {
    "card": "A-17",
    "fee": "12.50",
    "renewal": "2027-05-14",
    "insured": False,
    "tier": "gold",
    "likes": ["silver", "gold"],
}
"""A value for each field of the agency `six`."""


def field(api: ApiClient, key: str, kind: str, entity: str = "leads.lead", **more: Any) -> Any:
    """A field of the agency's own."""
    body = {"entity": entity, "key": key, "label": key.title(), "kind": kind, **more}
    return ok(api.post("/custom-fields", body), 201)


def lead(api: ApiClient, values: dict[str, Any] | None = None, **more: Any) -> Any:
    """A lead with values."""
    own = {} if values is None else {"custom_fields": values}
    return ok(api.post("/leads", {"contact": {"name": "Ana Duarte"}, **own, **more}), 201)
