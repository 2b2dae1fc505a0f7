"""What came in, as members look at it, and what it says about people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.privacy import collecting, erasures
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.capture import api as capture
from plugins.capture import jobs
from plugins.capture.models import Submission
from tests.plugins.capture.conftest import ANA, Stranger

Make = Callable[..., dict[str, Any]]
Look = Callable[..., list[dict[str, Any]]]


def _contact(agency: AgencyUnderTest) -> str:
    (found,) = ok(agency.member("owner").get("/contacts?email=ana@example.com"))["items"]
    return str(found["id"])


def stored(app: Application, agency: AgencyUnderTest) -> list[tuple[Any, ...]]:
    """Every column of what came in, as the database has it."""
    with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        columns = (Submission.payload, Submission.sender, Submission.fingerprint, Submission.faults)
        return [tuple(row) for row in db.session.execute(select(*columns))]


class TestLooking:
    def test_what_is_no_spam_becomes_a_lead(
        self, agency: AgencyUnderTest, stranger: Stranger, form: Make, leads: Look, came: Look
    ) -> None:
        ok(stranger.send(form(), ANA, website="x"), 201)
        kept = came("state=spam")[0]["id"]
        manager = agency.member("manager")
        accepted = ok(manager.post(f"/capture/submissions/{kept}/accept"))
        (lead,) = leads()
        assert (accepted["state"], accepted["reason"], accepted["lead_id"]) == ("accepted", None, lead["id"])
        # The rules say whose it is, not who looked at it.
        assert lead["owner_id"] is None
        told = [each["name"] for each in ok(agency.member("owner").get("/events?limit=200"))["items"]]
        assert told.count("capture.form_submitted") == 1

    def test_what_is_faulty_can_be_said_to_be_spam(
        self, api: ApiClient, stranger: Stranger, hook: Make, came: Look
    ) -> None:
        made = hook(auth="header")
        proven = {"X-Webhook-Secret": made["secret"]}
        ok(stranger.post(f"/p/capture/hooks/{made['key']}", json={"first": "Ana"}, headers=proven), 202)
        kept = came("state=faulty")[0]["id"]
        for _ in range(2):
            shown = ok(api.post(f"/capture/submissions/{kept}/reject"))
            assert (shown["state"], shown["reason"], shown["faults"]) == ("spam", "by_hand", [])

    def test_pages_and_filters(self, api: ApiClient, stranger: Stranger, form: Make) -> None:
        made = form()
        for number in range(5):
            ok(stranger.send(made, ANA | {"message": str(number)}, website="x" if number % 2 else ""), 201)
        first = ok(api.get("/capture/submissions?limit=3"))
        rest = ok(api.get(f"/capture/submissions?limit=3&cursor={first['next']}"))
        assert len({each["id"] for each in first["items"] + rest["items"]}) == 5
        assert len(ok(api.get(f"/capture/submissions?state=spam&form_id={made['id']}"))["items"]) == 2
        assert ok(api.get("/capture/submissions?channel=hook"))["items"] == []

    def test_of_another_agency_do_not_exist(
        self, api: ApiClient, other_agency: AgencyUnderTest, stranger: Stranger, form: Make, came: Look
    ) -> None:
        ok(stranger.send(form(), ANA, website="x"), 201)
        kept = came()[0]["id"]
        theirs = other_agency.member("owner")
        assert theirs.get(f"/capture/submissions/{kept}").status_code == 404
        assert theirs.post(f"/capture/submissions/{kept}/accept").status_code == 404
        assert ok(theirs.get("/capture/submissions"))["items"] == []

    def test_agents_see_none_of_it(self, agency: AgencyUnderTest) -> None:
        assert problem(agency.member("agent").get("/capture/submissions")) == (403, "forbidden")


class TestPeople:
    def test_what_they_sent_is_sealed(
        self, app: Application, agency: AgencyUnderTest, stranger: Stranger, form: Make
    ) -> None:
        ok(stranger.send(form(), ANA | {"message": "We honeymoon in Kenya"}), 201)
        ((payload, sender, fingerprint, _),) = stored(app, agency)
        assert "Kenya" not in payload
        assert "Duarte" not in payload
        assert (sender, len(fingerprint)) == ("ana@example.com", 64)

    def test_are_handed_what_they_sent(
        self, app: Application, agency: AgencyUnderTest, stranger: Stranger, form: Make, leads: Look
    ) -> None:
        ok(stranger.send(form(), ANA | {"message": "Lions!", "phone": "+351912345678"}), 201)
        ok(stranger.send(form(), ANA | {"message": "Spam?"}, website="x"), 201)
        ok(stranger.send(form(), ANA | {"email": "ben@example.com", "message": "Not mine"}), 201)
        contact = _contact(agency)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            _, told = collecting.collect("contacts.contact", UUID(contact))
        mine = [row.values["payload"]["values"]["message"] for row in told if row.table == "capture_submission"]
        assert sorted(mine) == ["Lions!", "Spam?"]

    def test_who_is_erased_leaves_nothing(
        self,
        app: Application,
        agency: AgencyUnderTest,
        api: ApiClient,
        stranger: Stranger,
        form: Make,
        leads: Look,
        came: Look,
    ) -> None:
        made = form()
        ok(stranger.send(made, ANA), 201)
        ok(stranger.send(made, ANA | {"message": "Spam?"}, website="x"), 201)
        ok(stranger.send(made, ANA | {"email": "ben@example.com", "name": "Ben Okri"}), 201)
        contact = _contact(agency)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            erasures.erase("contacts.contact", UUID(contact), request_id=None)
        rows = stored(app, agency)
        assert sorted(bool(payload) for payload, *_ in rows) == [False, False, True]
        assert [sender for _, sender, *_ in rows if sender] == ["ben@example.com"]
        kept = next(each["id"] for each in came() if each["state"] == "spam")
        assert problem(api.post(f"/capture/submissions/{kept}/accept")) == (409, "capture_nothing_left")
        assert ok(api.get(f"/capture/submissions/{kept}"))["values"] == {}

    def test_what_is_old_goes_and_spam_goes_sooner(
        self, app: Application, agency: AgencyUnderTest, stranger: Stranger, form: Make, came: Look
    ) -> None:
        made = form()
        ok(stranger.send(made, ANA), 201)
        ok(stranger.send(made, ANA, website="x"), 201)
        later = datetime.now(UTC) + timedelta(minutes=1)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            assert (jobs.SPAM.days(), jobs.SUBMISSIONS.days()) == (30, 365)
            assert (jobs.SPAM.count(later), jobs.SUBMISSIONS.count(later)) == (1, 1)
            assert jobs.SPAM.apply(later, 100) == 1
        assert [each["state"] for each in came()] == ["accepted"]
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            assert jobs.SUBMISSIONS.apply(datetime.now(UTC) - timedelta(days=1), 100) == 0
            assert jobs.SUBMISSIONS.apply(later, 100) == 1
        assert came() == []


class TestOtherPlugins:
    def test_bring_enquiries_through_the_same_door(
        self, app: Application, agency: AgencyUnderTest, leads: Look, came: Look
    ) -> None:
        source = capture.Source("email", language="fr", defaults=capture.CaptureDefaults(source="email"))
        said = {"email": "Ana@example.com", "name": "Ana", "message": "Hello"}
        found = []
        for _ in range(2):
            with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
                found.append(capture.capture(said, source, once="<1@mail.example.com>"))
        assert found[0] == found[1]
        assert found[0].state == "accepted"
        (lead,) = leads()
        assert (lead["source"], came("channel=email")[0]["lead_id"]) == ("email", lead["id"])

    def test_bring_texts_and_what_was_agreed_to(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, leads: Look
    ) -> None:
        agreed = capture.ConsentSaid("newsletter", ["email"], "news-1", "Send me news.", given=True)
        said = {"email": "ana@example.com", "message": "Kenya?"}
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            kept = capture.capture(said, capture.Source("email"), body="Dear all, Kenya? Ana", consents=[agreed])
        (lead,) = leads()
        assert (str(kept.lead_id), str(kept.contact_id)) == (lead["id"], lead["contact_id"])
        assert ok(api.get(f"/capture/submissions/{kept.id}"))["body"] == "Dear all, Kenya? Ana"
        (given,) = ok(api.get(f"/contacts/{kept.contact_id}"))["consents"]
        assert (given["state"], given["source"], given["wording"]) == ("given", "email", "news-1")

    def test_lose_nothing_either(self, app: Application, agency: AgencyUnderTest, api: ApiClient, came: Look) -> None:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            kept = capture.capture({"name": "Ana"}, capture.Source("whatsapp"))
        assert kept.state == "faulty"
        assert came("channel=whatsapp&state=faulty")[0]["id"] == str(kept.id)
        assert faults(api.post(f"/capture/submissions/{kept.id}/accept")) == {"/values/email": "unreachable"}


class TestTelling:
    def test_that_nothing_comes_through_is_told_once(
        self, agency: AgencyUnderTest, api: ApiClient, stranger: Stranger, hook: Make
    ) -> None:
        made = hook(auth="header")
        proven = {"X-Webhook-Secret": made["secret"]}
        good = {"contact": {"email": "ana@example.com"}}
        for body in ({"n": 1}, {"n": 2}, good, {"n": 3}):
            ok(stranger.post(f"/p/capture/hooks/{made['key']}", json=body, headers=proven), 202)
        told = [each["name"] for each in ok(api.get("/events?limit=200"))["items"]]
        assert told.count("capture.submission_set_aside") == 3
        assert told.count("capture.source_failing") == 2
        assert told.count("capture.enquiry_captured") == 1

    def test_nothing_that_was_said_is_in_an_event(self, api: ApiClient, stranger: Stranger, form: Make) -> None:
        ok(stranger.send(form(), ANA), 201)
        told = api.get("/events?limit=200").get_data(as_text=True)
        assert "duarte" not in told.lower()
        assert "ana@example.com" not in told.lower()
