"""Keys of people: they follow when the ring gets a new key, and what they sealed dies with them."""

from __future__ import annotations

import base64
import threading
import time
from typing import Any
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from core import ids, sealing
from core.actor import system
from core.app import create_app
from core.config import Settings
from core.crypto import seal
from core.db.session import dispose, unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.keyring.rings import ring
from core.sdk import vault
from core.testing.factories import AgencyUnderTest
from core.vault import keys, rewrapping
from core.vault.columns import Secret
from core.vault.commands import vault as command
from core.vault.errors import Erased, SubjectErased
from core.vault.keys import Person
from plugins.webhooks.models import Endpoint
from tests.core.vault.conftest import Within
from tests.core.vault.travellers import SUBJECT, Traveller

COLUMN = "webhooks_endpoint.secret"


@pytest.fixture
def traveller(agency: AgencyUnderTest, within: Within) -> tuple[UUID, UUID]:
    """The ids of a traveller with a passport, and of the person they are."""
    person = ids.new()
    with within(agency.id):
        made = Traveller(contact_id=person, passport=Secret("P-1"))
        db.session.add(made)
        db.session.flush()
        return made.id, person


def passport(traveller_id: UUID) -> str | None:
    """What can be read in the acting agency."""
    found = db.session.scalars(select(Traveller).where(Traveller.id == traveller_id)).one()
    return vault.reveal(found, Traveller.passport)


def endpoint(secret: str) -> Endpoint:
    """An endpoint with a secret."""
    endpoint_id = ids.new()
    return Endpoint(
        id=endpoint_id, url="https://example.com/", host="example.com", description="", events=["*"], enabled=True,
        secret=sealing.sealed(secret, column=COLUMN, row_id=endpoint_id), strikes=0, spent=0,
    )  # fmt: skip


