"""What can be done with endpoints."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import structs

from core.sdk import Fault, Invalid, ListQuery, Page, clock, gather, ids, outbound, publish, settings_of

from ..errors import EndpointIsDisabled, TooManyEndpoints
from ..events import (
    EndpointChanged,
    EndpointCreated,
    EndpointDeleted,
    EndpointEnabled,
    EndpointMoved,
    EndpointTested,
    SecretRotated,
)
from ..models import Endpoint
from ..repository import deliveries, endpoints
from ..schemas import DeliveryView, EndpointCreatedView, EndpointDraft, EndpointPatch, EndpointView, SecretView
from ..settings import WebhookSettings
from . import breaker, messages, signing


def rows(query: ListQuery) -> Page[EndpointView]:
    """A page of endpoints."""
    return endpoints.rows(query)


def view(endpoint_id: UUID) -> EndpointView:
    """An endpoint. Raises NotFound."""
    return endpoints.shown(endpoint_id)


def create(draft: EndpointDraft) -> EndpointCreatedView:
    """Add an endpoint; its secret is shown this once. Raises Invalid, TooManyEndpoints."""
    gather(partial(_check_address, draft.url), partial(_check_events, draft.events))
    if endpoints.count() >= settings_of(WebhookSettings).most_endpoints:
        raise TooManyEndpoints
    secret, endpoint_id = outbound.new_secret(), ids.new()
    endpoint = Endpoint(
        id=endpoint_id,
        url=draft.url,
        host=_host(draft.url),
        description=draft.description,
        events=_once_each(draft.events),
        enabled=True,
        secret=signing.seal(secret, endpoint_id=endpoint_id),
    )
    breaker.reset(endpoint)
    endpoints.add(endpoint)
    publish(EndpointCreated(endpoint_id=endpoint.id, host=endpoint.host, events=endpoint.events), of=endpoint)
    return EndpointCreatedView(**structs.asdict(endpoints.shown(endpoint.id)), secret=secret)


def change(endpoint_id: UUID, patch: EndpointPatch, *, version: int | None) -> EndpointView:
    """Change an endpoint. Raises Invalid, NotFound, PreconditionFailed."""
    # Not for changing it yet: looking up a name takes seconds, and meanwhile no connection is held.
    before, changes = endpoints.shown(endpoint_id), patch.changes()
    checks = []
    if changes.get("url", before.url) != before.url:
        checks.append(partial(_check_address, changes["url"]))
    if "events" in changes:
        changes["events"] = _once_each(changes["events"])
        checks.append(partial(_check_events, changes["events"]))
    gather(*checks)
    endpoint = endpoints.get(endpoint_id, version=version)
    changes = {name: value for name, value in changes.items() if getattr(endpoint, name) != value}
    if changes:
        _apply(endpoint, changes)
    return endpoints.shown(endpoint.id)


def delete(endpoint_id: UUID, *, version: int | None) -> None:
    """Delete an endpoint: nothing more is sent to it, what waits neither. Raises NotFound, PreconditionFailed."""
    endpoint = endpoints.get(endpoint_id, version=version)
    endpoint.enabled, endpoint.secret, endpoint.previous_secret = False, "", None
    endpoints.remove(endpoint)
    publish(EndpointDeleted(endpoint_id=endpoint.id, host=endpoint.host))


def rotate(endpoint_id: UUID) -> SecretView:
    """Give an endpoint a new secret; the old one signs beside it for a day. Raises NotFound."""
    endpoint = endpoints.get(endpoint_id)
    secret = outbound.new_secret()
    endpoint.previous_secret, endpoint.previous_secret_until = endpoint.secret, clock.now() + signing.OVERLAP
    endpoint.secret = signing.seal(secret, endpoint_id=endpoint.id)
    endpoints.save()
    publish(SecretRotated(endpoint_id=endpoint.id), of=endpoint)
    return SecretView(secret, endpoint.previous_secret_until)


def send_test(endpoint_id: UUID) -> DeliveryView:
    """Send a test to an endpoint. Raises EndpointIsDisabled, NotFound."""
    endpoint = endpoints.get(endpoint_id)
    if not endpoint.enabled:
        raise EndpointIsDisabled
    delivery = deliveries.add(messages.test_of(endpoint))
    publish(EndpointTested(endpoint_id=endpoint.id, delivery_id=delivery.id, ticket=delivery.ticket))
    return deliveries.shown(delivery.id, endpoint_id=endpoint.id)


def _apply(endpoint: Endpoint, changes: dict[str, object]) -> None:
    enabled, host = changes.pop("enabled", None), endpoint.host
    for name, value in changes.items():
        setattr(endpoint, name, value)
    if "url" in changes:
        endpoint.host = _host(endpoint.url)
        breaker.reset(endpoint)
    if enabled:
        endpoint.enabled, endpoint.disabled_reason, endpoint.disabled_at = True, None, None
        breaker.reset(endpoint)
    endpoints.save()
    if changes:
        publish(EndpointChanged(endpoint_id=endpoint.id, fields=sorted(changes)), of=endpoint)
    if "url" in changes:
        publish(EndpointMoved(endpoint_id=endpoint.id, from_host=host, host=endpoint.host))
    if enabled:
        publish(EndpointEnabled(endpoint_id=endpoint.id, host=endpoint.host), of=endpoint)
    if enabled is False:
        breaker.disable(endpoint, "by_hand")
    endpoints.save()


def _check_address(url: str) -> None:
    """Raise Invalid unless messages could be sent there now."""
    try:
        outbound.SafeClient.for_addresses_of_users("webhooks").check(url)
    except outbound.Refused as refused:
        raise Invalid(errors=[Fault("/url", "refused_address", refused.reason)]) from None
    except outbound.NoReply as failure:
        raise Invalid(errors=[Fault("/url", "unreachable_address", str(failure))]) from None


def _check_events(patterns: list[str]) -> None:
    faults = messages.unknown(patterns)
    if faults:
        raise Invalid(errors=faults)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _once_each(patterns: list[str]) -> list[str]:
    return list(dict.fromkeys(patterns))
