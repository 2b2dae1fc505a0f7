"""How to call the routes of the core modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.testing.clients import ApiClient, ok
from tests.contract.sample import Sample


def _agency_slug(api: ApiClient, number: int) -> dict[str, str]:
    return {"agency": ok(api.get("/agencies/current"))["slug"]}


def _member(api: ApiClient, number: int) -> dict[str, object]:
    password = "a long and quiet passphrase"
    return {"email": f"ana{number}@example.com", "name": "Ana", "roles": ["agent"], "password": password}


SAMPLES: Mapping[str, Sample] = {
    "agencies.create_brand": Sample(body=lambda api, number: {"code": f"brand-{number}", "name": "Sunrise"}),
    "roles.create": Sample(
        body=lambda api, number: {"code": f"desk_{number}", "name": "Night desk", "permissions": {"leads.read": "team"}}
    ),
    "roles.change": Sample(body=lambda api, number: {"name": "Day desk"}),
    "users.add": Sample(body=_member),
    "users.change": Sample(body=lambda api, number: {"state": "suspended"}),
    "users.create_team": Sample(body=lambda api, number: {"name": f"Team {number}"}),
    "users.change_team": Sample(body=lambda api, number: {"name": f"Other team {number}"}),
    "plugins.change": Sample(body=lambda api, number: {"enabled": True}),
    "auth.login": Sample(status=401),
    "auth.refresh": Sample(status=401),
    "auth.switch": Sample(body=_agency_slug),
    # The people of tests have no password.
    "auth.change_password": Sample(status=422),
}
ROWS: Mapping[str, Callable[[ApiClient], str]] = {"/plugins/<name>": lambda api: "leads"}
