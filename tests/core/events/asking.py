"""Asking for the feed of events, as a client does."""

from __future__ import annotations

from typing import Any

from core.testing.clients import ApiClient, ok


def feed(api: ApiClient, after: int = 0, **more: int) -> dict[str, Any]:
    question = "&".join(f"{name}={value}" for name, value in {"after": after, **more}.items())
    found: dict[str, Any] = ok(api.get(f"/events?{question}"))
    return found


def told(api: ApiClient, name: str = "leads.lead_created") -> list[str]:
    """Which leads somebody is told about, however many pages it takes."""
    found, after, more = [], 0, True
    while more:
        page = feed(api, after)
        found += [item["subject_id"] for item in page["items"] if item["name"] == name]
        after, more = page["upto"], page["more"]
    return found


def make_lead(api: ApiClient, **fields: Any) -> str:
    lead: str = ok(api.post("/leads", {"contact": {"name": "Ana"}, **fields}), 201)["id"]
    return lead
