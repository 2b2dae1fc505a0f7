"""Rewrapping many keys: in bounded batches, above the agencies too, and never for a key that is not what it was."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ProgrammingError

from core import ids, sealing
from core.crypto import Unreadable
from core.extensions import db
from core.http.application import Application
from core.keyring import upkeep
from core.keyring.rings import INDEX, KeptForEver, ring
from core.streams import PLATFORM
from core.testing.factories import AgencyUnderTest
from core.vault import jobs, keys, rewrapping
from core.vault.columns import Secret
from core.vault.commands import vault as command
from core.vault.keys import Person
from tests.core.vault.conftest import Within
from tests.core.vault.travellers import SUBJECT, Traveller


@pytest.fixture
def old(agency: AgencyUnderTest, within: Within) -> UUID:
    """The key that alone wraps three travellers' keys, before the ring got another."""
    with within(agency.id):
        list(rewrapping.everywhere())
        ring("vault").rotate()
        list(rewrapping.everywhere())
        found = ring("vault").current().id
    with within(agency.id):
        db.session.add_all(Traveller(contact_id=ids.new(), passport=Secret("P")) for _ in range(3))
    with within(agency.id):
        ring("vault").rotate()
    return found


class TestByNight:
    def test_it_takes_few_statements_and_goes_on_in_another_run(
        self, agency: AgencyUnderTest, within: Within, old: UUID, monkeypatch: pytest.MonkeyPatch,
        owner: psycopg.Connection[Any],
    ) -> None:  # fmt: skip
        """However many people there are: an erasure waits for so many rows at most."""
        monkeypatch.setattr(rewrapping, "BATCH", 20)
        monkeypatch.setattr(rewrapping, "MOST", 40)
        with within(agency.id):
            db.session.add_all(Traveller(contact_id=ids.new(), passport=Secret("P")) for _ in range(87))
        with within(agency.id):
            ring("vault").rotate()
        sent: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            sent.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            with within(agency.id):
                assert rewrapping.here(agency.id) == 40
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        assert sum(each.startswith("UPDATE core_data_key") for each in sent) == 2
        again = "SELECT count(*) FROM core_job WHERE name = 'vault.rewrap' AND unique_key = 'more' AND state = 'queued'"
        with within(agency.id):
            jobs.rewrap()
        assert owner.execute(again).fetchone() == (1,)
        with within(agency.id):
            assert rewrapping.here(agency.id) == 10

    def test_it_reaches_what_belongs_to_no_agency(
        self, app: Application, agency: AgencyUnderTest, within: Within, old: UUID, owner: psycopg.Connection[Any]
    ) -> None:
        letter_id = ids.new()
        with within(agency.id):
            details = sealing.sealed("{}", column="core_letter.details", row_id=letter_id, agency_id=PLATFORM)
            sealed_with = ring("vault").current().id
        owner.execute(
            "INSERT INTO core_letter (id, kind, details, created_at) VALUES (%s, 'x', %s, now())", [letter_id, details]
        )
        with within(agency.id):
            ring("vault").rotate()
            rewrapping.here(agency.id)
        with app.app_context():
            assert rewrapping.uses(sealed_with) == 1
            jobs.rewrap_above()
            assert rewrapping.uses(sealed_with) == 0
            ring("vault").drop(sealed_with)
            [(stored,)] = owner.execute("SELECT details FROM core_letter WHERE id = %s", [letter_id]).fetchall()
            assert sealing.opened(stored, column="core_letter.details", row_id=letter_id, agency_id=PLATFORM) == "{}"

    def test_it_waits_for_nobody_who_holds_a_key(
        self, agency: AgencyUnderTest, within: Within, old: UUID, owner: psycopg.Connection[Any]
    ) -> None:
        with owner.transaction():
            owner.execute(
                "SELECT id FROM core_data_key WHERE kek_id = %s AND agency_id = %s LIMIT 1 FOR UPDATE", [old, agency.id]
            )
            with within(agency.id):
                assert rewrapping.here(agency.id) == 2
        with within(agency.id):
            assert rewrapping.here(agency.id) == 1


class TestADataKey:
    def test_that_somebody_put_another_name_beside_opens_nothing(
        self, agency: AgencyUnderTest, within: Within, old: UUID, owner: psycopg.Connection[Any]
    ) -> None:
        """Otherwise it would survive the erasure of its person, and could be given back."""
        stranger = ids.new()
        one = "SELECT id FROM core_data_key WHERE kek_id = %s AND agency_id = %s LIMIT 1"
        owner.execute(f"UPDATE core_data_key SET subject_id = %s WHERE id = ({one})", [stranger, old, agency.id])
        with within(agency.id), pytest.raises(Unreadable):
            keys.of(Person(SUBJECT, stranger))
        owner.execute("DELETE FROM core_data_key WHERE subject_id = %s", [stranger])

    def test_keeps_its_name_whatever_the_application_does(self, agency: AgencyUnderTest, within: Within) -> None:
        for change in ("subject_id = gen_random_uuid()", "subject = 'x'", "agency_id = agency_id"):
            with pytest.raises(ProgrammingError, match="permission denied"), within(agency.id):
                db.session.execute(text(f"UPDATE core_data_key SET {change}"))


class TestAKeyOfTheRing:
    def test_stays_where_a_plugin_may_need_it_that_is_not_loaded(
        self, app: Application, agency: AgencyUnderTest, within: Within, old: UUID, owner: psycopg.Connection[Any]
    ) -> None:
        with within(agency.id):
            list(rewrapping.everywhere())
        owner.execute("UPDATE core_ring_key SET created_at = now() - interval '1 hour'")
        owner.execute("CREATE TABLE gone_alembic_version (version_num text)")
        try:
            with app.app_context():
                ring("vault").all()
                with pytest.raises(upkeep.KeyInUse, match="gone"):
                    upkeep.drop("vault", old)
                assert "gone is not loaded" in CliRunner().invoke(command, ["status"]).output
                assert "gone is not loaded" in CliRunner().invoke(command, ["rewrap"]).output
        finally:
            owner.execute("DROP TABLE gone_alembic_version")
        with app.app_context():
            upkeep.drop("vault", old)

    def test_that_equal_values_are_found_by_has_no_end(self, app: Application, within: Within) -> None:
        with app.app_context():
            found = ring(INDEX)
            first = found.current()
            with pytest.raises(KeptForEver):
                found.rotate()
            with pytest.raises(KeptForEver):
                found.drop(first.id)
