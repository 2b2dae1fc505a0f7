from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from core import ids, streams
from core.actor import Actor
from core.db import closing, numbering
from core.db.closing import Committed
from core.db.session import apart, unit_of_work
from core.events.log import SCOPE, publish_apart
from core.events.models import EventEntry
from core.extensions import db
from core.http.application import Application
from core.http.database_errors import is_lost_race
from core.revocations.models import Revocation
from core.testing.factories import AgencyUnderTest
from core.users.models import Team
from core.users.repository import teams
from plugins.leads.models import Lead
from plugins.leads.repository import leads
from tests.core.db.happening import Happened, Log, happen, let_fail, remember, undo
from tests.core.db.inside import Inside


def let_commit(*words: str) -> None:
    with unit_of_work():
        for word in words:
            happen(word)
            remember.enqueue(word)


class TestUndoing:
    def test_a_unit_of_work_that_is_rolled_back_leaves_nothing(
        self, inside: Inside, agency: AgencyUnderTest, log: Log, told: list[Committed]
    ) -> None:
        calls: list[str] = []
        with inside(agency.id), unit_of_work() as work:
            happen("undone")
            remember.enqueue("undone")
            closing.of(db.session()).then(lambda: calls.append("undone"))
            work.discard()
        with inside(agency.id), pytest.raises(ValueError, match="wrong"):
            let_fail("undone")
        assert (log.words, log.jobs, told, calls) == ([], [], [], [])

    def test_what_comes_after_it_in_the_same_session_stands(
        self, inside: Inside, agency: AgencyUnderTest, log: Log
    ) -> None:
        with inside(agency.id), unit_of_work():
            happen("undone")
            remember.enqueue("undone")
            db.session.rollback()
            happen("done")
            remember.enqueue("done")
        assert (log.words, log.jobs) == (["done"], ["done"])

    def test_a_savepoint_takes_back_what_came_after_it_alone(
        self, inside: Inside, agency: AgencyUnderTest, log: Log
    ) -> None:
        with inside(agency.id), unit_of_work():
            happen("before")
            remember.enqueue("before")
            with pytest.raises(ValueError, match="wrong"):
                undo("inside")
            with db.session.begin_nested():
                happen("kept")
                with pytest.raises(ValueError, match="wrong"):
                    undo("deep inside")
            happen("after")
            remember.enqueue("after")
        assert (log.words, log.jobs) == (["before", "kept", "after"], ["before", "after"])

    def test_a_flush_that_fails_in_a_savepoint_takes_back_no_more_either(
        self, inside: Inside, agency: AgencyUnderTest, log: Log
    ) -> None:
        with inside(agency.id), unit_of_work():
            happen("before")
            savepoint = db.session.begin_nested()
            happen("inside")
            db.session.add(Revocation(kind="member", subject_id=ids.new(), seq=None))
            with pytest.raises(IntegrityError):
                db.session.flush()
            savepoint.rollback()
            happen("after")
        assert log.words == ["before", "after"]

    def test_a_statement_that_fails_in_a_savepoint_takes_back_no_more_either(
        self, inside: Inside, agency: AgencyUnderTest, log: Log
    ) -> None:
        with inside(agency.id), unit_of_work():
            happen("before")
            savepoint = db.session.begin_nested()
            happen("inside")
            with pytest.raises(DBAPIError):
                db.session.execute(text("INSERT INTO core_revocation DEFAULT VALUES"))
            savepoint.rollback()
            happen("after")
        assert log.words == ["before", "after"]

    def test_a_commit_that_fails_leaves_a_clean_connection(
        self, app: Application, inside: Inside, agency: AgencyUnderTest, log: Log, told: list[Committed],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        twice = ids.new()
        with monkeypatch.context() as patched:
            patched.setattr("core.events.log.ids.new", lambda: twice)
            with inside(agency.id), unit_of_work():
                happen("first")
            with inside(agency.id), pytest.raises(Exception, match="core_event_pkey"):
                let_commit("the same again")
        told.clear()
        for number in range(6):
            with inside(agency.id), unit_of_work():
                happen(f"later {number}")
        assert log.words == ["first", *(f"later {number}" for number in range(6))]
        assert log.jobs == []
        assert [committed.heads[0].seq for committed in told] == list(range(3, 9))

    def test_a_lost_race_at_the_commit_is_told_as_one(
        self, inside: Inside, agency: AgencyUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_rows: Sequence[Any]) -> tuple[str, list[str]]:
            return "DO $$ BEGIN RAISE serialization_failure; END $$", []

        monkeypatch.setattr(numbering, "statement", fail)
        with inside(agency.id), pytest.raises(Exception, match="serialization") as raised, unit_of_work():
            happen("lost")
        assert is_lost_race(raised.value)


class TestJobs:
    def test_many_are_one_statement(
        self, inside: Inside, agency: AgencyUnderTest, log: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written: list[int] = []
        statement = numbering.statement

        def count(rows: Sequence[Any]) -> tuple[str, list[str]]:
            written.append(len(rows))
            return statement(rows)

        monkeypatch.setattr(numbering, "statement", count)
        with inside(agency.id), unit_of_work():
            made = remember.enqueue_many({"word": str(number)} for number in range(1_000))
        assert written == [1_000]
        assert len(set(made)) == 1_000
        assert sorted(log.jobs, key=int) == [str(number) for number in range(1_000)]

    def test_one_with_a_key_waits_once(self, inside: Inside, agency: AgencyUnderTest, log: Log) -> None:
        with inside(agency.id), unit_of_work():
            remember.later(unique="it").enqueue("first")
            remember.later(unique="it").enqueue("second")
            remember.later(unique="that").enqueue("third")
        with inside(agency.id), unit_of_work():
            remember.later(unique="it").enqueue("fourth")
        assert log.jobs == ["first", "third"]

    def test_a_key_is_the_agencys(
        self, inside: Inside, agency: AgencyUnderTest, other_agency: AgencyUnderTest, log: Log
    ) -> None:
        for each in (agency, other_agency):
            with inside(each.id), unit_of_work():
                remember.later(unique="it").enqueue("once")
        assert (log.jobs, Log(inside, other_agency).jobs) == (["once"], ["once"])

    def test_their_queues_are_told_after_the_commit(
        self, inside: Inside, agency: AgencyUnderTest, told: list[Committed]
    ) -> None:
        with inside(agency.id), unit_of_work():
            remember.enqueue("now")
            remember.later(delay=timedelta(hours=1)).enqueue("later")
            assert told == []
        assert [committed.queues for committed in told] == [("default",)]


class TestApart:
    def test_a_fact_stands_though_the_rest_is_undone(
        self, inside: Inside, agency: AgencyUnderTest, log: Log, told: list[Committed]
    ) -> None:
        with inside(agency.id), unit_of_work() as work:
            happen("undone")
            fact = Happened(thing_id=ids.new(), word="stands")
            publish_apart(fact, actor=Actor(kind="public"), agency_id=agency.id)
            work.discard()
        assert log.words == ["stands"]
        assert [head.scope for committed in told for head in committed.heads] == [SCOPE]

    def test_it_waits_for_no_counter_of_the_unit_of_work_around_it(
        self, inside: Inside, agency: AgencyUnderTest, log: Log
    ) -> None:
        with inside(agency.id), unit_of_work():
            happen("second")
            db.session.flush()
            fact = Happened(thing_id=ids.new(), word="first")
            publish_apart(fact, actor=Actor(kind="public"), agency_id=agency.id)
        assert log.words == ["first", "second"]

    def test_one_that_fails_leaves_nothing(self, inside: Inside, agency: AgencyUnderTest, log: Log) -> None:
        def fail(session: Session) -> None:
            entry = EventEntry(
                id=ids.new(), agency_id=agency.id, name=Happened.name, schema_version=1, subject="tests.thing",
                subject_id=ids.new(), actor_kind="public", payload={"thing_id": str(ids.new()), "word": "undone"},
            )  # fmt: skip
            streams.append(entry, scope=SCOPE, session=session)
            raise ValueError("wrong")

        with inside(agency.id), pytest.raises(ValueError, match="wrong"), apart() as session:
            fail(session)
        assert log.words == []


class TestAfterwards:
    def test_calls_and_listeners_come_after_the_commit_and_cannot_harm_it(
        self, inside: Inside, agency: AgencyUnderTest, log: Log, told: list[Committed]
    ) -> None:
        seen: list[list[str]] = []

        def fail() -> None:
            raise ValueError("not today")

        with inside(agency.id), unit_of_work():
            happen("done")
            closing.of(db.session()).then(fail)
            closing.of(db.session()).then(lambda: seen.append(log.words))
        assert seen == [["done"]]
        (committed,) = told
        assert [(head.agency_id, head.scope, head.seq) for head in committed.heads] == [(agency.id, SCOPE, 2)]


def append_teams(*names: str) -> None:
    with unit_of_work():
        for name in names:
            teams.append(Team(name=name))


class TestARowOfAHistory:
    def test_is_written_with_the_commit_and_as_a_flush_would_have(
        self, inside: Inside, agency: AgencyUnderTest
    ) -> None:
        with inside(agency.id), unit_of_work():
            teams.append(Team(name="appended"))
            db.session.add(Team(name="flushed"))
            assert [team.name for team in db.session.scalars(select(Team))] == ["flushed"]
        with inside(agency.id):
            made = {team.name: team for team in db.session.scalars(select(Team))}
            assert set(made) == {"appended", "flushed"}
            assert {(team.agency_id, team.version) for team in made.values()} == {(agency.id, 1)}
            assert abs(made["appended"].created_at - made["flushed"].created_at) < timedelta(minutes=1)

    def test_is_none_where_the_unit_of_work_comes_to_nothing(self, inside: Inside, agency: AgencyUnderTest) -> None:
        with inside(agency.id), unit_of_work() as work:
            teams.append(Team(name="undone"))
            work.discard()
        with inside(agency.id):
            assert list(db.session.scalars(select(Team))) == []

    def test_is_refused_as_any_other_where_there_is_one_already(self, inside: Inside, agency: AgencyUnderTest) -> None:
        with inside(agency.id), pytest.raises(DBAPIError):
            append_teams("twice", "twice")

    def test_is_refused_where_the_session_would_encrypt_it(self, inside: Inside, agency: AgencyUnderTest) -> None:
        with inside(agency.id), pytest.raises(TypeError, match="encrypted"):
            leads.append(Lead(reference="L-26-00001"))
