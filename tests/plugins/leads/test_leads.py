"""Leads themselves: taken in, corrected, found again and put away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest

Enquire = Callable[..., dict[str, Any]]


def with_rights(agency: AgencyUnderTest, team: str | None = None, **scopes: str) -> ApiClient:
    """A member whose role allows exactly this: `leads_write="team"`."""
    permissions = {name.replace("_", ".", 1): scope for name, scope in scopes.items()}
    ok(agency.member("owner").post("/roles", {"code": "narrow", "name": "Narrow", "permissions": permissions}), 201)
    return agency.newcomer("narrow", team=team)


def ids(api: ApiClient, question: str) -> set[str]:
    """The leads a question finds."""
    return {row["id"] for row in ok(api.get(f"/leads?{question}"))["items"]}


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

    def test_a_tag_that_is_too_long_says_so(self, api: ApiClient) -> None:
        tags = ["b" * 300, "sea,sun", ""]
        found = faults(api.post("/leads", {"contact": {"name": "Ben"}, "tags": tags}))
        assert found == {"/tags/0": "length", "/tags/1": "pattern", "/tags/2": "pattern"}

    def test_days_that_nobody_can_mean_are_refused(self, api: ApiClient) -> None:
        days = {"start_date": "1066-01-01", "expected_close": "0001-01-01", "next_action_at": "9999-01-01T00:00:00Z"}
        found = faults(api.post("/leads", {"contact": {"name": "Ben"}} | days))
        assert found == {f"/{name}": "value" for name in days}

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

    def test_one_made_for_another_team_is_shown_all_the_same(self, agency: AgencyUnderTest, enquire: Enquire) -> None:
        agent, colleague = agency.member("agent", team="Africa"), agency.member("agent", team="Asia")
        lead = enquire(by=agent, owner_id=str(colleague.user_id), team_id=None)
        assert lead["owner_id"] == str(colleague.user_id)
        assert problem(agent.get(f"/leads/{lead['id']}")) == (404, "not_found")

    def test_a_new_contact_takes_the_right_to_add_contacts(self, agency: AgencyUnderTest) -> None:
        clerk = with_rights(agency, leads_read="all", leads_write="all", contacts_read="all")
        assert problem(clerk.post("/leads", {"contact": {"name": "Ben"}})) == (403, "forbidden")
        known = ok(agency.member("owner").post("/contacts", {"name": "Ben"}), 201)
        ok(clerk.post("/leads", {"contact_id": known["id"]}), 201)

    def test_making_one_somebody_elses_takes_the_right_to_hand_over(
        self, agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        clerk = with_rights(agency, team="Africa", leads_read="all", leads_write="all", contacts_read="all")
        colleague = agency.member("agent", team="Asia")
        contact_id = ok(api.post("/contacts", {"name": "Ben"}), 201)["id"]
        own = ok(clerk.post("/leads", {"contact_id": contact_id, "owner_id": str(clerk.user_id)}), 201)
        ok(clerk.post("/leads", {"contact_id": contact_id, "team_id": own["team_id"]}), 201)
        theirs = ok(colleague.post("/leads", {"contact": {"name": "Ana"}}), 201)
        for name in ("owner_id", "team_id"):
            answer = clerk.post("/leads", {"contact_id": contact_id, name: theirs[name]})
            assert problem(answer) == (403, "forbidden"), name

    def test_no_amount_is_negative(self, api: ApiClient) -> None:
        money = {"amount": "-1", "currency": "EUR"}
        body = {"contact": {"name": "Ben"}, "budget": money, "value": money}
        assert faults(api.post("/leads", body)) == {"/budget/amount": "value", "/value/amount": "value"}


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

    def test_without_changes_nothing_happens(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        assert ok(api.patch(f"/leads/{lead['id']}", {}, version=1)) == lead
        assert problem(api.patch(f"/leads/{lead['id']}", {}, version=7)) == (412, "precondition_failed")
        assert ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.lead_changed"))["items"] == []

    def test_money_is_taken_away_with_its_currency(self, api: ApiClient, enquire: Enquire) -> None:
        assert ok(api.patch(f"/leads/{enquire()['id']}", {"budget": None}, version=1))["budget"] is None


class TestList:
    def test_looking_for_blanks_is_looking_for_nothing(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        assert ids(api, "q=%20%20") == ids(api, "q=") == {lead["id"]}

    def test_by_status_tag_and_dates(self, api: ApiClient, enquire: Enquire) -> None:
        kenya = enquire(tags=["safari"])
        enquire(tags=["beach"], start_date="2028-01-01")
        query = "status=new&tag=safari&start_date.gte=2027-01-01&start_date.lt=2028-01-01"
        assert [row["id"] for row in ok(api.get(f"/leads?{query}"))["items"]] == [kenya["id"]]
        assert len(ok(api.get("/leads?tag.in=safari,beach"))["items"]) == 2
        assert ok(api.get("/leads?status.ne=new"))["items"] == []

    def test_of_nobody_and_of_anybody(self, api: ApiClient, enquire: Enquire) -> None:
        mine, nobodys = enquire()["id"], enquire(owner_id=None)["id"]
        assert ids(api, "owner_id.null=true") == {nobodys}
        assert ids(api, "owner_id.null=false") == {mine}
        assert ids(api, f"owner_id.ne={api.user_id}") == {nobodys}
        assert faults(api.get("/leads?owner_id.null=perhaps")) == {"?owner_id.null": "type"}

    def test_of_nobody_is_in_the_document(self, app: Application) -> None:
        parameters = app.api.document()["paths"]["/api/v1/leads"]["get"]["parameters"]
        found = next(each for each in parameters if each.get("name") == "owner_id.null")
        assert found["schema"] == {"type": "boolean"}
        assert found["description"] == "Owning user. Whether there is none."

    def test_without_a_tag_whatever_other_tags_there_are(self, api: ApiClient, enquire: Enquire) -> None:
        enquire(tags=["safari", "beach"])
        beach, untagged = enquire(tags=["beach"])["id"], enquire()["id"]
        assert ids(api, "tag.ne=safari") == {beach, untagged}

    @pytest.mark.parametrize("name", ["start_date", "next_action_at"])
    def test_undated_leads_are_in_no_range_of_days(self, api: ApiClient, enquire: Enquire, name: str) -> None:
        dated = enquire(start_date="2027-07-01", next_action_at="2027-07-01T00:00:00Z")["id"]
        enquire(start_date=None)
        instant = "T00:00:00Z" if name == "next_action_at" else ""
        for question in (f"{name}.gte=2027-01-01{instant}", f"{name}.lt=9999-12-31{instant}"):
            assert ids(api, question) == {dated}, question

    def test_a_renamed_contact_is_found_by_the_new_name_only(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire(destinations=["Peru"])
        ok(api.patch(f"/contacts/{lead['contact_id']}", {"name": "Ben Achebe"}, version="*"))
        assert ids(api, "q=achebe peru") == {lead["id"]}
        assert ids(api, "q=okri") == set()

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

    def test_one_comes_back_with_its_contact_only(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        for address in (f"/leads/{lead['id']}", f"/contacts/{lead['contact_id']}"):
            ok(api.delete(address, version="*"), 204)
        assert problem(api.post(f"/leads/{lead['id']}/restore")) == (409, "lead_contact_deleted")
        ok(api.post(f"/contacts/{lead['contact_id']}/restore"))
        ok(api.post(f"/leads/{lead['id']}/restore"))
