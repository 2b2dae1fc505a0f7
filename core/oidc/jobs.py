"""Whether proofs of domains still stand, or have come by now."""

from __future__ import annotations

from uuid import UUID

from core.errors import NotFound
from core.jobs.job import job
from core.oidc import domains


@job(schedule="20 4 * * *")
def look_at_domains() -> None:
    """Look for every record that proves a domain, or is to, each in a job of its own."""
    for domain_id in domains.to_look_at():
        look_at_domain.later(unique=str(domain_id)).enqueue(domain_id)


@job()
def look_at_domain(domain_id: UUID) -> None:
    """Look whether a record proves a domain."""
    try:
        domains.look_again(domain_id)
    except NotFound:
        # Taken off the list meanwhile.
        return