class TestRewrapping:
    def test_lets_the_old_key_be_dropped(
        self, agency: AgencyUnderTest, within: Within, traveller: tuple[UUID, UUID]
    ) -> None:
        with within(agency.id):
            made = endpoint("whsec_1")
            db.session.add(made)
            db.session.flush()
            old = ring("vault").current()
            ring("vault").rotate()
        with within(agency.id):
            assert rewrapping.uses(old.id) > 0
        with within(agency.id):
            assert sum(rewrapping.everywhere()) > 0
        with within(agency.id):
            assert rewrapping.uses(old.id) == 0
            ring("vault").drop(old.id)
            assert passport(traveller[0]) == "P-1"
            stored = db.session.get(Endpoint, made.id)
            assert stored is not None
            assert stored.version == 1, "Nobody changed what the row says"
            assert sealing.opened(stored.secret, column=COLUMN, row_id=stored.id) == "whsec_1"

    def test_brings_what_was_sealed_in_the_first_form_under_the_ring(
        self, app: Application, agency: AgencyUnderTest, within: Within
    ) -> None:
        with within(agency.id):
            made = endpoint("x")
            place = f"{agency.id}:{COLUMN}:{made.id}".encode()
            raw = seal(app.settings.key_for("sealed columns"), b"whsec_old", place=place)
            made.secret = base64.b64encode(raw).decode()
            assert sealing.opened(made.secret, column=COLUMN, row_id=made.id) == "whsec_old"
            db.session.add(made)
        with within(agency.id):
            assert rewrapping.here(agency.id) >= 1
            stored = db.session.get(Endpoint, made.id)
            assert stored is not None
            assert stored.secret.startswith(sealing.prefix_of(ring("vault").current().id))
            assert sealing.opened(stored.secret, column=COLUMN, row_id=stored.id) == "whsec_old"

    def test_goes_on_where_it_was_stopped(
        self, agency: AgencyUnderTest, within: Within, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rewrapping, "BATCH", 3)
        with within(agency.id):
            db.session.add_all(Traveller(contact_id=ids.new(), passport=Secret("P")) for _ in range(10))
        with within(agency.id):
            old = ring("vault").current()
            ring("vault").rotate()
            list(rewrapping.everywhere())  # What other tests left.
        with within(agency.id):
            old = ring("vault").current()
            ring("vault").rotate()
            before = rewrapping.uses(old.id)
            batches = rewrapping.everywhere()
            while next(batches) == 0:
                pass
            batches.close()  # type: ignore[attr-defined] # it is a generator
        with within(agency.id):
            assert 0 < rewrapping.uses(old.id) < before
            list(rewrapping.everywhere())
            assert rewrapping.uses(old.id) == 0

    def test_skips_what_cannot_be_opened_and_does_the_rest(
        self, agency: AgencyUnderTest, within: Within, traveller: tuple[UUID, UUID], owner: psycopg.Connection[Any]
    ) -> None:
        with within(agency.id):
            db.session.add(Traveller(contact_id=ids.new(), passport=Secret("P-2")))
        owner.execute("UPDATE core_data_key SET wrapped = 'AAAA' WHERE subject_id = %s", [traveller[1]])
        with within(agency.id):
            ring("vault").rotate()
            assert rewrapping.here(agency.id) == 1

    def test_disturbs_nobody_who_reads_and_writes_meanwhile(
        self, app: Application, agency: AgencyUnderTest, within: Within
    ) -> None:
        people = [ids.new() for _ in range(20)]
        with within(agency.id):
            made = [Traveller(contact_id=person, passport=Secret("P")) for person in people]
            db.session.add_all(made)
            db.session.flush()
            travellers = [each.id for each in made]
        failed: list[BaseException] = []
        read = 0
        stop = threading.Event()

        def use() -> None:
            nonlocal read
            try:
                while not stop.is_set():
                    for traveller_id in travellers:
                        with within(agency.id):
                            assert passport(traveller_id) == "P"
                            db.session.add(Traveller(contact_id=ids.new(), passport=Secret("N")))
                        read += 1
            except BaseException as error:  # noqa: BLE001 - told to the test below
                failed.append(error)

        threads = [threading.Thread(target=use) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                with app.app_context():
                    ring("vault").rotate()
                    list(rewrapping.everywhere())
        finally:
            stop.set()
            for thread in threads:
                thread.join(10)
        assert not failed, failed
        assert read > 0

    def test_is_told_on_the_command_line(self, app: Application, agency: AgencyUnderTest, within: Within) -> None:
        with within(agency.id):
            db.session.add(Traveller(contact_id=ids.new(), passport=Secret("P")))
        with app.app_context(), unit_of_work():
            ring("vault").rotate()
            old = ring("vault").all()[-2]
            assert "under the current key now" in CliRunner().invoke(command, ["rewrap"]).output
            shown = CliRunner().invoke(command, ["status"]).output
        assert f"{old.id}  older    needed by 0" in shown


class TestAnErasedPerson:
    def test_leaves_nothing_that_can_be_opened(
        self, agency: AgencyUnderTest, within: Within, traveller: tuple[UUID, UUID]
    ) -> None:
        with within(agency.id):
            keys.forget(Person(SUBJECT, traveller[1]))
        with within(agency.id), pytest.raises(Erased):
            passport(traveller[0])

    def test_is_not_in_an_old_copy_of_the_rows_either(
        self, agency: AgencyUnderTest, within: Within, traveller: tuple[UUID, UUID], owner: psycopg.Connection[Any]
    ) -> None:
        owner.execute("ALTER TABLE test_traveller NO FORCE ROW LEVEL SECURITY")
        owner.execute("CREATE TABLE old_rows AS SELECT * FROM test_traveller WHERE id = %s", [traveller[0]])
        with within(agency.id):
            keys.forget(Person(SUBJECT, traveller[1]))
            # Somebody new takes the same place, with a key of their own.
            db.session.delete(db.session.get_one(Traveller, traveller[0]))
        owner.execute("INSERT INTO test_traveller SELECT * FROM old_rows; DROP TABLE old_rows")
        with within(agency.id), pytest.raises(Erased):
            passport(traveller[0])

    def test_is_kept_no_more_about(self, agency: AgencyUnderTest, within: Within, traveller: tuple[UUID, UUID]) -> None:
        with within(agency.id):
            keys.forget(Person(SUBJECT, traveller[1]))
        with within(agency.id):
            db.session.add(Traveller(contact_id=traveller[1], passport=Secret("P-9")))
            with pytest.raises(SubjectErased):
                db.session.flush()
            db.session.rollback()

    def test_is_forgotten_by_other_processes_within_seconds(
        self, settings: Settings, agency: AgencyUnderTest, within: Within, traveller: tuple[UUID, UUID],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        elsewhere = create_app(settings)
        with elsewhere.app_context():
            with acting_as(system(agency.id)):
                assert keys.of(Person(SUBJECT, traveller[1]))
            with within(agency.id):
                keys.forget(Person(SUBJECT, traveller[1]))
            with acting_as(system(agency.id)):
                clock = time.monotonic() + keys.KEPT_FOR
                monkeypatch.setattr(time, "monotonic", lambda: clock + 0.1)
                with pytest.raises(Erased):
                    keys.of(Person(SUBJECT, traveller[1]))
            dispose()
        assert keys.KEPT_FOR <= 10

    def test_of_another_agency_stays(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, within: Within, traveller: tuple[UUID, UUID]
    ) -> None:
        with within(other_agency.id):
            keys.forget(Person(SUBJECT, traveller[1]))
        with within(agency.id):
            assert passport(traveller[0]) == "P-1"


class TestTheCache:
    def test_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(keys, "MOST_KEPT", 3)
        cache, agency_id = keys.Cache(), ids.new()
        people = [Person(SUBJECT, ids.new()) for _ in range(5)]
        for person in people:
            cache.put(agency_id, person, keys.Key(ids.new(), b"k"))
        assert [cache.get(agency_id, person) is None for person in people] == [True, True, False, False, False]

    def test_keeps_agencies_apart(self) -> None:
        cache, person = keys.Cache(), Person(SUBJECT, ids.new())
        cache.put(ids.new(), person, keys.Key(ids.new(), b"k"))
        assert cache.get(ids.new(), person) is None


class TestSealingBesideAnErasure:
    def sealed_beside(self, app: Application, agency_id: UUID, person: Person) -> list[object]:
        """What becomes of sealing something about somebody whose erasure is not committed yet."""
        done: list[object] = []

        def seal_one() -> None:
            try:
                with app.app_context(), unit_of_work(), acting_as(system(agency_id)):
                    db.session.add(Traveller(contact_id=person.id, passport=Secret("P-1")))
                done.append("sealed")
            except SubjectErased as error:
                done.append(type(error))

        sealing_ = threading.Thread(target=seal_one)
        with app.app_context(), unit_of_work(), acting_as(system(agency_id)):
            keys.forget(person)
            sealing_.start()
            sealing_.join(0.5)
            assert done == [], "it waits"
        sealing_.join(20)
        return done

    def test_makes_no_key_that_would_outlive_them(self, app: Application, agency: AgencyUnderTest) -> None:
        assert self.sealed_beside(app, agency.id, Person(SUBJECT, ids.new())) == [SubjectErased]

    def test_takes_no_key_that_is_about_to_go(
        self, app: Application, agency: AgencyUnderTest, traveller: tuple[UUID, UUID]
    ) -> None:
        assert self.sealed_beside(app, agency.id, Person(SUBJECT, traveller[1])) == [SubjectErased]
