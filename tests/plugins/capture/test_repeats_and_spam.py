"""What is sent twice, by programs, or past what a form can take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from tests.plugins.capture.conftest import ANA, Stranger

Make = Callable[..., dict[str, Any]]
Look = Callable[..., list[dict[str, Any]]]


class TestOnce:
    def test_the_same_shortly_after_is_one_and_later_another(self, stranger: Stranger, form: Make, leads: Look) -> None:
        made = form()
        ok(stranger.send(made, ANA), 201)
        ok(stranger.send(made, ANA), 201)
        assert len(leads()) == 1
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
            ok(stranger.send(made, ANA), 201)
        # Tokens of members end with the time that has passed.
        assert len(leads()) == 2

    def test_a_key_of_the_sender_tells_repeats(self, stranger: Stranger, form: Make, leads: Look) -> None:
        made = form()
        for key in ("one", "two", "one"):
            ok(stranger.send(made, ANA, headers={"Idempotency-Key": key}), 201)
        assert len(leads()) == 2

    def test_a_token_is_good_once_and_what_comes_again_with_it_is_a_note(
        self, api: ApiClient, stranger: Stranger, form: Make, leads: Look, came: Look
    ) -> None:
        made = form(needs_token=True)
        assert faults(stranger.send(made, ANA)) == {"/token": "required"}
        token = ok(stranger.get(f"/p/capture/forms/{made['key']}/token"))["token"]
        for _ in range(2):
            ok(stranger.send(made, ANA, token=token), 201)
        assert (len(leads()), len(came())) == (1, 1)
        ok(stranger.send(made, ANA | {"message": "Something else"}, token=token), 201)
        assert len(leads()) == 1
        assert (came()[0]["state"], came()[0]["reason"]) == ("accepted", "came_again")
        (note,) = ok(api.get(f"/leads/{leads()[0]['id']}/notes"))["items"]
        assert "Something else" in note["text"]

    def test_a_token_is_of_one_form_and_ends(self, stranger: Stranger, form: Make) -> None:
        one, other = form(), form()
        token = ok(stranger.get(f"/p/capture/forms/{other['key']}/token"))["token"]
        assert faults(stranger.send(one, ANA, token=token)) == {"/token": "token"}
        assert faults(stranger.send(one, ANA, token="eyJ0eXAiOiJKV1QifQ")) == {"/token": "token"}
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
            assert faults(stranger.send(other, ANA, token=token)) == {"/token": "expired"}


class TestSpam:
    def test_who_fills_in_the_trap_hears_thanks_and_makes_no_lead(
        self, stranger: Stranger, form: Make, leads: Look, came: Look
    ) -> None:
        made = form()
        ok(stranger.send(made, {"email": "x", "strange": [1]}, website="https://spam.example"), 201)
        assert leads() == []
        (kept,) = came("state=spam")
        assert (kept["reason"], kept["sender"], kept["lead_id"]) == ("trap", "x", None)

    def test_the_trap_among_the_fields_is_one_as_well(
        self, api: ApiClient, stranger: Stranger, form: Make, leads: Look, came: Look
    ) -> None:
        made = form()
        thanks = ok(stranger.send(made, ANA | {"website": ""}), 201)
        assert len(leads()) == 1
        assert ok(stranger.send(made, ANA | {"website": "https://spam.example", "strange": 1}), 201) == thanks
        assert len(leads()) == 1
        (kept,) = came("state=spam")
        assert kept["reason"] == "trap"
        # What somebody sends after all who is no program can still become a lead.
        ok(stranger.send(made, ANA | {"email": "ben@example.com", "website": "x"}), 201)
        ok(api.post(f"/capture/submissions/{came('state=spam')[0]['id']}/accept"))
        assert len(leads()) == 2

    def test_who_is_faster_than_anybody_is_looked_at(self, stranger: Stranger, form: Make, came: Look) -> None:
        made = form(min_seconds=5)
        token = ok(stranger.get(f"/p/capture/forms/{made['key']}/token"))["token"]
        ok(stranger.send(made, ANA, token=token), 201)
        assert came()[0]["reason"] == "too_fast"
        token = ok(stranger.get(f"/p/capture/forms/{made['key']}/token"))["token"]
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=6)):
            ok(stranger.send(made, ANA, token=token), 201)
        assert came()[0]["state"] == "accepted"

    def test_a_form_takes_so_much_whoever_sends_it(
        self, app: Application, stranger: Stranger, form: Make, came: Look
    ) -> None:
        made = form()
        sent = [
            stranger.post(
                f"/p/capture/forms/{made['key']}",
                json={"values": ANA | {"message": str(number)}, "website": "x"},
                environ_base={"REMOTE_ADDR": f"198.51.100.{number}"},
            )
            for number in range(61)
        ]
        assert [each.status_code for each in sent] == [201] * 60 + [429]
        assert len(came("limit=200")) == 60
        ok(stranger.send(form(), ANA), 201)

    def test_one_address_sends_so_much_whatever_it_says_of_others(self, stranger: Stranger, form: Make) -> None:
        made = form()
        sent = [
            stranger.post(
                f"/p/capture/forms/{made['key']}",
                json={"values": ANA, "website": "x"},
                headers={"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=198.51.100.{number}"},
                environ_base={"REMOTE_ADDR": "203.0.113.77"},
            )
            for number in range(11)
        ]
        assert [each.status_code for each in sent[:10]] == [201] * 10
        assert problem(sent[10]) == (429, "quota_exceeded")


class TestWhatNobodyOutsideCanPutRight:
    def test_keeps_nobodys_enquiry_from_being_kept(
        self, api: ApiClient, stranger: Stranger, form: Make, leads: Look, came: Look
    ) -> None:
        made = form()
        field = {"entity": "leads.lead", "key": "tier", "label": "Tier", "kind": "text", "required": True}
        field_id = ok(api.post("/custom-fields", field), 201)["id"]
        ok(stranger.send(made, ANA), 201)
        assert leads() == []
        (kept,) = came("state=faulty")
        shown = ok(api.get(f"/capture/submissions/{kept['id']}"))
        assert shown["faults"][0]["pointer"] == "/custom_fields/tier"
        assert ok(api.get(f"/capture/forms/{made['id']}"))["failing_since"] is not None
        ok(api.patch(f"/custom-fields/{field_id}", {"required": False}, version="*"))
        accepted = ok(api.post(f"/capture/submissions/{kept['id']}/accept"))
        assert (accepted["state"], accepted["faults"]) == ("accepted", [])
        assert [lead["id"] for lead in leads()] == [accepted["lead_id"]]
        assert ok(api.get(f"/capture/forms/{made['id']}"))["failing_since"] is None
