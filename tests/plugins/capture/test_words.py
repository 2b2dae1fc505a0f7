"""What somebody agreed to is what they read, and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from core.testing.clients import ApiClient, faults, ok
from tests.plugins.capture.conftest import ANA, Stranger

Make = Callable[..., dict[str, Any]]
Look = Callable[..., list[dict[str, Any]]]
NEWS: dict[str, Any] = {"purpose": "newsletter", "text": "A letter a month?", "version": "v1", "channels": ["email"]}
AGREED = {"newsletter": True}


def reword(api: ApiClient, made: dict[str, Any], **words: str) -> None:
    ok(api.patch(f"/capture/forms/{made['id']}", {"consents": [NEWS | words]}, version="*"))


class TestWords:
    @pytest.mark.parametrize(
        "words", [{"version": "v2", "text": "May we sell your data?"}, {"text": "May we sell your data?"}]
    )
    def test_that_changed_while_somebody_read_them_are_read_again(
        self, api: ApiClient, stranger: Stranger, form: Make, came: Look, words: dict[str, str]
    ) -> None:
        made = form(consents=[NEWS])
        token = ok(stranger.get(f"/p/capture/forms/{made['key']}/token"))["token"]
        reword(api, made, **words)
        sent = stranger.send(made, ANA, token=token, consents=AGREED)
        assert faults(sent) == {"/consents/newsletter": "changed"}
        assert came() == []
        # Who agrees to nothing is kept up by nothing.
        ok(stranger.send(made, ANA, token=token, consents={"newsletter": False}), 201)

    def test_on_a_page_are_shown_anew_and_nothing_is_ticked(
        self, api: ApiClient, stranger: Stranger, form: Make, came: Look
    ) -> None:
        made = form(consents=[NEWS])
        page = stranger.get(f"/app/capture/{made['key']}").get_data(as_text=True)
        token = page.partition('name="token" value="')[2].partition('"')[0]
        reword(api, made, version="v2", text="Two letters a month?")
        sent = stranger.post(
            f"/p/capture/forms/{made['key']}", data=ANA | {"token": token, "consent.newsletter": "yes"}
        )
        again = sent.get_data(as_text=True)
        assert (sent.status_code, "Two letters a month?" in again, "checked" in again) == (422, True, False)
        assert came() == []

    def test_can_be_named_by_who_draws_the_form(
        self, api: ApiClient, stranger: Stranger, form: Make, leads: Look
    ) -> None:
        made = form(consents=[NEWS])
        reword(api, made, version="v2", text="Two letters a month?")
        path, plain = f"/p/capture/forms/{made['key']}", ANA | {"consent.newsletter": "yes"}
        sent = stranger.send(made, ANA, consents=AGREED, consent_versions={"newsletter": "v1"})
        assert faults(sent) == {"/consents/newsletter": "changed"}
        assert stranger.post(path, data=plain | {"consent_version.newsletter": "v1"}).status_code == 422
        assert stranger.post(path, data=plain | {"consent_version.newsletter": "v2"}).status_code == 303
        said = ok(api.get(f"/contacts/{leads()[0]['contact_id']}"))["consents"]
        assert [(each["state"], each["wording"]) for each in said] == [("given", "v2")]


class TestTime:
    def test_is_when_it_came_in_not_when_somebody_looked_at_it(
        self, api: ApiClient, stranger: Stranger, form: Make, came: Look, leads: Look
    ) -> None:
        made = form(consents=[NEWS])
        with time_machine.travel(datetime.now(UTC) - timedelta(days=20)):
            ok(stranger.send(made, ANA, website="x", consents=AGREED), 201)
        (kept,) = came()
        ok(api.post(f"/capture/submissions/{kept['id']}/accept"))
        (said,) = ok(api.get(f"/contacts/{leads()[0]['contact_id']}"))["consents"]
        assert said["state"] == "given"
        assert datetime.fromisoformat(said["said_at"]) == datetime.fromisoformat(kept["created_at"])
