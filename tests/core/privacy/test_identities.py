"""Identities are above the agencies: what one of them erases, none of the others may lose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import event
from sqlalchemy.engine import Engine

from core import ids
from core.extensions import db
from core.http.application import Application
from core.privacy import collecting, erasures, own_rows
from core.privacy.commands import privacy as command
from core.sdk import privacy
from core.testing.clients import ApiClient, faults, ok
from core.testing.factories import AgencyUnderTest
from tests.core.privacy.conftest import Within
from tests.core.privacy.people import Database, Person, subject_of

Erase = Callable[[dict[str, str]], dict[str, Any]]


@pytest.fixture
def left(agency: AgencyUnderTest, database: Database) -> Person:
    """Somebody who has left."""
    user_id = agency.newcomer("agent").user_id
    assert user_id is not None
    database.connection.execute("UPDATE core_membership SET state = 'left' WHERE user_id = %s", [user_id])
    return Person(agency.id, user_id=user_id)


def identity(database: Database, user_id: UUID) -> tuple[Any, ...] | None:
    """What is left of an identity."""
    found = database.connection.execute(
        "SELECT name, disabled_at IS NULL, (SELECT count(*) FROM core_operator WHERE user_id = id) FROM core_user"
        " WHERE id = %s", [user_id],
    )  # fmt: skip
    return found.fetchone()


class TestAnOperator:
    @pytest.fixture
    def operator(self, agency: AgencyUnderTest, database: Database) -> Person:
        """Somebody who runs the installation and has come as support once."""
        user_id = ids.new()
        person = Person(agency.id, user_id=user_id)
        database.add("core_user", person, id=user_id, email=person.email, name="Operator", disabled_at=None)
        database.connection.execute("INSERT INTO core_operator (user_id, granted_at) VALUES (%s, now())", [user_id])
        database.add("core_impersonation", person, user_id=user_id, impersonator_id=user_id, by_operator=True)
        return person

    def test_who_came_as_support_cannot_be_erased(
        self, api: ApiClient, database: Database, operator: Person, work_off: Callable[[], list[str]]
    ) -> None:
        wanted = {"subject": subject_of(operator), "reason": "asked_for"}
        for address in ("/privacy/erasures", "/privacy/erasures/preview"):
            answer = api.post(address, wanted if address.endswith("erasures") else {"subject": wanted["subject"]})
            assert faults(answer) == {"/subject/id": "unknown"}
        work_off()
        assert identity(database, operator.known["user_id"]) == ("Operator", True, 1)

    def test_who_was_a_member_once_keeps_their_identity(
        self, database: Database, operator: Person, erase: Erase
    ) -> None:
        database.add("core_membership", operator, state="left", reports_to=None)
        erase(subject_of(operator))
        assert identity(database, operator.known["user_id"]) == ("Operator", True, 1)


class TestAHoldOfAnotherAgency:
    @pytest.fixture
    def hold(self, other_agency: AgencyUnderTest, left: Person, database: Database) -> Callable[[], None]:
        """Another agency must keep what it has about them; what is returned lifts it."""
        there = Person(other_agency.id, user_id=left.known["user_id"])
        database.add("core_membership", there, state="left", reports_to=None)
        database.add("core_auth_session", there, ip="192.0.2.77", user_id=left.known["user_id"])
        owner = other_agency.member("owner")
        held = ok(owner.post("/privacy/holds", {"subject": subject_of(left), "reason": "A claim in court"}), 201)
        return lambda: ok(owner.post(f"/privacy/holds/{held['id']}/release", version=1))

    def test_keeps_the_identity_and_the_erasure_says_so(
        self, left: Person, database: Database, erase: Erase, hold: Callable[[], None]
    ) -> None:
        before = identity(database, left.known["user_id"])
        shown = erase(subject_of(left))
        assert identity(database, left.known["user_id"]) == before
        assert "core_auth_session" in database.places_of("192.0.2.77")
        kept = {each["table"]: each["kept"] for each in shown["manifest"]["outcomes"] if each["kept"]}
        assert kept["core_user"] == "Another agency must keep it"

    def test_is_waited_for(
        self, app: Application, agency: AgencyUnderTest, left: Person, database: Database, erase: Erase,
        hold: Callable[[], None], within: Within,
    ) -> None:  # fmt: skip
        erase(subject_of(left))
        hold()
        with within(agency.id):
            late = [each for each in erasures.recent() if each.id == left.known["user_id"]]
            for each in late:
                erasures.repeat(each.subject, each.id)
        found = identity(database, left.known["user_id"])
        assert found is not None
        assert found[:2] == ("Erased person", False)


class TestWhatAColleagueMade:
    @pytest.fixture
    def file(self, agency: AgencyUnderTest, left: Person, database: Database) -> UUID:
        """A client's passport, which somebody who left has uploaded."""
        return database.add(
            "core_file", Person(agency.id), created_by=left.known["user_id"], name="passport of Maria.pdf"
        )

    def test_stays_the_agencys(self, left: Person, file: UUID, database: Database, erase: Erase) -> None:
        erase(subject_of(left))
        name = database.connection.execute("SELECT name FROM core_file WHERE id = %s", [file]).fetchone()
        assert name == ("passport of Maria.pdf",)

    def test_is_not_handed_to_them(self, agency: AgencyUnderTest, database: Database) -> None:
        me = agency.newcomer("agent")
        database.add("core_file", Person(agency.id), created_by=me.user_id, name="passport of Maria.pdf")
        assert "Maria" not in str(ok(me.post("/privacy/me")))


