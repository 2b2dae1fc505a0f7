"""How to call the routes of identity providers: one that nobody may reach answers nothing, which is an answer too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from core import ids
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.oidc.models import IdentityLink
from core.oidc.repository import links
from core.testing.clients import ApiClient, ok
from tests.contract.sample import Sample


def _draft(api: ApiClient, number: int) -> dict[str, Any]:
    """An issuer that is refused before any name is looked up."""
    return {
        "name": f"Sunrise {ids.new()}",
        "issuer": "https://127.0.0.1",
        "client_id": "tripfile",
        "client_secret": "what-the-provider-gave-you",
        "email_domains": ["sunrise.example"],
    }


def _provider(api: ApiClient) -> str:
    found: str = ok(api.post("/oidc/providers", _draft(api, 0)), 201)["id"]
    return found


def _domain(api: ApiClient) -> str:
    found: str = ok(api.post("/oidc/domains", {"domain": f"d{ids.new().hex}.example"}), 201)["id"]
    return found


def _link(api: ApiClient, address: str = "") -> str:
    provider_id = UUID(_provider(api))
    with api.app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
        link = links.add(IdentityLink(provider_id=provider_id, subject=str(ids.new()), user_id=api.user_id))
        return str(link.id)


SAMPLES: Mapping[str, Sample] = {
    "oidc.create": Sample(body=_draft),
    "oidc.change": Sample(body=lambda api, number: {"name": f"Other {ids.new()}"}),
    "oidc.start": Sample(body=lambda api, number: {}, status=502),
    "oidc.finish": Sample(body=lambda api, number: {"state": "x", "code": "x", "binding": "x"}, status=401),
    "oidc.search_links": Sample(before=_link),
    "oidc.start_link": Sample(body=lambda api, number: {"provider_id": _provider(api)}, status=502),
    "oidc.finish_link": Sample(body=lambda api, number: {"state": "x", "code": "x", "binding": "x"}, status=401),
    "oidc.create_domain": Sample(body=lambda api, number: {"domain": f"d{ids.new().hex}.example"}),
}
ROWS: Mapping[str, Callable[[ApiClient], str]] = {
    "/oidc/agencies/<name>": lambda api: str(ok(api.get("/agencies/current"))["slug"]),
    "/oidc/<uuid:provider_id>": _provider,
    "/oidc/links/<uuid:link_id>": _link,
    "/oidc/domains/<uuid:domain_id>": _domain,
}
SHARED = frozenset({"/oidc/agencies/<name>", "/oidc/<uuid:provider_id>"})
"""Sign-in pages: whoever looks at one is nobody yet."""
