"""Forms that strangers fill in: what becomes of it, and what they can and cannot do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.testing.clients import ApiClient, faults, ok
from core.testing.factories import AgencyUnderTest
from tests.plugins.capture.conftest import ANA, FIELDS, Stranger

Make = Callable[..., dict[str, Any]]
Look = Callable[..., list[dict[str, Any]]]
CONSENT = {"purpose": "newsletter", "text": "Send me news.", "version": "news-1", "channels": ["email", "phone"]}


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

    def test_rules_of_assignment_say_whose_it_is_and_else_nobody(
        self, agency: AgencyUnderTest, api: ApiClient, stranger: Stranger, form: Make, leads: Look
    ) -> None:
        agent = agency.member("agent")
        ok(stranger.send(form(), ANA), 201)
        (lead,) = leads()
        assert lead["owner_id"] is None
        ok(stranger.send(form(owner_id=str(agent.user_id)), ANA), 201)
        assert leads()[0]["owner_id"] == str(agent.user_id)

    def test_a_form_whose_owner_has_left_still_takes_enquiries(
        self, agency: AgencyUnderTest, api: ApiClient, stranger: Stranger, form: Make, leads: Look
    ) -> None:
        agent = agency.newcomer("agent")
        made = form(owner_id=str(agent.user_id))
        ok(api.patch(f"/users/{agent.user_id}", {"state": "suspended"}, version="*"))
        ok(stranger.send(made, ANA), 201)
        (lead,) = leads()
        assert lead["owner_id"] is None

    def test_of_own_fields_and_money(self, api: ApiClient, stranger: Stranger, form: Make, leads: Look) -> None:
        field = {"entity": "leads.lead", "key": "tier", "label": "Tier", "kind": "choice"}
        choices = [{"code": "gold", "label": "Gold"}, {"code": "blue", "label": "Blue"}]
        ok(api.post("/custom-fields", field | {"choices": choices}), 201)
        flag = {"entity": "contacts.contact", "key": "vegan", "label": "Vegan", "kind": "boolean"}
        ok(api.post("/custom-fields", flag), 201)
        own = [{"name": "lead.tier"}, {"name": "contact.vegan"}, {"name": "budget"}, {"name": "hotel_category"}]
        made = form(fields=FIELDS + own, defaults={"currency": "USD"})
        values = ANA | {"lead.tier": "gold", "contact.vegan": "on", "budget": "2400.5", "hotel_category": "4"}
        ok(stranger.send(made, values), 201)
        lead = ok(api.get(f"/leads/{leads()[0]['id']}"))
        assert lead["custom_fields"] == {"tier": "gold"}
        assert (lead["budget"], lead["hotel_category"]) == ({"amount": "2400.50", "currency": "USD"}, 4)
        assert ok(api.get(f"/contacts/{lead['contact_id']}"))["custom_fields"] == {"vegan": True}
        wrong = stranger.send(made, values | {"lead.tier": "pink"})
        assert faults(wrong) == {"/values/lead.tier": "choice"}

    def test_as_a_plain_page_does_leads_on(self, stranger: Stranger, form: Make, leads: Look) -> None:
        made = form(redirect_url="https://sunrise.example/thanks")
        sent = stranger.post(f"/p/capture/forms/{made['key']}", data=ANA)
        assert (sent.status_code, sent.headers["Location"]) == (303, "https://sunrise.example/thanks")
        other = form()
        sent = stranger.post(f"/p/capture/forms/{other['key']}", data=ANA)
        assert (sent.status_code, sent.headers["Location"]) == (303, f"/app/capture/{other['key']}/thanks")
        assert len(leads()) == 2

    def test_says_what_is_wrong_beside_the_field_and_keeps_nothing(
        self, stranger: Stranger, form: Make, came: Look
    ) -> None:
        made = form()
        found = faults(stranger.send(made, {"name": " ", "email": "nobody"}))
        assert found == {"/values/name": "required", "/values/email": "pattern"}
        assert faults(stranger.send(made, ANA | {"adults": "many"})) == {"/values/adults": "type"}
        assert faults(stranger.send(made, ANA | {"phone": "12"})) == {"/values/phone": "phone"}
        wrong = {"email": "nomail", "phone": "12", "adults": -2, "foo": "x", "destinations": {"to": "Kenya"}}
        found = faults(stranger.send(made, ANA | wrong))
        assert found == {
            "/values/email": "pattern",
            "/values/phone": "phone",
            "/values/adults": "range",
            "/values/foo": "unknown_field",
            "/values/destinations": "type",
        }
        assert faults(stranger.send(made, {"name": "Ana", "email": " ", "phone": "12"})) == {
            "/values/email": "required",
            "/values/phone": "phone",
        }
        found = faults(stranger.send(made, ANA | {"email": "nobody", "start_date": "2027-13-01"}))
        assert found == {"/values/email": "pattern", "/values/start_date": "format"}
        dates = {"start_date": "2027-05-14", "end_date": "2027-05-01"}
        assert faults(stranger.send(made, ANA | dates)) == {"/values/end_date": "order"}
        assert came() == []

    def test_needs_an_address_or_a_number_to_answer_to(self, stranger: Stranger, form: Make) -> None:
        made = form(fields=[{"name": "phone"}, {"name": "email"}])
        assert faults(stranger.send(made, {})) == {"/values/phone": "required"}
        ok(stranger.send(made, {"phone": "+351912345678"}), 201)

    def test_numbers_without_a_prefix_are_of_the_forms_country(
        self, api: ApiClient, stranger: Stranger, form: Make, leads: Look
    ) -> None:
        ok(stranger.send(form(defaults={"country": "PT"}), {**ANA, "phone": "912 345 678"}), 201)
        assert ok(api.get(f"/leads/{leads()[0]['id']}"))["contact_phone"] == "+351912345678"


class TestKnownContacts:
    def test_are_found_and_never_changed(
        self, api: ApiClient, stranger: Stranger, form: Make, leads: Look, came: Look
    ) -> None:
        draft = {"name": "Ana Duarte", "emails": [{"address": "ana@example.com"}], "country": "PT"}
        known = ok(api.post("/contacts", draft), 201)
        fields = [*FIELDS, {"name": "country"}]
        values = {
            "name": "Ana D.",
            "email": "ANA@example.com",
            "phone": "+351912345678",
            "country": "BR",
            "message": "Hi",
        }
        ok(stranger.send(form(fields=fields), values), 201)
        (lead,) = leads()
        assert lead["contact_id"] == known["id"]
        assert ok(api.get(f"/contacts/{known['id']}"))["version"] == known["version"]
        (note,) = ok(api.get(f"/leads/{lead['id']}/notes"))["items"]
        assert note["text"].startswith("Hi\n\nTold otherwise than the contact has it:\n")
        assert {"Name: Ana D.", "Phone: +351912345678", "Country: BR"} <= set(note["text"].splitlines())
        assert came()[0]["known"] is True

    def test_who_says_the_same_leaves_no_note(
        self, api: ApiClient, stranger: Stranger, form: Make, leads: Look
    ) -> None:
        ok(api.post("/contacts", {"name": "ana duarte", "emails": [{"address": "ana@example.com"}]}), 201)
        ok(stranger.send(form(), ANA), 201)
        assert ok(api.get(f"/leads/{leads()[0]['id']}/notes"))["items"] == []

    def test_of_several_with_one_address_it_is_the_one_of_that_name(
        self, api: ApiClient, stranger: Stranger, form: Make, leads: Look
    ) -> None:
        family = [{"address": "duarte@example.com"}]
        ok(api.post("/contacts", {"name": "Rui Duarte", "emails": family}), 201)
        ana = ok(api.post("/contacts", {"name": "Ana Duarte", "emails": family}), 201)
        ok(stranger.send(form(), ANA | {"email": "duarte@example.com"}), 201)
        assert leads()[0]["contact_id"] == ana["id"]

    def test_strangers_hear_the_same_whether_or_not_they_are_known(
        self, api: ApiClient, stranger: Stranger, form: Make
    ) -> None:
        ok(api.post("/contacts", {"name": "Ana Duarte", "emails": [{"address": "ana@example.com"}]}), 201)
        made = form()
        known = stranger.send(made, ANA)
        unknown = stranger.send(made, ANA | {"email": "nobody@example.com"})
        trapped = stranger.send(made, ANA, website="https://spam.example")
        quiet = {"X-Request-ID", "RateLimit", "Date"}
        answers = [
            (each.status_code, each.data, [item for item in each.headers.items() if item[0] not in quiet])
            for each in (known, unknown, trapped)
        ]
        assert answers[0] == answers[1] == answers[2]


class TestConsents:
    def test_that_are_given_are_recorded_for_every_channel(
        self, api: ApiClient, stranger: Stranger, form: Make, came: Look
    ) -> None:
        ok(stranger.send(form(consents=[CONSENT]), ANA, consents={"newsletter": True}), 201)
        (kept,) = came()
        contact = ok(api.get(f"/contacts/{kept['contact_id']}"))
        said = {(each["purpose"], each["channel"], each["state"], each["wording"]) for each in contact["consents"]}
        assert said == {("newsletter", "email", "given", "news-1"), ("newsletter", "phone", "given", "news-1")}
        (asked,) = ok(api.get(f"/capture/submissions/{kept['id']}"))["consents"]
        assert (asked["text"], asked["version"], asked["given"]) == ("Send me news.", "news-1", True)

    def test_that_are_not_given_are_kept_as_not_given_and_withdraw_nothing(
        self, api: ApiClient, stranger: Stranger, form: Make, came: Look
    ) -> None:
        made = form(consents=[CONSENT])
        ok(stranger.send(made, ANA, consents={"newsletter": True}), 201)
        ok(stranger.send(made, ANA | {"message": "Again"}, consents={"newsletter": False}), 201)
        kept = came()[0]
        contact = ok(api.get(f"/contacts/{kept['contact_id']}"))
        assert {each["state"] for each in contact["consents"]} == {"given"}
        assert ok(api.get(f"/capture/submissions/{kept['id']}"))["consents"][0]["given"] is False

    def test_in_the_name_of_who_is_known_are_only_asked_for(
        self, api: ApiClient, stranger: Stranger, form: Make
    ) -> None:
        """Anybody can write down anybody's address."""
        ana = ok(api.post("/contacts", {"name": "Ana Duarte", "emails": [{"address": "ana@example.com"}]}), 201)
        no = {"state": "withdrawn", "purpose": "newsletter", "channel": "email"}
        ok(api.post(f"/contacts/{ana['id']}/consents", {"consents": [no]}))
        ok(stranger.send(form(consents=[CONSENT]), ANA, consents={"newsletter": True}), 201)
        said = ok(api.get(f"/contacts/{ana['id']}"))["consents"]
        assert all(each["asked_at"] for each in said)
        assert {each["channel"]: each["state"] for each in said}["email"] == "withdrawn"
        assert {each["state"] for each in said if each["channel"] != "email"} == {"pending"}

    def test_may_wait_until_they_are_confirmed(
        self, api: ApiClient, stranger: Stranger, form: Make, came: Look
    ) -> None:
        asked = CONSENT | {"double_opt_in": True}
        ok(stranger.send(form(consents=[asked]), ANA, consents={"newsletter": True}), 201)
        said = ok(api.get(f"/contacts/{came()[0]['contact_id']}"))["consents"]
        assert {each["state"] for each in said} == {"pending"}

    def test_that_there_are_not_cannot_be_asked_for(self, api: ApiClient) -> None:
        asked = CONSENT | {"purpose": "anything", "channels": ["pigeon"]}
        body = {"name": "Website", "fields": FIELDS, "consents": [asked]}
        found = faults(api.post("/capture/forms", body))
        assert found == {"/consents/0/purpose": "unknown", "/consents/0/channels": "unknown"}

    def test_for_what_is_part_of_the_contract_is_nothing_to_ask_strangers(self, api: ApiClient) -> None:
        body = {"name": "Website", "fields": FIELDS, "consents": [CONSENT | {"purpose": "trip"}]}
        assert faults(api.post("/capture/forms", body)) == {"/consents/0/purpose": "unknown"}

    def test_that_are_required_must_be_given_and_others_do_not_exist(self, stranger: Stranger, form: Make) -> None:
        made = form(consents=[CONSENT | {"required": True}])
        assert faults(stranger.send(made, ANA)) == {"/consents/newsletter": "required"}
        found = faults(stranger.send(made, ANA, consents={"newsletter": True, "everything": True}))
        assert found == {"/consents/everything": "unknown_field"}