class TestABusyColleague:
    def test_is_erased_however_much_they_did_and_however_much_is_kept(
        self, agency: AgencyUnderTest, left: Person, database: Database, erase: Erase
    ) -> None:
        database.connection.execute(
            """INSERT INTO core_event (id, agency_id, name, schema_version, occurred_at, subject, subject_id,
                actor_kind, actor_id, payload, seq, form)
            SELECT gen_random_uuid(), %s, 'leads.lead_changed', 1, now(), 'leads.lead', gen_random_uuid(), 'user', %s,
                '{}', 100000 + n, 2 FROM generate_series(1, 10000) n""",
            [agency.id, left.known["user_id"]],
        )
        database.connection.execute(
            """INSERT INTO core_idempotency (id, agency_id, principal, route, key, request_digest, rights_digest,
                status, headers, body, created_at)
            SELECT gen_random_uuid(), %s, 'user:x', 'x', n::text, ''::bytea, ''::bytea, 200, '{}',
                convert_to(repeat(gen_random_uuid()::text || ' ', 60) || CASE n WHEN 7 THEN %s ELSE '' END, 'UTF8'),
                now() FROM generate_series(1, 300) n""",
            [agency.id, str(left.known["user_id"])],
        )
        shown = erase(subject_of(left))
        rows = {each["table"]: each["rows"] for each in shown["manifest"]["outcomes"]}
        assert (rows["core_event"], rows["core_idempotency"]) == (10_000, 1)

    def test_takes_as_many_statements_with_a_thousand_rows_as_with_one(
        self, agency: AgencyUnderTest, left: Person, database: Database, within: Within
    ) -> None:
        user_id = left.known["user_id"]
        subject = privacy.Subject(kind=privacy.USER, id=user_id, rows=frozenset({user_id}))
        counts = []
        for more in (1, 50):
            for _ in range(more):
                database.add("core_api_key", left)
            sent: list[str] = []

            def note(_connection: object, _cursor: object, statement: str, *_: object, to: list[str] = sent) -> None:
                to.append(statement)

            event.listen(Engine, "before_cursor_execute", note)
            try:
                with within(agency.id):
                    outcomes = {each.table: each.rows for each in own_rows.erase(subject) if not each.kept}
                    db.session.rollback()
            finally:
                event.remove(Engine, "before_cursor_execute", note)
            assert outcomes["core_api_key"] >= more
            counts.append(len(sent))
        assert counts[0] == counts[1]

    def test_keeps_their_identity_where_the_agency_could_not_erase_the_rest(
        self, agency: AgencyUnderTest, left: Person, database: Database, within: Within,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        """Credentials are above the agencies, in a transaction of their own: it comes last."""
        user_id = left.known["user_id"]
        database.mark("core_user", left, where="id", like=user_id)
        with within(agency.id):
            assert erasures.erase(privacy.USER, user_id, request_id=None)
            db.session.rollback()
        assert "core_user" in database.places_of(left.marker)
        with within(agency.id):
            outcomes = {each.table: each.rows for each in erasures.erase(privacy.USER, user_id, request_id=None)}
        assert outcomes["core_user"] > 0
        assert "core_user" not in database.places_of(left.marker)


class TestAPlugin:
    def test_that_leads_to_ever_more_stops_an_export(
        self, agency: AgencyUnderTest, left: Person, within: Within, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was found so far may not be all, and must not pass for it."""

        def more(subject: privacy.Subject) -> list[privacy.Holding]:
            return [privacy.Holding(table="core_user", row_id=ids.new(), values={})]

        monkeypatch.setattr(own_rows, "holdings", more)
        with within(agency.id), pytest.raises(collecting.Unsettled):
            collecting.collect(privacy.USER, left.known["user_id"])


class TestARestoredBackup:
    @pytest.fixture
    def restored(self, app: Application, agency: AgencyUnderTest, database: Database, erase: Erase,
        tmp_path: Path) -> tuple[Person, Path]:  # fmt: skip
        """Somebody who was erased and is a member again, as they were when the copy was made; and who was erased."""
        user_id = agency.newcomer("agent").user_id
        assert user_id is not None
        person = Person(agency.id, user_id=user_id)
        database.mark("core_user", person, where="id", like=user_id)
        backup = database.dump()
        database.connection.execute("UPDATE core_membership SET state = 'left' WHERE user_id = %s", [user_id])
        erase(subject_of(person))
        file = tmp_path / "erased"
        with app.app_context():
            file.write_text(CliRunner().invoke(command, ["erased"]).output)
        database.restore(backup)
        assert database.places_of(person.marker)
        return person, file

    def test_lets_nobody_in_who_was_erased(
        self, app: Application, restored: tuple[Person, Path], database: Database
    ) -> None:
        person, file = restored
        with app.app_context():
            ran = CliRunner().invoke(command, ["reapply", str(file)])
        assert ran.exit_code == 0, ran.output
        assert database.places_of(person.marker) == set()
        user_id = person.known["user_id"]
        state = database.connection.execute("SELECT state FROM core_membership WHERE user_id = %s", [user_id])
        assert state.fetchall() == [("left",)]

    def test_names_whom_it_cannot_erase_and_goes_on(
        self, app: Application, restored: tuple[Person, Path], database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        person, file = restored
        file.write_text(f"{person.agency_id} users.user {ids.new()}\n{file.read_text()}")
        first, erase = file.read_text().split()[2], erasures.erase

        def failing(kind: str, subject_id: UUID, *, request_id: UUID | None) -> object:
            if str(subject_id) == first:
                raise RuntimeError("out of order")
            return erase(kind, subject_id, request_id=request_id)

        monkeypatch.setattr(erasures, "erase", failing)
        with app.app_context():
            ran = CliRunner().invoke(command, ["reapply", str(file)])
        assert (ran.exit_code, f"{first}: RuntimeError" in ran.output) == (1, True)
        assert database.places_of(person.marker) == set()
