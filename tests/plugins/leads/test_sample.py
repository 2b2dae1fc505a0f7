"""Made-up leads: what they are made of, and that nobody can tell them from those that came in one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

import pytest
from sqlalchemy import select

from core import search
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.models import EventEntry
from core.extensions import db
from core.search import SearchToken
from core.streams import StreamHead
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.leads.models import Lead, StatusChange, Tag
from plugins.leads.service.pipeline import STEPS
from plugins.leads.service.sample import world
from plugins.leads.service.sample.world import Enquiry, Owner

UNTIL = datetime(2026, 11, 1, 12, tzinfo=UTC)


def made(count: int, *, owners: Sequence[Owner] = (), seed: int = 7) -> list[Enquiry]:
    chunks = world.enquiries(count, owners=owners, currency="EUR", until=UNTIL, months=24, first=0, random=Random(seed))
    return [enquiry for chunk in chunks for enquiry in chunk]


@pytest.fixture
def written(agency: AgencyUnderTest) -> int:
    """How many leads were written into the agency."""
    owner = agency.member("agent")
    assert owner.user_id
    # Ids are made of the number, too: each agency has one of its own.
    some = made(60, owners=[Owner(owner.user_id, None)], seed=agency.id.int)
    with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        world.write(some, Random(agency.id.int))
    return len(some)


class TestMakingUp:
    def test_gives_the_same_for_the_same_number(self) -> None:
        assert made(700) == made(700)
        assert made(50) != made(50, seed=8)

    def test_takes_only_ways_through_the_pipeline_that_there_are(self) -> None:
        for enquiry in made(1_500):
            at, status = enquiry.asked, "new"
            for step in enquiry.steps:
                assert step.left == status
                assert step.left in STEPS[step.to].sources
                assert at < step.at < UNTIL
                at, status = step.at, step.to

    def test_is_about_as_in_an_agency(self) -> None:
        enquiries = made(3_000)
        assert [each.asked for each in enquiries] == sorted(each.asked for each in enquiries)
        ended = [each.steps[-1].to for each in enquiries if each.steps]
        assert 0.1 < ended.count("won") / len(enquiries) < 0.35
        assert 0.1 < sum(not each.new for each in enquiries) / len(enquiries) < 0.25
        addresses = [each.contact.email for each in enquiries if each.new and each.contact.email]
        assert len(set(addresses)) == len(addresses)


class TestWriting:
    def test_is_found_listed_and_shown_as_any_other(self, written: int, api: ApiClient) -> None:
        page = ok(api.get("/leads?limit=200&count=exact"))
        assert page["total"] == len(page["items"]) == written
        for row in page["items"][:10]:
            shown = ok(api.get(f"/leads/{row['id']}"))
            assert {name: shown[name] for name in row} == row
            assert shown["contact_name"]
            for text in (row["reference"], row["contact_name"], *row["destinations"], *row["tags"]):
                assert row["id"] in [
                    each["id"] for each in ok(api.get("/leads", query_string={"q": text, "limit": 200}))["items"]
                ]

    def test_counts_on_where_the_next_one_goes_on(self, written: int, api: ApiClient) -> None:
        references = {row["reference"] for row in ok(api.get("/leads?limit=200"))["items"]}
        assert len(references) == written
        assert ok(api.post("/leads", {"contact": {"name": "Ben"}}), 201)["reference"] not in references

    def test_has_the_words_that_correcting_it_would_give_it(self, written: int, agency: AgencyUnderTest) -> None:
        with agency.app.app_context(), acting_as(system(agency.id)):
            for lead in db.session.scalars(select(Lead).limit(20)):
                tags = db.session.scalars(select(Tag.tag).where(Tag.lead_id == lead.id))
                texts = [lead.reference, lead.departure_city, lead.occasion, *lead.destinations, *tags]
                mine = select(SearchToken.token).where(SearchToken.entity_id == lead.id)
                assert set(db.session.scalars(mine)) == search.tokens_of(texts)

    def test_tells_its_history_in_steps_and_events_without_a_gap(self, written: int, agency: AgencyUnderTest) -> None:
        with agency.app.app_context(), acting_as(system(agency.id)):
            events = db.session.scalars(select(EventEntry).order_by(EventEntry.seq)).all()
            head = db.session.scalar(select(StreamHead.seq).where(StreamHead.scope == "events"))
            assert [each.seq for each in events] == list(range(1, len(events) + 1))
            assert head == len(events)
            lead = db.session.scalars(select(Lead).where(Lead.status == "won").limit(1)).one()
            mine = [each for each in events if each.subject_id == lead.id and each.name != "leads.note_written"]
            steps = db.session.scalars(select(StatusChange).where(StatusChange.lead_id == lead.id)).all()
            assert mine[0].name == "leads.lead_created"
            assert sum(each.name == "leads.lead_moved" for each in mine) == len(steps) - 1
            assert mine[-1].name == "leads.lead_won"

    def test_says_of_a_new_row_what_the_service_says(
        self, written: int, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        ok(api.post("/leads", {"contact": {"name": "Ben"}, "occasion": "honeymoon"}), 201)
        with agency.app.app_context(), acting_as(system(agency.id)):
            told = select(EventEntry).where(EventEntry.name == "leads.lead_created").order_by(EventEntry.seq)
            *old, new = db.session.scalars(told)
            assert old[0].after is not None
            assert new.after is not None
            assert set(old[0].after) - set(new.after) <= {
                "hold_until",
                "lost_reason",
                "probability",
                "value_minor",
                "value_currency",
            }
            assert {each.after["occasion"] for each in [*old, new] if each.after} == {None, "[personal]"}
