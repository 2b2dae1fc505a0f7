"""Forms that strangers fill in: what becomes of it, and what they can and cannot do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.testing.clients import ApiClient, faults, ok, problem
from tests.plugins.capture.conftest import ANA, Stranger

Make = Callable[..., dict[str, Any]]
Look = Callable[..., list[dict[str, Any]]]


class TestSending:
    def test_makes_a_contact_and_a_lead(
        self, api: ApiClient, stranger: Stranger, form: Make, came: Look, leads: Look
    ) -> None:
        defaults = {"source": "landing_page", "tags": ["spring"], "priority": "high"}
        made = form(language="pt", defaults=defaults)
        told = ok(stranger.send(made, ANA | {"message": "Lions!", "utm_source": "google"}), 201)
        assert told == {"thanks": "Obrigado. Entraremos em contacto em breve.", "redirect_url": None}
        (lead,) = leads()
        lead = ok(api.get(f"/leads/{lead['id']}"))
        assert lead["destinations"] == ["Kenya", "Zanzibar"]
        assert (lead["source"], lead["tags"], lead["priority"]) == ("landing_page", ["spring"], "high")
        assert (lead["contact_name"], lead["contact_email"]) == ("Ana Duarte", "ana@example.com")
        assert (lead["adults"], lead["language"], lead["utm"]) == (2, "pt", {"utm_source": "google"})
        (note,) = ok(api.get(f"/leads/{lead['id']}/notes"))["items"]
        assert note["text"] == "Lions!"
        (kept,) = came()
        assert (kept["state"], kept["lead_id"], kept["contact_id"]) == ("accepted", lead["id"], lead["contact_id"])
        assert (kept["sender"], kept["known"]) == ("ana@example.com", False)
        shown = ok(api.get(f"/capture/submissions/{kept['id']}"))
        assert shown["values"] == ANA | {"message": "Lions!", "utm_source": "google"}
