"""Made-up leads: what they are made of, and that nobody can tell them from those that came in one by one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core import search
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.demo import seeding
from core.demo.world import Staff, World
from core.events.models import EventEntry
from core.extensions import db
from core.search import SearchToken
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.leads.demo import courses, trips, words
from plugins.leads.demo.enquiries import Enquiry, enquiries
from plugins.leads.models import Lead
from plugins.leads.schemas import LeadDraft
from plugins.leads.service.pipeline import STEPS

AGENCY = UUID(int=7)
SINCE, UNTIL = datetime(2024, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
LEADS = 60


def world_of(leads: int, *, agency_id: UUID = AGENCY, staff: tuple[Staff, ...] = (), seed: int = 7) -> World:
    return World(
        agency_id=agency_id,
        slug=f"agency-{agency_id}",
        currency="EUR",
        language="en",
        zone="Europe/Lisbon",
        country="PT",
        staff=staff,
        leads=leads,
        since=SINCE,
        until=UNTIL,
        seed=seed,
    )


def asked(leads: int, *, seed: int = 7) -> list[Enquiry]:
    world = world_of(leads, seed=seed)
    return list(enquiries(world, world.stream("leads")))


@pytest.fixture
def written(agency: AgencyUnderTest) -> int:
    """How many leads were written into the agency."""
    owner = agency.member("agent", team="Safaris")
    assert owner.user_id
    with agency.app.app_context(), unit_of_work():
        seeding.fill(world_of(LEADS, agency_id=agency.id, staff=(Staff(owner.user_id, "Ana", "agent", None, None),)))
    return LEADS


class TestMakingUp:
    def test_gives_the_same_for_the_same_number(self) -> None:
        assert asked(700) == asked(700)
        assert asked(50) != asked(50, seed=8)

    def test_people_ask_in_order_within_the_time_and_some_again(self) -> None:
        made = asked(3_000)
        assert [each.asked for each in made] == sorted(each.asked for each in made)
        assert all(SINCE <= each.asked < UNTIL and each.asked >= each.person.since for each in made)
        assert 0.1 < sum(not each.is_first for each in made) / len(made) < 0.25
        addresses = [each.person.email for each in made if each.is_first and each.person.email]
        assert len(set(addresses)) == len(addresses)

    def test_more_of_them_in_january_than_in_december_and_fewer_at_weekends(self) -> None:
        made = asked(6_000)
        months = Counter(each.asked.month for each in made)
        assert months[1] > 1.4 * months[12]
        days = Counter(each.asked.weekday() for each in made)
        assert days[5] + days[6] < 0.7 * (days[1] + days[2])

    @settings(max_examples=60, deadline=None)
    @given(st.integers(), st.integers(0, 700))
    def test_a_lead_takes_only_ways_that_there_are(self, seed: int, days: int) -> None:
        at, status = SINCE.replace(day=1 + days % 28), "new"
        for step in courses.course(at, until=UNTIL, random=Random(seed)):
            assert step.left == status in STEPS[step.to].sources
            assert at < step.at < UNTIL
            at, status = step.at, step.to

    def test_wishes_and_words_are_what_the_api_takes(self) -> None:
        random = Random(7)
        for language in words.OF:
            for country in ("GB", "SA", "KW", "XX"):
                for _ in range(50):
                    to = trips.place("umrah", language, random)
                    wished = trips.wish(SINCE.date(), to, country=country, language=language, random=random)
                    spent = trips.budget(wished, to, country=country, random=random)
                    assert wished.keys() <= set(LeadDraft.__struct_fields__)
                    assert spent["budget_minor"] > 0
                    assert all(0 < len(name) <= 100 for name in wished["destinations"])


class TestWriting:
    def test_is_found_listed_and_shown_as_any_other(self, written: int, api: ApiClient) -> None:
        page = ok(api.get("/leads?limit=200&count=exact"))
        assert page["total"] == len(page["items"]) == written
        for row in page["items"][:6]:
            shown = ok(api.get(f"/leads/{row['id']}"))
            assert {name: shown[name] for name in row.keys() & shown.keys()} == {
                name: row[name] for name in row.keys() & shown.keys()
            }
            assert shown["contact_name"]
            for text in (row["reference"], row["contact_name"], *row["destinations"], *row["tags"]):
                found = ok(api.get("/leads", query_string={"q": text, "limit": 200}))["items"]
                assert row["id"] in [each["id"] for each in found]

    def test_counts_on_where_the_next_one_goes_on(self, written: int, api: ApiClient) -> None:
        references = {row["reference"] for row in ok(api.get("/leads?limit=200"))["items"]}
        assert len(references) == written
        assert ok(api.post("/leads", {"contact": {"name": "Ben"}}), 201)["reference"] not in references

    def test_has_the_words_that_correcting_it_gives_it(
        self, written: int, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        before = self._words(agency)
        for row in ok(api.get("/leads?limit=20"))["items"]:
            ok(api.patch(f"/leads/{row['id']}", {"infants": 9}, version="*"))
        assert self._words(agency) == before

    def test_says_of_a_new_row_what_the_service_says(
        self, written: int, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        ok(api.post("/leads", {"contact": {"name": "Ben"}, "occasion": "honeymoon"}), 201)
        with agency.app.app_context(), acting_as(system(agency.id)):
            told = select(EventEntry).where(EventEntry.name == "leads.lead_created").order_by(EventEntry.seq)
            *old, new = db.session.scalars(told)
            assert old[0].after is not None
            assert new.after is not None
            # Nothing that the service would not say; what nobody knows may be left out.
            assert {name for name, value in old[0].after.items() if value is not None} <= set(new.after)
            assert {each.after["occasion"] for each in [*old, new] if each.after} == {None, "[personal]"}

    def test_leaves_no_column_empty_that_the_service_fills(
        self, written: int, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        mine = UUID(ok(api.post("/leads", {"contact": {"name": "Ben"}}), 201)["id"])
        with agency.app.app_context(), acting_as(system(agency.id)):
            new = db.session.get_one(Lead, mine)
            filled = [each.key for each in Lead.__table__.columns if getattr(new, each.key) is not None]
            others = db.session.scalars(select(Lead).where(Lead.id != mine)).all()
            empty = [name for name in filled if all(getattr(each, name) is None for each in others)]
        assert empty == []

    def _words(self, agency: AgencyUnderTest) -> set[tuple[UUID, str]]:
        with agency.app.app_context(), acting_as(system(agency.id)):
            mine = select(SearchToken.entity_id, SearchToken.token).where(SearchToken.entity == "leads.lead")
            found = {(row.entity_id, row.token) for row in db.session.execute(mine)}
        assert found
        assert all(token == search.fold(token) for _, token in found)
        return found
