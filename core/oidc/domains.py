"""Domains an agency has proven to be its own: of their people alone a provider's word is enough."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

import structlog

from core import clock
from core.db.query import ListQuery, Page
from core.events.log import publish
from core.oidc import rights
from core.oidc.errors import DomainListed
from core.oidc.events import DomainAdded, DomainLost, DomainProven, DomainRemoved
from core.oidc.models import EmailDomain
from core.oidc.repository import domains
from core.oidc.schemas import DomainDraft, DomainView, Finding
from core.outbound.errors import TimedOut, Unreachable
from core.outbound.names import texts

log = structlog.get_logger()
BY_RECORD, BY_OPERATOR = "dns", "operator"
HOLDS_UNSEEN = timedelta(days=7)
"""How long a proof holds while no resolver can tell whether the record is still there."""
WAITED_FOR = timedelta(days=14)
"""How long after a domain was listed, or its record last seen, the record is looked for where it is missing."""
MOST_WAITED_FOR = 50
"""As many as a provider may have: who lists thousands of domains does not have us ask for them every night."""


def rows(query: ListQuery) -> Page[DomainView]:
    """A page of domains."""
    return domains.rows(query)


def view(domain_id: UUID) -> DomainView:
    """A domain, and the record that proves it. Raises NotFound."""
    return domains.shown(domain_id)


def add(draft: DomainDraft) -> DomainView:
    """Begin to prove a domain. Raises Forbidden, DomainListed."""
    rights.require_every_right()
    if domains.named(draft.domain) is not None:
        raise DomainListed
    return domains.shown(_listed(draft.domain).id)


def remove(domain_id: UUID, *, version: int | None) -> None:
    """Prove a domain no longer. Raises NotFound, Forbidden, PreconditionFailed."""
    rights.require_every_right()
    domain = domains.get(domain_id, version=version)
    publish(DomainRemoved(domain_id=domain.id, domain=domain.domain))
    domains.remove(domain)


def check(domain_id: UUID) -> DomainView:
    """Look for the record now. Raises NotFound, Forbidden."""
    rights.require_every_right()
    look_again(domain_id)
    return domains.shown(domain_id)


def look_again(domain_id: UUID) -> None:
    """Look for a domain's record, and note what was found: a proof comes with it, and goes with it. Raises NotFound."""
    shown = domains.shown(domain_id)
    # Before anything is locked: the answer may take seconds.
    found = _found(shown)
    domain = domains.get(domain_id)
    domain.last_check, domain.checked_at = found, clock.now()
    if found == "found":
        domain.found_at = domain.checked_at
        _prove(domain, by=BY_RECORD)
    elif domain.proven_by == BY_RECORD and not _still_holds(domain, found):
        domain.proven_by = domain.proven_at = None
        publish(DomainLost(domain_id=domain.id, domain=domain.domain))
    domains.save()


def vouch(name: str) -> None:
    """Take an agency's word for a domain, by the operator of the installation."""
    _prove(domains.named(name) or _listed(name), by=BY_OPERATOR)
    domains.save()


def to_look_at() -> list[UUID]:
    """The domains whose proof is a record, and those that wait for theirs to be set, or to come back."""
    return domains.proven_by(BY_RECORD) + domains.waiting(since=clock.now() - WAITED_FOR, most=MOST_WAITED_FOR)


def _listed(name: str) -> EmailDomain:
    # Drawn here: a token of somebody's choice could be one that stands in the record of another agency's domain.
    domain = domains.add(EmailDomain(domain=name, token=secrets.token_hex(20)))
    publish(DomainAdded(domain_id=domain.id, domain=name), of=domain)
    return domain


def _found(shown: DomainView) -> Finding:
    try:
        return "found" if shown.record_value in texts(shown.record_name) else "missing"
    except (Unreachable, TimedOut) as error:
        log.warning("oidc.domain_not_checked", domain_id=str(shown.id), because=str(error))
        return "no_answer"


def _still_holds(domain: EmailDomain, found: Finding) -> bool:
    """Whether a proof outlives a check that did not find it: only where nobody could tell, and not for long."""
    return found == "no_answer" and domain.found_at is not None and clock.now() - domain.found_at < HOLDS_UNSEEN


def _prove(domain: EmailDomain, *, by: str) -> None:
    if domain.proven_by in (by, BY_OPERATOR):
        return
    domain.proven_by, domain.proven_at = by, clock.now()
    publish(DomainProven(domain_id=domain.id, domain=domain.domain, by=by))
