"""Keyset pages: every row once and in order, whatever else happens, and cursors that only continue their own list."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.testing.clients import ApiClient, faults, ok
from core.testing.factories import AgencyUnderTest

CURSOR = {"?cursor": "cursor"}
SORTS = ["created_at", "updated_at", "reference", "start_date", "next_action_at"]
RELAXED = hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


def add_lead(api: ApiClient, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = ok(api.post("/leads", {"contact": {"name": "Ana"}, **changes}), 201)
    return made


def walk(api: ApiClient, question: str, after_each: Any = None, cursor: str | None = "") -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    found: list[dict[str, Any]] = []
    while cursor is not None:
        page = ok(api.get(f"/leads?{question}" + (f"&cursor={cursor}" if cursor else "")))
        found += page["items"]
        cursor = page["next"]
        if after_each is not None:
            after_each()
    return found


class TestWalking:
    @pytest.fixture
    def lead_ids(self, api: ApiClient) -> set[str]:
        # Several undated and several of one day: ties are decided by the id.
        days = [None, "2027-05-01", "2027-05-01", "2027-05-02", None, "2027-04-30", None]
        return {add_lead(api, start_date=day)["id"] for day in days}

    def test_every_row_comes_once_and_in_order_while_others_are_added(self, api: ApiClient, lead_ids: set[str]) -> None:
        @RELAXED
        @given(limit=st.integers(1, 9), sort=st.sampled_from(SORTS), descending=st.booleans())
        def holds(limit: int, sort: str, descending: bool) -> None:
            wanted = {row["id"] for row in ok(api.get("/leads?limit=200"))["items"]}
            adding = iter(range(3))
            question = f"limit={limit}&sort={'-' if descending else ''}{sort}"
            rows = walk(api, question, lambda: next(adding, None) is not None and add_lead(api))
            seen = [row["id"] for row in rows]
            assert len(seen) == len(set(seen))
            assert wanted <= set(seen)
            keys = [row[sort] or "9999" for row in rows]
            assert keys == sorted(keys, reverse=descending)

        holds()

    def test_rows_that_go_away_do_not_disturb_it(self, api: ApiClient, lead_ids: set[str]) -> None:
        first = ok(api.get("/leads?limit=3&sort=created_at"))
        ok(api.delete(f"/leads/{first['items'][-1]['id']}", version="*"), 204)
        rest = walk(api, "limit=3&sort=created_at", cursor=first["next"])
        assert {row["id"] for row in first["items"] + rest} == lead_ids

    def test_a_page_that_is_exactly_full_is_the_last(self, api: ApiClient, lead_ids: set[str]) -> None:
        assert ok(api.get(f"/leads?limit={len(lead_ids)}"))["next"] is None

    def test_the_total_is_that_of_all_pages(self, api: ApiClient, lead_ids: set[str]) -> None:
        first = ok(api.get("/leads?limit=2&count=exact&sort=created_at"))
        second = ok(api.get(f"/leads?limit=2&count=exact&sort=created_at&cursor={first['next']}"))
        assert first["total"] == second["total"] == len(lead_ids)
        assert "total" not in ok(api.get("/leads?limit=2"))


class TestCursors:
    @pytest.fixture
    def cursor(self, api: ApiClient) -> str:
        for name in ("Ana", "Bea", "Cleo"):
            add_lead(api, contact={"name": name})
        found: str = ok(api.get("/leads?limit=1&status=new&sort=created_at"))["next"]
        return found

    def test_continue_their_own_list(self, api: ApiClient, cursor: str) -> None:
        assert len(ok(api.get(f"/leads?limit=5&status=new&sort=created_at&cursor={cursor}"))["items"]) == 2

    @pytest.mark.parametrize(
        "address",
        [
            "/contacts?sort=created_at",
            "/contacts?sort=-created_at",
            "/leads?sort=created_at",
            "/leads?status=won&sort=created_at",
            "/leads?status.in=new&sort=created_at",
            "/leads?status=new&sort=-created_at",
            "/leads?status=new&sort=updated_at",
            "/leads?status=new&sort=created_at&q=ana",
        ],
    )
    def test_of_another_question_are_refused(self, api: ApiClient, cursor: str, address: str) -> None:
        assert faults(api.get(f"{address}&cursor={cursor}")) == CURSOR

    def test_of_another_list_with_the_same_question_are_refused(self, api: ApiClient, cursor: str) -> None:
        found = ok(api.get("/leads?limit=1&sort=created_at"))["next"]
        assert faults(api.get(f"/contacts?sort=created_at&cursor={found}")) == CURSOR

    def test_of_the_notes_on_another_lead_are_refused(self, api: ApiClient) -> None:
        one, other = add_lead(api)["id"], add_lead(api)["id"]
        for lead_id in (one, one, other, other):
            ok(api.post(f"/leads/{lead_id}/notes", {"text": "Called."}), 201)
        found = ok(api.get(f"/leads/{one}/notes?limit=1"))["next"]
        assert faults(api.get(f"/leads/{other}/notes?limit=1&cursor={found}")) == CURSOR

    def test_of_another_agency_show_nothing_of_it(
        self, api: ApiClient, cursor: str, other_agency: AgencyUnderTest
    ) -> None:
        theirs = other_agency.member("owner").get(f"/leads?status=new&sort=created_at&cursor={cursor}")
        if theirs.status_code == 200:
            assert theirs.json is not None
            assert theirs.json["items"] == []
        else:
            assert faults(theirs) == CURSOR

    def test_tampered_with_are_refused(self, api: ApiClient, cursor: str) -> None:
        raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        for place in range(len(raw)):
            changed = bytearray(raw)
            changed[place] ^= 1
            text = base64.urlsafe_b64encode(changed).decode().rstrip("=")
            assert faults(api.get(f"/leads?status=new&sort=created_at&cursor={text}")) == CURSOR

    @pytest.mark.parametrize("text", ["x", "%20", "AAAA", "!!!!", "é", "null", "A" * 2000])
    def test_that_never_were_are_refused(self, api: ApiClient, text: str) -> None:
        assert faults(api.get("/leads", query_string={"cursor": text})) == CURSOR
