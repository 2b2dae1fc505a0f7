"""The people of the made-up agencies: who belongs together, and what they said."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import select

from core.actor import system
from core.db.tenancy import acting_as
from core.events.models import EventEntry
from core.extensions import db
from core.http.application import Application
from core.users.first_start import agency_id_of
from plugins.contacts.models import Consent, ConsentStatement, Contact, Member, PostalAddress
from plugins.contacts.service.consents import stands
from tests.core.demo.conftest import seeded


@pytest.fixture(scope="module")
def world(app: Application) -> UUID:
    result = seeded(app, "--password", "quiet lagoons at dusk", leads=600)
    assert result.exit_code == 0, result.output
    with app.app_context():
        return agency_id_of("northlight-demo")


@pytest.fixture
def inside(app: Application, world: UUID) -> Iterator[None]:
    with app.app_context(), acting_as(system(world)):
        yield


@pytest.mark.usefixtures("inside")
class TestPeople:
    def test_what_stands_is_what_they_said(self) -> None:
        said: defaultdict[UUID, list[ConsentStatement]] = defaultdict(list)
        for each in db.session.scalars(select(ConsentStatement)):
            said[each.contact_id].append(each)
        wanted = {each.id: each for theirs in said.values() for each in stands(theirs).values()}
        found = {row.statement_id: row for row in db.session.scalars(select(Consent))}
        assert set(found) == set(wanted)
        for statement_id, row in found.items():
            assert (row.state, row.said_at) == (wanted[statement_id].state, wanted[statement_id].said_at)
            assert row.given_for == (f"{row.purpose}:{row.channel}" if row.state == "given" else None)
        assert {"given", "withdrawn", "pending"} == {row.state for row in found.values()}

    def test_every_statement_is_in_the_log(self) -> None:
        names = ("contacts.consent_asked", "contacts.consent_given", "contacts.consent_withdrawn")
        told = select(EventEntry.payload).where(EventEntry.name.in_(names))
        payloads = db.session.scalars(told).all()
        ids = {str(each) for each in db.session.scalars(select(ConsentStatement.id))}
        assert Counter(payload["statement_id"] for payload in payloads) == Counter(ids)

    def test_families_have_a_home_and_one_to_talk_to(self) -> None:
        groups = db.session.scalars(select(Contact).where(Contact.kind != "person")).all()
        assert {each.kind for each in groups} == {"household", "company"}
        places: defaultdict[UUID, list[Member]] = defaultdict(list)
        for each in db.session.scalars(select(Member)):
            places[each.group_id].append(each)
        homes = set(db.session.scalars(select(PostalAddress.contact_id)))
        for group in groups:
            assert [each.is_primary for each in places[group.id]].count(True) == 1
            assert {each.group_kind for each in places[group.id]} == {group.kind}
            assert group.id in homes
            assert len(places[group.id]) > 1 or group.kind == "company"
