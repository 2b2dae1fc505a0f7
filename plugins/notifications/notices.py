"""The kinds of notices of the plugin itself."""

from __future__ import annotations

from core.sdk import Notice

from .service import digests

DIGEST = Notice(
    name=digests.KIND,
    summary="What I let wait for the daily digest",
    title="{things} happened{where}",
    digest=False,
)
