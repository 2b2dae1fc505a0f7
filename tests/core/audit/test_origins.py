"""Where events came from: sealed by its digest, so that it can be forgotten and not changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from core import clock, ids
from core.actor import Actor, system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.log import publish, publish_apart
from core.extensions import db
from core.http.application import Application
from core.privacy import keeping
from core.privacy import own_rows as own
from core.privacy.subjects import CONTACT, USER, Subject
from core.roles.events import RoleDeleted
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.core.audit.conftest import Owner, damage, seal, verify

RULE = "audit.origins"
Tell = Callable[..., UUID]


@pytest.fixture
def tell(app: Application, agency: AgencyUnderTest, owner: Owner) -> Tell:
    """Publishes a fact that came from somewhere; the event's id."""

    def publish_one(
        reason: str | None = None,
        *,
        by: UUID | None = None,
        impersonator: UUID | None = None,
        about: UUID | None = None,
    ) -> UUID:
        subject = about or ids.new()
        actor = Actor(kind="user", agency_id=agency.id, user_id=by or ids.new(), impersonator_id=impersonator)
        with app.test_request_context("/", headers={"User-Agent": "Pocket/2"}), unit_of_work(), acting_as(actor):
            publish(RoleDeleted(role_id=subject, code="nobody"), reason=reason)
        last = "SELECT id FROM core_event WHERE subject_id = %s ORDER BY seq DESC LIMIT 1"
        row = owner.execute(last, [subject]).fetchone()
        assert row is not None
        return UUID(str(row[0]))

    return publish_one


def origins(owner: Owner, *event_ids: UUID) -> int:
    row = owner.execute("SELECT count(*) FROM core_event_origin WHERE event_id = ANY(%s)", [list(event_ids)]).fetchone()
    assert row is not None
    return int(row[0])


class TestTheDigest:
    def test_is_what_its_description_says(self, tell: Tell, owner: Owner) -> None:
        event_id = tell("Nobody held it")
        row = owner.execute(
            "SELECT salt, ip, user_agent, reason FROM core_event_origin WHERE event_id = %s", [event_id]
        ).fetchone()
        assert row is not None
        assert row[1:] == (None, "Pocket/2", "Nobody held it")
        fields = ["~" if each is None else f"{len(each.encode())}:{each}" for each in row]
        found = owner.execute("SELECT origin FROM core_event WHERE id = %s", [event_id]).fetchone()
        assert found == (sha256("".join(fields).encode()).hexdigest(),)

    def test_tells_nothing_by_itself(self, tell: Tell, owner: Owner) -> None:
        """Two events from the same place look unlike each other."""
        rows = owner.execute("SELECT origin FROM core_event WHERE id = ANY(%s)", [[tell(), tell()]]).fetchall()
        assert len(set(rows)) == 2

    def test_is_missing_where_nothing_is_told(self, app: Application, agency: AgencyUnderTest, owner: Owner) -> None:
        subject = ids.new()
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            publish(RoleDeleted(role_id=subject, code="nobody"))
        assert owner.execute("SELECT origin FROM core_event WHERE subject_id = %s", [subject]).fetchone() == (None,)

    def test_goes_with_its_event_where_that_is_taken_back(
        self, app: Application, agency: AgencyUnderTest, owner: Owner
    ) -> None:
        before = owner.execute("SELECT count(*) FROM core_event_origin").fetchone()
        with app.test_request_context("/"), unit_of_work(), acting_as(system(agency.id)):
            tried = db.session.begin_nested()
            publish(RoleDeleted(role_id=ids.new(), code="nobody"), reason="Why not")
            tried.rollback()
        assert owner.execute("SELECT count(*) FROM core_event_origin").fetchone() == before

    def test_stands_beside_what_is_told_apart(self, app: Application, agency: AgencyUnderTest, api: ApiClient) -> None:
        fact = RoleDeleted(role_id=ids.new(), code="nobody")
        with app.app_context():
            publish_apart(fact, actor=Actor(kind="public", agency_id=agency.id), agency_id=agency.id, ip="192.0.2.7")
        (event,) = ok(api.get("/audit?ip=192.0.2.7"))["items"]
        assert (event["name"], event["ip"]) == ("roles.role_deleted", "192.0.2.7")


