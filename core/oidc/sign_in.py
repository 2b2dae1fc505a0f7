"""Signing in through a provider: beginning, and coming back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from core import clock
from core.actor import Actor
from core.auth import api as auth
from core.auth.schemas import Challenge, Tokens
from core.errors import Forbidden, NotFound, Problem, Unauthorized
from core.events.log import publish_apart
from core.oidc import exchange, id_tokens, members, repository, tickets
from core.oidc.discovery import Metadata, directory
from core.oidc.errors import ProviderBroken, ProviderDown, SignInRefused, UnknownState
from core.oidc.events import SignInFailed
from core.oidc.exchange import Granted
from core.oidc.id_tokens import Vouched
from core.oidc.schemas import Callback, Choices, Start, Started, Trust
from core.oidc.tickets import Begun, Ticket

log = structlog.get_logger()

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""When somebody proved who they are whose provider does not tell: they may do nothing that asks for a fresh proof."""
FRESH_FOR = timedelta(minutes=10)


class _Came(NamedTuple):
    """Somebody who came back to the browser they left from."""

    callback: Callback
    ticket: Ticket
    begun: Begun
    trust: Trust


def choices(slug: str) -> Choices:
    """The providers of an agency's sign-in page; none for an agency that does not exist."""
    return Choices(repository.choices(slug))


def begin(provider_id: UUID, start: Start) -> Started:
    """Where to send the person. Raises NotFound, ProviderDown, ProviderBroken."""
    trust = repository.trust(provider_id)
    if trust is None:
        raise NotFound
    return sent(trust, fresh=start.fresh, linking=None)


def sent(trust: Trust, *, fresh: bool, linking: UUID | None) -> Started:
    """Where to send the person to come back as nobody yet, or as who they are here. Raises as `begin` does."""
    try:
        metadata = directory().metadata(trust.issuer)
    except (ProviderDown, ProviderBroken) as problem:
        # The sentence is for whoever set the provider up, and for the log.
        raise type(problem) from None
    begun = Begun(trust.id, fresh, int(clock.now().timestamp()), linking)
    ticket = tickets.issue(begun, agency_id=trust.agency_id)
    url = exchange.authorization_url(trust, metadata, ticket, fresh=fresh)
    return Started(url, ticket.state, ticket.binding, int(tickets.LIFETIME.total_seconds()))


def complete(callback: Callback) -> Tokens | Challenge:
    """Tokens, or what is still to be proven, for somebody who came back.

    Raises UnknownState, SignInRefused, NotVouched, NoMembership, ProviderDown, ProviderBroken.
    """
    came = _came(callback, linking=None)
    with _reported(came.trust):
        return _admitted(came)


def returned(callback: Callback, *, linking: UUID) -> tuple[Trust, Vouched]:
    """What a provider says of somebody who came back and is signed in. Raises as `complete` does."""
    came = _came(callback, linking=linking)
    with _reported(came.trust):
        claims, *_ = _claims(came)
        return came.trust, id_tokens.vouched(claims)


def _came(callback: Callback, *, linking: UUID | None) -> _Came:
    ticket = Ticket(callback.binding)
    # Another browser's state: judged before the ticket is used up, so that nobody can spoil somebody's sign-in.
    begun = tickets.take(ticket) if ticket.belongs_to(callback.state) else None
    trust = repository.trust(begun.provider_id) if begun is not None else None
    # What was begun to sign in links nobody, and what was begun to link signs nobody in.
    if begun is None or trust is None or begun.linking != linking:
        log.warning("oidc.unknown_state")
        raise UnknownState
    return _Came(callback, ticket, begun, trust)


@contextmanager
def _reported(trust: Trust) -> Iterator[None]:
    """Tell the agency why somebody was not let in, and whoever it was only that."""
    try:
        yield
    except (Unauthorized, Forbidden, ProviderDown, ProviderBroken) as problem:
        _report(trust, problem)
        # Not its sentence: it tells whoever plays with tokens which of them came further.
        raise type(problem) from None


def _claims(came: _Came) -> tuple[dict[str, Any], Metadata, Granted]:
    """What the provider signed about the person. Raises SignInRefused, ProviderDown, ProviderBroken."""
    callback, ticket, trust = came.callback, came.ticket, came.trust
    metadata = directory().metadata(trust.issuer)
    _check_issuer(callback, metadata)
    granted = exchange.granted(trust, metadata, ticket, code=callback.code)
    claims = id_tokens.verified(
        granted.id_token,
        directory=directory(),
        metadata=metadata,
        client_id=trust.client_id,
        nonce=ticket.nonce,
        access_token=granted.access_token,
    )
    _check_freshness(id_tokens.vouched(claims), came.begun)
    return claims, metadata, granted


def _admitted(came: _Came) -> Tokens | Challenge:
    trust = came.trust
    claims, metadata, granted = _claims(came)
    vouched = id_tokens.vouched(claims)
    user_id = members.known(trust, vouched)
    if user_id is None:
        if "email" not in claims:
            vouched = id_tokens.vouched(
                {**exchange.claims_of(metadata, granted.access_token, subject=vouched.subject), **claims}
            )
        user_id = members.met(trust, vouched)
    methods = ("oidc", "mfa") if trust.trusts_second_factor and vouched.two_factors else ("oidc",)
    proven_at = vouched.proven_at or LONG_AGO
    return auth.admit(user_id, agency=trust.agency, methods=methods, proven_at=proven_at)


def _check_issuer(callback: Callback, metadata: Metadata) -> None:
    """Whether it is this provider's answer (RFC 9207), and not one that another was made to give."""
    must = metadata.authorization_response_iss_parameter_supported
    if callback.iss != metadata.issuer and (must or isinstance(callback.iss, str)):
        raise SignInRefused("iss: the answer is that of another provider")


def _check_freshness(vouched: Vouched, begun: Begun) -> None:
    if begun.fresh:
        asked_at = datetime.fromtimestamp(begun.begun_at - id_tokens.LEEWAY, UTC)
        if vouched.proven_at is None or vouched.proven_at < asked_at:
            raise SignInRefused("auth_time: the provider did not ask the person anew")


def _report(trust: Trust, problem: Problem) -> None:
    because = problem.detail or problem.code
    log.warning("oidc.sign_in_failed", provider_id=str(trust.id), agency_id=str(trust.agency_id), because=because)
    actor = Actor(kind="public", agency_id=trust.agency_id)
    fact = SignInFailed(provider_id=trust.id, because=problem.code)
    publish_apart(fact, actor=actor, agency_id=trust.agency_id)
