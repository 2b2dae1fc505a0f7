"""Saying oneself who one is with a provider: signed in here, and by signing in there."""

from __future__ import annotations

from uuid import UUID

from core.actor import current_actor, current_user_id
from core.errors import NotFound
from core.events.log import publish
from core.oidc import members, repository, sign_in
from core.oidc.errors import LinkedOtherwise, UnknownState
from core.oidc.events import IdentityLinked
from core.oidc.id_tokens import Vouched
from core.oidc.models import IdentityLink
from core.oidc.repository import links
from core.oidc.schemas import Callback, LinkView, Started, Trust


def begin(provider_id: UUID) -> Started:
    """Where to go to be known by a provider of the acting agency. Raises NotFound, ProviderDown, ProviderBroken."""
    trust = repository.trust(provider_id)
    if trust is None or trust.agency_id != current_actor().agency_id:
        raise NotFound
    return sign_in.sent(trust, fresh=False, linking=current_user_id())


def complete(callback: Callback) -> LinkView:
    """Be known by a provider from now on, whatever address it has: whoever asks for it has shown to be both.

    Raises UnknownState, also for what somebody else began; SignInRefused, NotVouched, LinkedOtherwise.
    """
    trust, vouched = sign_in.returned(callback, linking=current_user_id())
    if trust.agency_id != current_actor().agency_id:
        raise UnknownState
    return _linked(trust, vouched)


def _linked(trust: Trust, vouched: Vouched) -> LinkView:
    user_id = current_user_id()
    members.check(trust, user_id)
    link_id, known = links.of_user(trust.id, user_id), links.user_of(trust.id, vouched.subject)
    if link_id is None and known is None:
        link = links.add(IdentityLink(provider_id=trust.id, subject=vouched.subject, user_id=user_id))
        publish(IdentityLinked(link_id=link.id, provider_id=trust.id, user_id=user_id, by_themselves=True))
        return links.shown(link.id)
    if link_id is None or known != user_id:
        raise LinkedOtherwise
    return links.shown(link_id)