class TestVerify:
    def test_counts_those_that_are_forgotten(
        self, app: Application, agency: AgencyUnderTest, tell: Tell, owner: Owner
    ) -> None:
        gone = [tell(), tell("Why")]
        seal(app, agency)
        owner.execute("DELETE FROM core_event_origin WHERE event_id = ANY(%s)", [gone])
        result = verify(app, agency)
        assert result.exit_code == 0
        assert "; of 2 it is no longer known where they came from\n" in result.output

    @pytest.mark.parametrize(
        "change",
        ["ip = '192.0.2.1'", "user_agent = NULL", "reason = 'because'", "salt = 'ff'"],
    )
    def test_names_one_that_was_changed(
        self, app: Application, agency: AgencyUnderTest, tell: Tell, owner: Owner, change: str
    ) -> None:
        event_id = tell("Why")
        seal(app, agency)
        owner.execute(f"UPDATE core_event_origin SET {change} WHERE event_id = %s", [event_id])
        assert "came from is not what was sealed" in damage(app, agency)

    def test_names_one_that_stands_beside_another_event(
        self, app: Application, agency: AgencyUnderTest, tell: Tell, owner: Owner
    ) -> None:
        first, second = tell(), tell()
        seal(app, agency)
        owner.execute("DELETE FROM core_event_origin WHERE event_id = %s", [second])
        owner.execute("UPDATE core_event_origin SET event_id = %s WHERE event_id = %s", [second, first])
        assert "came from is not what was sealed" in damage(app, agency)

    def test_names_one_that_was_added(self, app: Application, agency: AgencyUnderTest, owner: Owner) -> None:
        subject = ids.new()
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            publish(RoleDeleted(role_id=subject, code="nobody"))
        seal(app, agency)
        owner.execute(
            "INSERT INTO core_event_origin (agency_id, event_id, ip, salt)"
            " SELECT agency_id, id, '192.0.2.1', 'ff' FROM core_event WHERE subject_id = %s",
            [subject],
        )
        assert "came from is not what was sealed" in damage(app, agency)


class TestErasures:
    def erase(self, app: Application, agency: AgencyUnderTest, kind: str, person: UUID, **known: Any) -> None:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            own._forget_origins(Subject(kind=kind, id=person, rows=frozenset({person}), **known))

    def test_of_a_colleague_forget_where_they_worked_from_and_why(
        self, app: Application, agency: AgencyUnderTest, tell: Tell, owner: Owner
    ) -> None:
        person, other = ids.new(), ids.new()
        theirs = [tell("Mine", by=person), tell(by=other, impersonator=person)]
        others = [tell("Other", by=other), tell("In their name", by=person, impersonator=other)]
        seal(app, agency)
        self.erase(app, agency, USER, person)
        assert (origins(owner, *theirs), origins(owner, *others)) == (0, 2)
        assert "; of 2 it is no longer known" in verify(app, agency).output

    def test_of_a_client_forget_reasons_that_were_given_about_them(
        self, app: Application, agency: AgencyUnderTest, tell: Tell, owner: Owner
    ) -> None:
        person = ids.new()
        said = [tell("They asked", about=person), tell("Ana (ana@example.com) asked")]
        silent = [tell(about=person), tell("Somebody asked")]
        self.erase(app, agency, CONTACT, person, emails=frozenset({"ana@example.com"}))
        assert (origins(owner, *said), origins(owner, *silent)) == (0, 2)


class TestRetention:
    def later(self, app: Application, agency: AgencyUnderTest, monkeypatch: pytest.MonkeyPatch, *, days: int) -> None:
        at = clock.now() + timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda: at)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            assert keeping.apply(RULE) is False

    def test_forgets_after_a_year(
        self, app: Application, agency: AgencyUnderTest, tell: Tell, owner: Owner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        event_id = tell("Why")
        self.later(app, agency, monkeypatch, days=364)
        assert origins(owner, event_id) == 1
        self.later(app, agency, monkeypatch, days=2)
        assert origins(owner, event_id) == 0

    def test_leaves_out_who_is_on_hold(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, tell: Tell, owner: Owner,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        colleague = agency.newcomer("agent")
        contact = UUID(ok(api.post("/contacts", {"kind": "person", "name": "Ana"}), 201)["id"])
        for kind, person in ((USER, colleague.user_id), (CONTACT, contact)):
            subject = {"kind": kind, "id": str(person)}
            ok(api.post("/privacy/holds", {"subject": subject, "reason": "A dispute"}), 201)
        held = [tell(by=colleague.user_id), tell("They asked", about=contact)]
        free = tell("Why")
        self.later(app, agency, monkeypatch, days=400)
        assert (origins(owner, *held), origins(owner, free)) == (2, 0)
