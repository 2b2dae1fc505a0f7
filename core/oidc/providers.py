"""Setting up identity providers, and what is known of members with them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app
from msgspec import UNSET

from core import checks, sealing
from core.actor import current_actor
from core.config import Settings
from core.db.query import ListQuery, Page
from core.errors import Fault, Invalid, gather
from core.events.log import publish
from core.oidc import rights, sessions
from core.oidc.discovery import directory
from core.oidc.errors import NameTaken, ProviderBroken, ProviderDown
from core.oidc.events import IdentityUnlinked, ProviderAdded, ProviderChanged, ProviderRemoved
from core.oidc.exchange import SECRET_COLUMN
from core.oidc.models import IdentityProvider
from core.oidc.repository import links, providers
from core.oidc.schemas import CheckView, LinkView, ProviderDraft, ProviderPatch, ProviderView
from core.users import rights as giving

_SPEAKS_FOR = frozenset({"issuer", "client_id", "client_secret", "email_domains"})
"""What decides whom a provider speaks for."""
_WHO_IS_WHO = frozenset({"issuer", "client_id"})
"""What the subjects of a provider depend on: with another of these, the same subject may be somebody else."""


def rows(query: ListQuery) -> Page[ProviderView]:
    """A page of providers."""
    return providers.rows(query)


def view(provider_id: UUID) -> ProviderView:
    """A provider. Raises NotFound."""
    return providers.shown(provider_id)


def add(draft: ProviderDraft) -> ProviderView:
    """Trust a provider. Raises Forbidden, NameTaken, Invalid."""
    rights.require_every_right()
    uri = _default_redirect() if draft.redirect_uri is UNSET else draft.redirect_uri
    gather(
        lambda: _check_redirect(uri), lambda: _check_issuer(draft.issuer), lambda: _check_role(draft.new_member_role)
    )
    if draft.vouches_for_owners:
        rights.require_owner()
    if providers.has_name(draft.name):
        raise NameTaken
    provider = providers.add(
        IdentityProvider(
            name=draft.name,
            issuer=draft.issuer,
            client_id=draft.client_id,
            email_domains=sorted(set(draft.email_domains)),
            redirect_uri=uri,
            new_member_role=draft.new_member_role,
            trusts_second_factor=draft.trusts_second_factor,
            vouches_for_owners=draft.vouches_for_owners,
            enabled=draft.enabled,
        )
    )
    provider.client_secret = _sealed(draft.client_secret, provider.id)
    publish(ProviderAdded(provider_id=provider.id, issuer=provider.issuer), of=provider)
    providers.save()
    return providers.shown(provider.id)


def change(provider_id: UUID, patch: ProviderPatch, *, version: int | None) -> ProviderView:
    """Change a provider. Raises NotFound, Forbidden, NameTaken, Invalid."""
    rights.require_every_right()
    provider = providers.get(provider_id, version=version)
    asked = patch.changes()
    changed = {name for name, value in asked.items() if name == "client_secret" or getattr(provider, name) != value}
    _check_changes(provider, asked, changed)
    for name in changed - {"client_secret"}:
        setattr(provider, name, asked[name])
    if "client_secret" in changed:
        provider.client_secret = _sealed(asked["client_secret"], provider.id)
    if changed & _SPEAKS_FOR and not rights.is_owner():
        provider.vouches_for_owners = False
    publish(ProviderChanged(provider_id=provider.id, fields=sorted(changed)), of=provider)
    providers.save()
    if changed & _WHO_IS_WHO or asked.get("enabled") is False:
        _end_sessions(provider_id)
    if changed & _WHO_IS_WHO:
        links.forget(provider_id)
    return providers.shown(provider_id)


def remove(provider_id: UUID, *, version: int | None) -> None:
    """Trust a provider no longer; sessions opened through it end. Raises NotFound, Forbidden."""
    rights.require_every_right()
    provider = providers.get(provider_id, version=version)
    publish(ProviderRemoved(provider_id=provider.id, issuer=provider.issuer))
    _end_sessions(provider_id)
    providers.remove(provider)


def check(provider_id: UUID) -> CheckView:
    """Ask a provider what it says of itself, and for its keys. Raises NotFound."""
    issuer = providers.shown(provider_id).issuer
    directory().forget(issuer)
    try:
        metadata = directory().metadata(issuer)
        keys = directory().keys(metadata)
    except (ProviderDown, ProviderBroken) as wrong:
        # That is what was asked for.
        return CheckView(False, issuer, None, None, 0, wrong.code, wrong.detail)
    return CheckView(True, metadata.issuer, metadata.authorization_endpoint, metadata.token_endpoint, len(keys))


def link_rows(query: ListQuery) -> Page[LinkView]:
    """A page of who is who."""
    return links.rows(query)


def link(link_id: UUID) -> LinkView:
    """Who somebody is. Raises NotFound."""
    return links.shown(link_id)


def unlink(link_id: UUID, *, version: int | None) -> None:
    """Forget who somebody is with a provider; what they have open through one ends. Raises NotFound, Forbidden."""
    rights.require_every_right()
    known = links.get(link_id, version=version)
    publish(IdentityUnlinked(link_id=known.id, provider_id=known.provider_id, user_id=known.user_id))
    sessions.end([known.user_id])
    links.remove(known)


def _end_sessions(provider_id: UUID) -> None:
    sessions.end(links.users_of(provider_id))


def _sealed(secret: str | None, provider_id: UUID) -> str | None:
    return None if secret is None else sealing.sealed(secret, column=SECRET_COLUMN, row_id=provider_id)


def _check_changes(provider: IdentityProvider, asked: dict[str, Any], changed: set[str]) -> None:
    gather(
        lambda: _check_redirect(asked["redirect_uri"]) if "redirect_uri" in changed else None,
        lambda: _check_issuer(asked["issuer"]) if "issuer" in changed else None,
        lambda: _check_role(asked["new_member_role"]) if "new_member_role" in changed else None,
        lambda: _check_secret(provider, asked, changed),
    )
    if asked.get("vouches_for_owners") is True and "vouches_for_owners" in changed:
        rights.require_owner()
    if "name" in changed and providers.has_name(asked["name"]):
        raise NameTaken


def _check_secret(provider: IdentityProvider, asked: dict[str, Any], changed: set[str]) -> None:
    # Otherwise whoever may change a provider, and may not see its secret, has it sent to a place of their own.
    if changed & _WHO_IS_WHO and provider.client_secret is not None and "client_secret" not in asked:
        message = "Send the secret again with another issuer or client id"
        raise Invalid(errors=[Fault("/client_secret", "required", message)])


def _check_role(code: str | None) -> None:
    """Raise Invalid for a role that is unknown, or more than may be given to whoever comes."""
    if code is None:
        return
    try:
        giving.role_ids([code], giver=current_actor())
    except Invalid as unknown:
        raise Invalid(errors=[Fault("/new_member_role", "unknown_role", unknown.errors[0].message)]) from None
    if code == giving.OWNER:
        raise Invalid(errors=[Fault("/new_member_role", "owner", "Nobody becomes an owner by signing in")])


def _check_issuer(issuer: str) -> None:
    if urlsplit(issuer).scheme != "https" and not _settings().outbound_allow_networks:
        raise Invalid(errors=[Fault("/issuer", "value", "The issuer must start with https://")])


def _check_redirect(uri: str) -> None:
    """Raise Invalid for an address that is none of our own pages."""
    parts = urlsplit(uri)
    origins = {_origin(checks.address(_settings())), *(_origin(each) for each in _settings().cors_origin)}
    if _origin(uri) not in origins or "@" in parts.netloc:
        message = f"People can be sent back to these alone: {', '.join(sorted(origins))}"
        raise Invalid(errors=[Fault("/redirect_uri", "value", message)])


def _default_redirect() -> str:
    return f"{checks.address(_settings()).rstrip('/')}/sign-in/oidc"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _settings() -> Settings:
    found: Settings = current_app.extensions["tripfile.settings"]
    return found
