"""What can go wrong with quotas."""

from __future__ import annotations

from datetime import datetime

from core.errors import Fault, Invalid, TooManyRequests

DAY_SECONDS = 86_400


class QuotaExceeded(TooManyRequests):
    """The agency has used up what it may do of something today; `violated-policies` names it."""

    title = "A daily quota is used up"

    def __init__(self, quota: str, *, per_day: int, left: int, renews_at: datetime, wait: int) -> None:
        renews = renews_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        super().__init__(
            f"The agency may do {per_day} of {quota} a day, and {left} are left; it renews at {renews}",
            policies=(quota,),
            headers={
                "Retry-After": str(wait),
                "RateLimit-Policy": f'"{quota}";q={per_day};w={DAY_SECONDS}',
                "RateLimit": f'"{quota}";r={left};t={wait}',
            },
        )


class UnknownQuota(Invalid):
    """No plugin declares the quota."""

    code = "unknown_quota"
    title = "There is no such quota"

    def __init__(self, quota: str) -> None:
        super().__init__(errors=[Fault("/quota", "unknown_quota", f"No plugin declares the quota {quota}")])
