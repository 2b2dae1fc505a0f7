"""Spending from quotas, showing them, and the operator's exceptions."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from core import clock
from core.db.tenancy import current_agency_id
from core.events.log import publish
from core.plugins.manager import installed
from core.plugins.spec import Quota
from core.quotas import repository
from core.quotas.errors import QuotaExceeded, UnknownQuota
from core.quotas.events import QuotaChanged
from core.quotas.schemas import QuotaView


def spend(quota: str, amount: int = 1) -> None:
    """Count something against the acting agency's quota for today. Raises QuotaExceeded; then nothing was counted.

    It counts in the running unit of work: what is rolled back was never spent. Colleagues who spend from the same
    quota wait for each other's commit, so spend late.
    """
    if amount < 1:
        raise ValueError("Spend at least one")
    declared = _declared(quota)
    if not repository.take(quota, amount, per_day=declared.per_day):
        raise _exceeded(declared)


def require(quota: str) -> None:
    """Raise QuotaExceeded where nothing is left today, before work that `spend` would refuse at its end.

    Nothing is counted, and nothing promised: several who ask at once may all be let pass.
    """
    declared = _declared(quota)
    use = repository.use_of(quota)
    if use.used >= _per_day(declared, use):
        raise _exceeded(declared)


def views() -> list[QuotaView]:
    """Every quota of the acting agency, by name."""
    uses, renews_at = repository.uses(), _renews_at()
    found = []
    for quota in installed().quotas.values():
        use = uses.get(quota.name, repository.Use(quota.name, 0, None))
        found.append(QuotaView(quota.name, quota.summary, _per_day(quota, use), use.used, renews_at))
    return sorted(found, key=lambda view: view.name)


def allow(quota: str, per_day: int) -> None:
    """Give the acting agency another daily quota than the declared one. Raises UnknownQuota."""
    _declared(quota)
    repository.allow(quota, per_day)
    publish(QuotaChanged(agency_id=current_agency_id(), quota=quota, per_day=per_day))


def reset(quota: str) -> None:
    """Give the acting agency the declared quota again. Raises UnknownQuota."""
    declared = _declared(quota)
    repository.allow(quota, None)
    publish(QuotaChanged(agency_id=current_agency_id(), quota=quota, per_day=declared.per_day))


def _declared(quota: str) -> Quota:
    found = installed().quotas.get(quota)
    if found is None:
        raise UnknownQuota(quota)
    return found


def _exceeded(declared: Quota) -> QuotaExceeded:
    use, renews_at = repository.use_of(declared.name), _renews_at()
    per_day = _per_day(declared, use)
    wait = max(1, int((renews_at - clock.now()).total_seconds()) + 1)
    return QuotaExceeded(
        declared.name, per_day=per_day, left=max(0, per_day - use.used), renews_at=renews_at, wait=wait
    )


def _per_day(declared: Quota, use: repository.Use) -> int:
    return declared.per_day if use.per_day is None else use.per_day


def _renews_at() -> datetime:
    return datetime.combine(repository.today() + timedelta(days=1), time(), UTC)
