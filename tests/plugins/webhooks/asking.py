"""What tests ask the API about webhooks, and a receiver's own library."""

from __future__ import annotations

from typing import Any

from standardwebhooks.webhooks import Webhook

from core.testing.clients import ApiClient, ok
from tests.plugins.webhooks.conftest import Received


def verified(secret: str, received: Received) -> dict[str, Any]:
    """The message, where a receiver's own library takes it for genuine."""
    found: dict[str, Any] = Webhook(secret).verify(received.body, received.headers)
    return found


def deliveries(api: ApiClient, endpoint: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(api.get(f"/webhooks/endpoints/{endpoint['id']}/deliveries{query}"))["items"]
    return found


def shown(api: ApiClient, delivery: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = ok(api.get(f"/webhooks/endpoints/{delivery['endpoint_id']}/deliveries/{delivery['id']}"))
    return found


def states(api: ApiClient, endpoint: dict[str, Any]) -> dict[str, int]:
    """How many messages are in each state, and how many attempts were made."""
    items = ok(api.get(f"/webhooks/endpoints/{endpoint['id']}/deliveries?limit=200"))["items"]
    found: dict[str, int] = {}
    for each in items:
        found[each["state"]] = found.get(each["state"], 0) + 1
    return found


def of(api: ApiClient, endpoint: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = ok(api.get(f"/webhooks/endpoints/{endpoint['id']}"))
    return found
