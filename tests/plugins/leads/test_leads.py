"""Taking in leads, correcting them, putting them away and finding them again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest

Enquire = Callable[..., dict[str, Any]]


class TestCreate:
    def test_a_lead_brings_its_contact_and_first_note(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire(note="We dream of lions")
        assert (lead["contact_name"], lead["contact_email"]) == ("Ben Okri", "ben@example.com")
        assert ok(api.get(f"/contacts/{lead['contact_id']}"))["name"] == "Ben Okri"
        assert [note["text"] for note in ok(api.get(f"/leads/{lead['id']}/notes"))["items"]] == ["We dream of lions"]

    def test_references_count_up_without_gaps(self, api: ApiClient, enquire: Enquire) -> None:
        first = enquire()["reference"]
        api.post("/leads", {"contact": {"name": "Refused"}, "brand_id": enquire()["id"]})
        numbers = [int(reference.rsplit("-", 1)[1]) for reference in (first, enquire()["reference"])]
        assert numbers == [1, 3]
        assert first.startswith("L-")

    def test_a_known_contact_is_used_again(self, api: ApiClient, enquire: Enquire) -> None:
        known = ok(api.post("/contacts", {"name": "Ana"}), 201)
        lead = ok(api.post("/leads", {"contact_id": known["id"]}), 201)
        assert lead["contact_name"] == "Ana"
        assert [row["id"] for row in ok(api.get(f"/leads?contact_id={known['id']}"))["items"]] == [lead["id"]]

    def test_somebody_must_ask(self, api: ApiClient) -> None:
        assert faults(api.post("/leads", {"adults": 2})) == {"/contact_id": "required"}

    def test_every_fault_of_lead_and_contact_is_told_at_once(self, api: ApiClient, enquire: Enquire) -> None:
        body = {
            "contact": {"name": "Ben", "zone": "Mars/Base", "phones": [{"number": "+4479"}]},
            "brand_id": enquire()["id"],
            "language": "xx",
            "budget": {"amount": "5", "currency": "QQQ"},
            "value": {"amount": "1.001", "currency": "EUR"},
            "start_date": "2027-07-10",
            "end_date": "2027-07-01",
            "owner_id": enquire()["id"],
        }
        assert faults(api.post("/leads", body)) == {
            "/contact/zone": "zone",
            "/contact/phones/0/number": "phone",
            "/brand_id": "unknown",
            "/language": "language",
            "/budget/currency": "currency",
            "/value/amount": "value",
            "/end_date": "order",
            "/owner_id": "unknown",
        }

    def test_a_refused_lead_leaves_no_contact_behind(self, api: ApiClient) -> None:
        api.post("/leads", {"contact": {"name": "Ghost"}, "language": "xx"})
        assert ok(api.get("/contacts?count=exact"))["total"] == 0

    def test_money_keeps_its_currency_places(self, enquire: Enquire) -> None:
        assert enquire(budget={"amount": "250000", "currency": "JPY"})["budget"]["amount"] == "250000"
        assert enquire(budget={"amount": "9.5", "currency": "KWD"})["budget"]["amount"] == "9.500"

    def test_an_agent_owns_their_lead_in_their_team(self, agency: AgencyUnderTest, enquire: Enquire) -> None:
        agent = agency.member("agent", team="Africa")
        lead = enquire(by=agent)
        assert lead["owner_id"] == str(agent.user_id)
        assert lead["team_id"] is not None


class TestChange:
    def test_lists_are_replaced_and_the_rest_stays(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire(tags=["vip", "repeat"], children_ages=[7])
        patch = {"destinations": ["Jordan"], "tags": ["vip", "petra"], "children_ages": []}
        changed = ok(api.patch(f"/leads/{lead['id']}", patch, version=1))
        assert changed["destinations"] == ["Jordan"]
        assert changed["tags"] == ["petra", "vip"]
        assert changed["children_ages"] == []
        assert changed["adults"] == 2

    def test_status_and_owner_have_routes_of_their_own(self, api: ApiClient, enquire: Enquire) -> None:
        patch = {"status": "won", "owner_id": None, "reference": "X"}
        answer = api.patch(f"/leads/{enquire()['id']}", patch, version=1)
        assert faults(answer) == dict.fromkeys(("/status", "/owner_id", "/reference"), "unknown_field")

    def test_the_log_keeps_before_and_after(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        ok(api.patch(f"/leads/{lead['id']}", {"adults": 4, "restrictions": "Coeliac"}, version=1))
        event = ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.lead_changed"))["items"][0]
        assert (event["before"]["adults"], event["after"]["adults"]) == (2, 4)
        assert event["after"]["restrictions"] == "[personal]"
        assert event["actor_id"] == str(api.user_id)


class TestList:
    def test_by_status_tag_and_dates(self, api: ApiClient, enquire: Enquire) -> None:
        kenya = enquire(tags=["safari"])
        enquire(tags=["beach"], start_date="2028-01-01")
        query = "status=new&tag=safari&start_date.gte=2027-01-01&start_date.lt=2028-01-01"
        assert [row["id"] for row in ok(api.get(f"/leads?{query}"))["items"]] == [kenya["id"]]
        assert len(ok(api.get("/leads?tag.in=safari,beach"))["items"]) == 2
        assert ok(api.get("/leads?status.ne=new"))["items"] == []

    def test_undated_leads_come_last(self, api: ApiClient, enquire: Enquire) -> None:
        wanted = [enquire(start_date=day)["id"] for day in ("2027-01-01", "2027-05-01", None)]
        assert [row["id"] for row in ok(api.get("/leads?sort=start_date"))["items"]] == wanted

    def test_by_reference_destination_name_and_address(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire(destinations=["São Tomé"])
        enquire(contact={"name": "Other"}, destinations=["Peru"])
        for words in ("sao", "são tomé", lead["reference"], "okri", "ben@example.com"):
            assert [row["id"] for row in ok(api.get(f"/leads?q={words}"))["items"]] == [lead["id"]], words

    def test_pages_follow_each_other_to_the_end(self, api: ApiClient, enquire: Enquire) -> None:
        made = [enquire()["id"] for _ in range(5)]
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = ok(api.get(f"/leads?limit=2&sort=created_at{cursor and f'&cursor={cursor}'}"))
            seen += [row["id"] for row in page["items"]]
            cursor = page["next"]
        assert seen == made

    def test_unknown_filters_and_values_are_refused(self, api: ApiClient) -> None:
        answer = api.get("/leads?colour=red&status=asleep&sort=shoe_size&limit=1000")
        assert set(faults(answer)) == {"?colour", "?status", "?sort", "?limit"}


class TestDelete:
    def test_only_those_who_may_can_delete(self, agency: AgencyUnderTest, enquire: Enquire) -> None:
        agent = agency.member("agent", team="Africa")
        lead = enquire(by=agent)
        assert problem(agent.delete(f"/leads/{lead['id']}", version=1)) == (403, "forbidden")

    def test_a_deleted_lead_can_be_restored(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        ok(api.delete(f"/leads/{lead['id']}", version=1), 204)
        assert problem(api.get(f"/leads/{lead['id']}")) == (404, "not_found")
        assert problem(api.get(f"/leads/{lead['id']}/notes")) == (404, "not_found")
        ok(api.post(f"/leads/{lead['id']}/restore"))
        assert ok(api.get(f"/leads/{lead['id']}"))["reference"] == lead["reference"]
