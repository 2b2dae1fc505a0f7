"""Identity providers over HTTP: setting them up, and signing in through them."""

from __future__ import annotations

from uuid import UUID

from core.auth.schemas import Challenge, Tokens
from core.config import Settings
from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint
from core.oidc import domains, linking, permissions, providers, sign_in
from core.oidc.repository import Domains, Links, Providers
from core.oidc.schemas import (
    Callback,
    CheckView,
    Choices,
    DomainDraft,
    DomainView,
    LinkStart,
    LinkView,
    ProviderDraft,
    ProviderPatch,
    ProviderView,
    Start,
    Started,
)


def _sign_ins(settings: Settings) -> str:
    return settings.rate_limit_login


blueprint = Blueprint("oidc", description="Sign in through an agency's own identity provider (OpenID Connect).")


@blueprint.get("/agencies/<name>/choices", public=True, limit=_sign_ins)
@blueprint.response(200, Choices)
def list_choices(name: str) -> Choices:
    """List the providers of the sign-in page of the agency with this slug."""
    return sign_in.choices(name)


@blueprint.post(
    "/<uuid:provider_id>/start", public=True, limit=_sign_ins, credentials=True, idempotency="off", problems=(502, 503)
)
@blueprint.arguments(Start)
@blueprint.response(200, Started)
def start(asked: Start, provider_id: UUID) -> Started:
    """Begin a sign-in: send the person to the address, and keep the binding until they are back."""
    return sign_in.begin(provider_id, asked)


@blueprint.post(
    "/callback",
    public=True,
    limit=_sign_ins,
    credentials=True,
    idempotency="off",
    problems=(401, 403, 502, 503),
)
@blueprint.arguments(Callback)
@blueprint.response(200, Tokens)
@blueprint.or_response(202, Challenge)
def finish(callback: Callback) -> Tokens | Challenge:
    """Complete a sign-in with what the person came back with. The session is good in the provider's agency alone."""
    return sign_in.complete(callback)


@blueprint.get("/providers", permission=permissions.MANAGE)
@blueprint.listing(Providers.listing)
@blueprint.response(200, Page[ProviderView])
def search(query: ListQuery) -> Page[ProviderView]:
    """List identity providers."""
    return providers.rows(query)


@blueprint.post("/providers", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.arguments(ProviderDraft)
@blueprint.response(201, ProviderView)
def create(draft: ProviderDraft) -> ProviderView:
    """Trust an identity provider. It takes every right there is: it decides who everybody is."""
    return providers.add(draft)


@blueprint.get("/providers/<uuid:provider_id>", permission=permissions.MANAGE)
@blueprint.response(200, ProviderView)
def show(provider_id: UUID) -> ProviderView:
    """Show an identity provider."""
    return providers.view(provider_id)


@blueprint.patch("/providers/<uuid:provider_id>", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.if_match
@blueprint.arguments(ProviderPatch)
@blueprint.response(200, ProviderView)
def change(patch: ProviderPatch, provider_id: UUID, version: int | None) -> ProviderView:
    """Change an identity provider, or switch it off: sessions opened through it then end."""
    return providers.change(provider_id, patch, version=version)


@blueprint.delete("/providers/<uuid:provider_id>", permission=permissions.MANAGE, step_up=True)
@blueprint.if_match
@blueprint.response(204)
def delete(provider_id: UUID, version: int | None) -> None:
    """Trust an identity provider no longer; sessions opened through it end."""
    providers.remove(provider_id, version=version)


@blueprint.post("/providers/<uuid:provider_id>/check", permission=permissions.MANAGE)
@blueprint.response(200, CheckView)
def check(provider_id: UUID) -> CheckView:
    """Ask an identity provider what it says of itself, and for its keys."""
    return providers.check(provider_id)


@blueprint.get("/links", permission=permissions.MANAGE)
@blueprint.listing(Links.listing)
@blueprint.response(200, Page[LinkView])
def search_links(query: ListQuery) -> Page[LinkView]:
    """List which members have signed in through which provider."""
    return providers.link_rows(query)


@blueprint.get("/links/<uuid:link_id>", permission=permissions.MANAGE)
@blueprint.response(200, LinkView)
def show_link(link_id: UUID) -> LinkView:
    """Show which member somebody is."""
    return providers.link(link_id)


@blueprint.delete("/links/<uuid:link_id>", permission=permissions.MANAGE, step_up=True)
@blueprint.if_match
@blueprint.response(204)
def unlink(link_id: UUID, version: int | None) -> None:
    """Forget who somebody is with a provider: the next sign-in finds out anew."""
    providers.unlink(link_id, version=version)


@blueprint.get("/domains", permission=permissions.MANAGE)
@blueprint.listing(Domains.listing)
@blueprint.response(200, Page[DomainView])
def search_domains(query: ListQuery) -> Page[DomainView]:
    """List the domains that are the agency's own, or are to be."""
    return domains.rows(query)


@blueprint.post("/domains", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.arguments(DomainDraft)
@blueprint.response(201, DomainView)
def create_domain(draft: DomainDraft) -> DomainView:
    """Begin to prove that a domain of e-mail addresses is the agency's: the answer names the TXT record to set."""
    return domains.add(draft)


@blueprint.get("/domains/<uuid:domain_id>", permission=permissions.MANAGE)
@blueprint.response(200, DomainView)
def show_domain(domain_id: UUID) -> DomainView:
    """Show a domain, whether it is proven, and the record that proves it."""
    return domains.view(domain_id)


# Somebody's name server is waited for, which may be slow on purpose.
@blueprint.post("/domains/<uuid:domain_id>/check", permission=permissions.MANAGE, step_up=True, agency_limit="5/minute")
@blueprint.response(200, DomainView)
def check_domain(domain_id: UUID) -> DomainView:
    """Look for a domain's record now; for two weeks after it was listed or last found it is looked for every night."""
    return domains.check(domain_id)


@blueprint.delete("/domains/<uuid:domain_id>", permission=permissions.MANAGE, step_up=True)
@blueprint.if_match
@blueprint.response(204)
def delete_domain(domain_id: UUID, version: int | None) -> None:
    """Take a domain off the list: providers bring in nobody new by an address in it."""
    domains.remove(domain_id, version=version)


@blueprint.post(
    "/link/start", signed_in=True, step_up=True, credentials=True, idempotency="off", problems=(404, 502, 503)
)
@blueprint.arguments(LinkStart)
@blueprint.response(200, Started)
def start_link(asked: LinkStart) -> Started:
    """Begin to say who one is with a provider of the agency: go there, sign in, and come back to `/oidc/link`."""
    return linking.begin(asked.provider_id)


@blueprint.post(
    "/link", signed_in=True, step_up=True, credentials=True, idempotency="off", problems=(401, 403, 409, 502, 503)
)
@blueprint.arguments(Callback)
@blueprint.response(200, LinkView)
def finish_link(callback: Callback) -> LinkView:
    """Be known by a provider from now on, whatever e-mail address it has."""
    return linking.complete(callback)
