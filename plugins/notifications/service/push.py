"""Pushing notifications to an address of the person's own, signed."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

import msgspec

from core.sdk import Fault, Invalid, NotFound, Unreadable, clock, current_user_id, ids, outbound, sealing

from ..models import PushAddress
from ..repository.choices import Target, alone, push_addresses
from ..schemas import Delivery, PushDraft, PushSecretView, PushView
from . import reading

WAITS = (timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
"""Before each further attempt; after the last one the notification stays in the product alone."""
PATIENCE = timedelta(days=1)
"""An address that has failed for so long gets each notification once."""
_PLUGIN = "notifications"
_COLUMN = "notifications_push_address.secret"


def view() -> PushView:
    """One's own address. Raises NotFound."""
    return push_addresses.mine()


def set_up(draft: PushDraft) -> PushSecretView:
    """Have one's notifications pushed to an address, with a new secret. Raises Invalid."""
    _check(draft.url)
    user_id, secret = current_user_id(), outbound.new_secret()
    # Two tabs at once would both add one.
    alone(user_id)
    address = push_addresses.of(user_id) or PushAddress(id=ids.new(), user_id=user_id)
    address.url = draft.url
    address.secret = sealing.sealed(secret, column=_COLUMN, row_id=address.id)
    address.failing_since = address.last_error = None
    push_addresses.add(address)
    return PushSecretView(draft.url, secret)


def take_away() -> None:
    """Push nothing any more. Raises NotFound."""
    address = push_addresses.of(current_user_id())
    if address is None:
        raise NotFound
    push_addresses.remove(address)


def send(notification_id: UUID, *, attempt: int) -> timedelta | None:
    """Push a notification; when to try again, if that makes sense. Nothing is written while it is sent."""
    try:
        delivery = reading.delivery(notification_id)
    except NotFound:
        return None
    target = push_addresses.target(delivery.user_id)
    if target is None:
        return None
    status, error = _post(target, delivery)
    if error is None and target.failing_since is None:
        return None
    address = push_addresses.of(delivery.user_id)
    # Meanwhile it may have been taken away, or another one set up.
    if address is None or address.url != target.url:
        return None
    if status == HTTPStatus.GONE:
        push_addresses.remove(address)
        return None
    return _judge(address, error, attempt=attempt)


def _post(target: Target, delivery: Delivery) -> tuple[int | None, str | None]:
    """Status and error of one request."""
    shown = delivery.notification
    body = msgspec.json.encode({"type": shown.kind, "timestamp": shown.created_at, "data": shown})
    try:
        key = sealing.opened(target.secret, column=_COLUMN, row_id=target.id)
        headers = outbound.signed_headers(str(shown.id), body, keys=[key], at=clock.now())
        client = outbound.SafeClient.for_addresses_of_users(_PLUGIN)
        status = client.send("POST", target.url, headers=headers, body=body).status
    except Unreadable:
        return None, "The secret can no longer be read: set the address anew"
    except outbound.NoReply as failure:
        return None, str(failure)
    return status, None if 200 <= status < 300 else f"The address answered {status}"


def _judge(address: PushAddress, error: str | None, *, attempt: int) -> timedelta | None:
    """Write down how the address has answered; when to try again, if that makes sense."""
    now = clock.now()
    hopeless = address.failing_since is not None and address.failing_since < now - PATIENCE
    address.failing_since = None if error is None else address.failing_since or now
    address.last_error = error
    push_addresses.save()
    return None if error is None or hopeless or attempt >= len(WAITS) else WAITS[attempt]


def _check(url: str) -> None:
    """Raise Invalid unless something could be sent there now."""
    try:
        outbound.SafeClient.for_addresses_of_users(_PLUGIN).check(url)
    except outbound.Refused as refused:
        raise Invalid(errors=[Fault("/url", "refused_address", refused.reason)]) from None
    except outbound.NoReply as failure:
        raise Invalid(errors=[Fault("/url", "unreachable_address", str(failure))]) from None
