"""What clients are worth."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.contacts.schemas.value import ContactFigures
from plugins.contacts.service.value import put_together
from tests.plugins.contacts.test_duplicates import add
from tests.plugins.contacts.test_members import put
from tests.plugins.contacts.test_merging import merge, shown

TRIP = {"destinations": ["Kenya"], "date_mode": "fixed", "start_date": "2027-07-01", "adults": 2}


def win(by: ApiClient, contact: dict[str, Any], amount: str, currency: str = "EUR") -> dict[str, Any]:
    worth = {"amount": amount, "currency": currency}
    body = {**TRIP, "contact_id": contact["id"], "value": worth, "budget": worth}
    lead: dict[str, Any] = ok(by.post("/leads", body), 201)
    for step in ("contacted", "qualified", "proposal_sent", "won"):
        ok(by.post(f"/leads/{lead['id']}/status", {"to": step, "note": "As agreed."}, version="*"))
    return lead


def value(by: ApiClient, contact: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = ok(by.get(f"/contacts/{contact['id']}/value"))
    return found


class TestValue:
    def test_of_somebody_new_is_nothing(self, api: ApiClient) -> None:
        found = value(api, add(api, "Ana"))
        assert found["together"] is found["group_id"] is None
        assert found["own"] == {
            "enquiries": 0,
            "open": 0,
            "won": 0,
            "lost": 0,
            "conversion": None,
            "first_at": None,
            "last_at": None,
            "repeat": False,
            "value": [],
        }

    def test_amounts_of_two_currencies_are_never_added(self, api: ApiClient) -> None:
        ana = add(api, "Ana")
        for amount, currency in (("1000.00", "EUR"), ("2400.50", "EUR"), ("90000", "JPY")):
            win(api, ana, amount, currency)
        lead = ok(api.post("/leads", {"contact_id": ana["id"], "value": {"amount": "7.00", "currency": "EUR"}}), 201)
        own = value(api, ana)["own"]
        assert own["value"] == [{"amount": "3400.50", "currency": "EUR"}, {"amount": "90000", "currency": "JPY"}]
        assert (own["enquiries"], own["open"], own["won"], own["conversion"], own["repeat"]) == (4, 1, 3, 100, True)
        assert own["last_at"] == lead["created_at"]

    def test_a_household_and_who_is_of_it_are_seen_together(self, api: ApiClient) -> None:
        family, ana, rui = add(api, "Duarte family", kind="household"), add(api, "Ana"), add(api, "Rui")
        for person in (ana, rui):
            ok(put(api, family, person))
        win(api, ana, "1000.00")
        win(api, rui, "500.00")
        of_ana, of_family = value(api, ana), value(api, family)
        assert (of_ana["group_id"], of_family["group_id"]) == (family["id"], family["id"])
        assert of_ana["own"]["value"] == [{"amount": "1000.00", "currency": "EUR"}]
        assert of_ana["together"] == of_family["together"]
        assert of_family["together"]["value"] == [{"amount": "1500.00", "currency": "EUR"}]
        assert (of_family["own"]["won"], of_family["together"]["won"], of_family["together"]["repeat"]) == (0, 2, True)

    def test_a_company_is_not_looked_at_with_one_of_its_people(self, api: ApiClient) -> None:
        firm, ana = add(api, "Duarte Ltd", kind="company"), add(api, "Ana")
        ok(put(api, firm, ana, role="travel_manager"))
        win(api, ana, "1000.00")
        assert value(api, ana)["together"] is None
        assert value(api, firm)["together"]["won"] == 1

    def test_goes_with_who_went_into_another(self, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Ana")
        win(api, other, "1000.00")
        ok(merge(api, into, shown(api, other)))
        assert value(api, into)["own"]["won"] == 1
        assert problem(api.get(f"/contacts/{other['id']}/value")) == (410, "merged_away")

    def test_what_they_spent_is_for_some(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        ana = add(api, "Ana")
        win(api, ana, "1000.00")
        seen = value(agency.member("accountant"), ana)["own"]
        assert seen["value"] == [{"amount": "1000.00", "currency": "EUR"}]
        hidden = value(agency.member("agent"), ana)["own"]
        assert "value" not in hidden
        assert hidden["won"] == 1

    def test_of_another_agency_nothing_is_told(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        ana = add(api, "Ana")
        assert problem(other_agency.member().get(f"/contacts/{ana['id']}/value")) == (404, "not_found")


COUNTS = st.integers(0, 50)
AMOUNTS = st.dictionaries(st.sampled_from(["EUR", "JPY", "KWD"]), st.integers(1, 10**12))


class TestLead:
    def test_tells_whether_its_client_has_bought_before(self, api: ApiClient) -> None:
        ana, bea = add(api, "Ana"), add(api, "Bea")
        first = win(api, ana, "1000.00")
        again = ok(api.post("/leads", {"contact_id": ana["id"]}), 201)
        asked = ok(api.post("/leads", {"contact_id": bea["id"]}), 201)
        told = [ok(api.get(f"/leads/{each['id']}"))["repeat_client"] for each in (first, again, asked)]
        assert told == [False, True, False]


class TestPutTogether:
    @given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS, AMOUNTS), max_size=4))
    def test_nothing_is_lost_and_currencies_stay_apart(self, told: list[Any]) -> None:
        every = [
            ContactFigures(UUID(int=1), enquiries, still_open, won, lost, None, None, value)
            for enquiries, still_open, won, lost, value in told
        ]
        found = put_together(every)
        assert found.won == sum(each.won for each in every)
        assert isinstance(found.value, list)
        places = {"EUR": 2, "JPY": 0, "KWD": 3}
        assert {money.currency: money.amount.scaleb(places[money.currency]) for money in found.value} == {
            currency: sum(each.value.get(currency, 0) for each in every)
            for currency in places
            if any(currency in each.value for each in every)
        }
        assert found.conversion is None or 0 <= found.conversion <= 100
