"""What can be done with API keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from msgspec import UNSET

from core import clock, fields, ids
from core.actor import Scope, current_actor, current_user_id
from core.api_keys import form, repository
from core.api_keys.errors import ApiKeyEnded, NotYourKey
from core.api_keys.events import ApiKeyChanged, ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated
from core.api_keys.models import ApiKey
from core.api_keys.permissions import MADE
from core.api_keys.repository import api_keys
from core.api_keys.schemas import ApiKeyDraft, ApiKeyPatch, ApiKeyView, NewApiKey
from core.crypto import digest
from core.db.query import ListQuery, Page
from core.errors import Fault, Invalid, gather
from core.events.log import publish
from core.plugins.manager import installed
from core.quotas import api as quotas
from core.revocations.api import revoke as tell_revoked
from core.roles import builtin

USUALLY = timedelta(days=90)
LONGEST = timedelta(days=366)
_FORBIDDEN = "api_keys."
"""No key looks at or makes keys."""


def rows(query: ListQuery) -> Page[ApiKeyView]:
    """A page of keys."""
    return api_keys.rows(query)


def view(key_id: UUID) -> ApiKeyView:
    """A key. Raises NotFound."""
    return api_keys.shown(key_id)


def create(draft: ApiKeyDraft) -> NewApiKey:
    """Make a key of the caller's own. Raises Invalid, QuotaExceeded."""
    expires_at = clock.now() + USUALLY if draft.expires_at is UNSET else draft.expires_at
    networks = _checked(draft.scopes, draft.networks, expires_at)
    key_id = ids.new()
    text = form.make(key_id, within=repository.environment())
    made = api_keys.add(
        ApiKey(
            id=key_id,
            user_id=current_user_id(),
            name=draft.name,
            digest=_digest(text),
            scopes=draft.scopes,
            networks=networks,
            rate_limit=draft.rate_limit or None,
            expires_at=expires_at,
        )
    )
    publish(ApiKeyCreated(api_key_id=key_id, user_id=made.user_id, scopes=draft.scopes, networks=networks))
    quotas.spend(MADE.name)
    return _shown_once(key_id, text)


def change(key_id: UUID, patch: ApiKeyPatch, *, version: int | None) -> ApiKeyView:
    """Change what a key of the caller's own allows. Raises NotFound, NotYourKey, ApiKeyEnded, Invalid."""
    key = _live(key_id, version=version)
    if key.user_id != current_user_id():
        raise NotYourKey
    scopes = key.scopes if patch.scopes is UNSET else patch.scopes
    networks = key.networks if patch.networks is UNSET else patch.networks
    expires_at = key.expires_at if patch.expires_at is UNSET else patch.expires_at
    networks = _checked({} if patch.scopes is UNSET else scopes, networks, expires_at)
    event = ApiKeyChanged(
        api_key_id=key.id, from_scopes=key.scopes, scopes=scopes, from_networks=key.networks, networks=networks
    )
    for name, value in (patch.changes() | {"networks": networks}).items():
        setattr(key, name, value)
    publish(event, of=key)
    api_keys.save()
    tell_revoked("key", key.id)
    return api_keys.shown(key.id)


def rotate(key_id: UUID, *, overlap_hours: int) -> NewApiKey:
    """Give a key of the caller's own a new secret. Raises NotFound, NotYourKey, ApiKeyEnded, QuotaExceeded."""
    key = _live(key_id)
    if key.user_id != current_user_id():
        raise NotYourKey
    text = form.make(key.id, within=repository.environment())
    now = clock.now()
    key.previous_digest = key.digest if overlap_hours else None
    key.previous_until = now + timedelta(hours=overlap_hours) if overlap_hours else None
    key.digest, key.rotated_at = _digest(text), now
    publish(ApiKeyRotated(api_key_id=key.id, overlap_hours=overlap_hours))
    api_keys.save()
    tell_revoked("key", key.id)
    quotas.spend(MADE.name)
    return _shown_once(key.id, text)


def revoke(key_id: UUID) -> ApiKeyView:
    """Have a key open nothing any more; doing so twice changes nothing. Raises NotFound."""
    key = api_keys.get(key_id)
    if key.revoked_at is None:
        end(key, because="revoked")
    return api_keys.shown(key.id)


def end(key: ApiKey, *, because: str) -> None:
    """Have a key open nothing any more, in every process within two seconds."""
    key.revoked_at, key.revoked_because = clock.now(), because
    key.previous_digest = key.previous_until = None
    publish(ApiKeyRevoked(api_key_id=key.id, user_id=key.user_id, reason=because))
    api_keys.save()
    tell_revoked("key", key.id)


def _live(key_id: UUID, *, version: int | None = None) -> ApiKey:
    key = api_keys.get(key_id, version=version)
    if key.revoked_at is not None or key.expires_at <= clock.now():
        raise ApiKeyEnded
    return key


def _shown_once(key_id: UUID, text: str) -> NewApiKey:
    shown = api_keys.shown(key_id)
    return NewApiKey(key_id, text, shown, shown.version)


def _digest(text: str) -> str:
    return digest(text.encode()).hex()


def _checked(scopes: Mapping[str, Scope], networks: list[str], expires_at: datetime) -> list[str]:
    """The networks in their usual spelling. Raises one Invalid for everything wrong."""
    places = enumerate(networks)
    found = gather(
        partial(_check_scopes, scopes),
        partial(_check_end, expires_at),
        *(partial(fields.check_network, each, pointer=f"/networks/{number}") for number, each in places),
    )
    return found[2:]


def _check_end(expires_at: datetime) -> str:
    now = clock.now()
    if not now < expires_at <= now + LONGEST:
        raise Invalid(errors=[Fault("/expires_at", "value", f"Choose an end within {LONGEST.days} days from now")])
    return ""


def _check_scopes(scopes: Mapping[str, Scope]) -> str:
    """Refuse permissions nobody declares or no key may have, and giving a key more than its maker may do."""
    faults = [fault for name, scope in scopes.items() if (fault := _scope_fault(name, scope)) is not None]
    if faults:
        raise Invalid(errors=faults)
    return ""


def _scope_fault(name: str, scope: Scope) -> Fault | None:
    pointer, declared, mine = f"/scopes/{name}", installed().permissions.get(name), current_actor().scope_of(name)
    if declared is None:
        return Fault(pointer, "unknown_permission", f"No plugin declares the permission {name}")
    if name.startswith(_FORBIDDEN):
        return Fault(pointer, "not_for_keys", "A key neither sees nor makes keys")
    if scope not in declared.scopes:
        return Fault(pointer, "scope", f"{name} cannot be limited to the scope {scope}")
    if mine is None or builtin.wider(mine, scope) != mine:
        return Fault(pointer, "beyond_your_own", f"A key cannot have {name} further than you hold it")
    return None
