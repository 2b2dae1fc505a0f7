from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import psycopg
import pytest

from core import ids
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events import subscriptions
from core.events.event import Event, UnknownEvent, declared, revive
from core.events.follower import Follower, Recorded
from core.events.following import follow_once
from core.http.application import Application
from core.jobs.job import Discard
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest

Owner = psycopg.Connection[Any]
_OLD = """
INSERT INTO core_event (id, agency_id, seq, name, schema_version, occurred_at, subject, subject_id, actor_kind, payload)
VALUES (%(id)s, %(agency)s, (SELECT seq + 1 FROM core_stream_head WHERE agency_id = %(agency)s AND scope = 'events'),
    %(name)s, %(version)s, now(), 'tests.sale', gen_random_uuid(), 'user', %(payload)s)
"""

_BUMP = "UPDATE core_stream_head SET seq = seq + 1 WHERE agency_id = %s AND scope = 'events'"


class SaleMoved(Event):
    """A sale went elsewhere; the third form of this event."""

    schema_version: ClassVar[int] = 3
    subject: ClassVar[str] = "sale_id"
    sale_id: UUID
    place: str
    amount_minor: int
    currency: str

    @classmethod
    def upcast(cls, payload: dict[str, Any], version: int) -> dict[str, Any]:
        """1 called the place `office`; 2 had an amount in euros."""
        if version == 1:
            return {**{name: value for name, value in payload.items() if name != "office"}, "place": payload["office"]}
        rest = {name: value for name, value in payload.items() if name != "amount"}
        return {**rest, "amount_minor": payload["amount"] * 100, "currency": "EUR"}


SALE = ids.new()
FIRST = {"sale_id": str(SALE), "office": "Lisbon", "amount": 12}
SECOND = {"sale_id": str(SALE), "place": "Lisbon", "amount": 12}
THIRD = SaleMoved(sale_id=SALE, place="Lisbon", amount_minor=1200, currency="EUR")


@pytest.fixture
def record(owner: Owner, agency: AgencyUnderTest) -> Callable[..., UUID]:
    """Puts an event into the log as an earlier release wrote it."""

    def write(name: str, version: int, payload: dict[str, Any]) -> UUID:
        event_id = ids.new()
        values = {"id": event_id, "agency": agency.id, "name": name, "version": version}
        owner.execute(_OLD, {**values, "payload": msgspec.json.encode(payload).decode()})
        owner.execute(
            "UPDATE core_stream_head SET seq = seq + 1 WHERE agency_id = %s AND scope = 'events'", (agency.id,)
        )
        return event_id

    return write


@pytest.fixture
def acting(app: Application, agency: AgencyUnderTest) -> Iterator[None]:
    with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        yield


class TestReviving:
    @pytest.mark.parametrize(("version", "payload"), [(1, FIRST), (2, SECOND), (3, msgspec.to_builtins(THIRD))])
    def test_every_form_there_ever_was_becomes_the_present_one(self, version: int, payload: dict[str, Any]) -> None:
        assert revive("tests.sale_moved", version, payload) == THIRD

    def test_the_payload_that_is_given_stays_as_it_was(self) -> None:
        given = dict(FIRST)
        revive("tests.sale_moved", 1, given)
        assert given == FIRST

    def test_an_event_nobody_declares_is_unknown(self) -> None:
        with pytest.raises(UnknownEvent):
            revive("gone.lead_sung", 1, {})

    def test_a_payload_that_does_not_fit_is_refused(self) -> None:
        with pytest.raises(msgspec.ValidationError):
            revive("tests.sale_moved", 3, {"sale_id": "soon"})

    def test_an_event_without_an_upcast_says_which_one_is_missing(self) -> None:
        class SaleSung(Event):
            """A second form whose first nobody can read."""

            schema_version: ClassVar[int] = 2
            subject: ClassVar[str] = "sale_id"
            sale_id: UUID

        with pytest.raises(NotImplementedError, match=r"tests.sale_sung has no upcast from version 1"):
            revive("tests.sale_sung", 1, {})

    def test_every_event_that_is_declared_reads_its_own_form(self, app: Application) -> None:
        """Versions without an upcast are a defect that shows years later."""
        loaded = app.extensions["tripfile.plugins"].plugins
        for name, kind in declared().items():
            if name.split(".")[0] in loaded and kind.schema_version > 1:
                assert kind.upcast.__func__ is not Event.upcast.__func__, name  # type: ignore[attr-defined] # classmethods


class TestTheLog:
    def test_a_subscriber_gets_the_present_form(
        self, app: Application, agency: AgencyUnderTest, record: Callable[..., UUID]
    ) -> None:
        event_id = record("tests.sale_moved", 1, FIRST)
        got: list[Event] = []

        def on_moved(event: SaleMoved) -> None:
            got.append(event)

        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            subscriptions.job_of(on_moved).run({"event_id": str(event_id)})
        assert got == [THIRD]

    def test_a_follower_gets_the_present_form_and_meets_unknown_ones(
        self, app: Application, agency: AgencyUnderTest, follow: Callable[..., None], record: Callable[..., UUID]
    ) -> None:
        got: list[Event | str] = []

        def apply(entries: Sequence[Recorded], build: int) -> None:
            for entry in entries:
                try:
                    got.append(entry.event())
                except UnknownEvent:
                    got.append(entry.name)

        follow(Follower(name="events.reader", summary="Reads.", apply=apply, from_start=True))
        record("tests.sale_moved", 1, FIRST)
        record("gone.lead_sung", 4, {"tune": "fado"})
        record("tests.sale_moved", 2, SECOND)
        follow_once(app, agencies=[agency.id])
        assert got[1:] == [THIRD, "gone.lead_sung", THIRD]

    def test_the_feed_tells_the_present_form_and_unknown_ones_as_they_were(
        self, api: ApiClient, record: Callable[..., UUID]
    ) -> None:
        record("tests.sale_moved", 1, FIRST)
        record("gone.lead_sung", 4, {"tune": "fado"})
        record("tests.sale_moved", 2, {"broken": True})
        *_, moved, sung, broken = ok(api.get("/events"))["items"]
        assert (moved["schema_version"], moved["payload"]) == (3, msgspec.to_builtins(THIRD))
        assert (sung["schema_version"], sung["payload"]) == (4, {"tune": "fado"})
        assert (broken["schema_version"], broken["payload"]) == (2, {"broken": True})

    @pytest.mark.usefixtures("acting")
    def test_a_subscriber_is_not_called_for_an_event_that_is_not_there(self) -> None:
        with pytest.raises(Discard):
            subscriptions.load(ids.new())

    def test_nor_for_one_of_another_agency(
        self, app: Application, other_agency: AgencyUnderTest, record: Callable[..., UUID]
    ) -> None:
        event_id = record("tests.sale_moved", 3, msgspec.to_builtins(THIRD))
        with app.app_context(), unit_of_work(), acting_as(system(other_agency.id)), pytest.raises(Discard):
            subscriptions.load(event_id)
