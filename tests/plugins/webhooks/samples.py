"""How the contract tests call the routes of webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import make_url

from core.testing.clients import ApiClient
from tests.contract.sample import Sample


def _endpoint(api: ApiClient, number: int) -> dict[str, Any]:
    # Crowds are larger than any agency may be.
    api.app.extensions["tripfile.plugins"].settings["webhooks"].most_endpoints = 1_000_000
    # An address of the public internet that needs no name server.
    return {"url": f"https://8.8.8.8/hooks/{number}", "events": ["leads.*"], "description": "Our accounts"}


def _finish(api: ApiClient, address: str) -> None:
    """A message that is still on its way is not sent again."""
    url = make_url(api.app.extensions["tripfile.settings"].database_owner_url.get_secret_value())
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        delivery_id = address.split("/")[-2]
        connection.execute(
            "UPDATE webhooks_delivery SET state = 'failed', finished_at = now() WHERE id = %s", [delivery_id]
        )


SAMPLES: Mapping[str, Sample] = {
    "webhooks.create": Sample(body=_endpoint),
    "webhooks.change": Sample(body=lambda api, number: {"description": "Their accounts", "events": ["*"]}),
    "webhooks.replay": Sample(before=_finish),
}
