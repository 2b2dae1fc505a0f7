from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import time_machine
from sqlalchemy import delete, select

from core import ids
from core.actor import system
from core.app import create_app
from core.auth import jobs
from core.config import Settings
from core.db.session import apart, dispose, unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.revocations.api import Revoked, Watch, revoke, watch
from core.revocations.models import Revocation
from core.testing.factories import AgencyUnderTest
from tests.core.auth.conftest import eventually


def feed(app: Application) -> Watch:
    found = watch(app)
    found._looked = float("-inf")
    with app.app_context():
        found.look()
    return found


class TestListening:
    def test_a_callback_is_told_once_and_soon(
        self, elsewhere: Application, app: Application, agency: AgencyUnderTest
    ) -> None:
        told: list[Revoked] = []
        off = watch(elsewhere).on(told.append)
        subject = ids.new()
        eventually(lambda: watch(elsewhere)._after is not None)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            revoke("member", subject)
        eventually(lambda: bool(told))
        feed(elsewhere)
        off()
        assert [(each.kind, each.agency_id, each.subject_id) for each in told] == [("member", agency.id, subject)]

    def test_a_callback_that_fails_harms_nobody(self, app: Application, agency: AgencyUnderTest) -> None:
        told: list[Revoked] = []

        def fail(_told: Revoked) -> None:
            raise ValueError("not today")

        offs = [watch(app).on(fail), watch(app).on(told.append)]
        try:
            with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
                revoke("member", agency.id)
            assert len(told) == 1
        finally:
            for off in offs:
                off()

    def test_no_thread_runs_unless_somebody_listens_and_none_survives(self, settings: Settings) -> None:
        def threads() -> list[threading.Thread]:
            return [thread for thread in threading.enumerate() if thread.name == "revocations"]

        other = create_app(settings)
        assert not threads()
        watch(other).on(lambda _told: None)
        assert len(threads()) == 1
        with other.app_context():
            dispose()
        assert not threads()


class TestCleaningUp:
    def test_old_ones_go_and_young_ones_stay(self, app: Application, agency: AgencyUnderTest) -> None:
        subject = ids.new()
        with app.app_context():
            with unit_of_work(), acting_as(system(agency.id)):
                revoke("member", subject)
            jobs.forget_revocations()
            assert subject in _subjects()
            with time_machine.travel(datetime.now(UTC) + jobs.KEEP + timedelta(minutes=1)):
                jobs.forget_revocations()
            assert subject not in _subjects()

    def test_a_process_that_missed_some_checks_everything(self, app: Application, agency: AgencyUnderTest) -> None:
        told: list[Revoked] = []
        behind = feed(app)
        slow = Watch(app)
        with app.app_context():
            slow.look()
        slow._callbacks.append(told.append)
        checked = time.monotonic()
        assert behind.fresh
        with app.app_context():
            with unit_of_work(), acting_as(system(agency.id)):
                revoke("member", agency.id)
            with apart() as session:
                session.execute(delete(Revocation))
            slow._looked = float("-inf")
            assert not slow.holds(checked, ids.new())
            assert [each.kind for each in told] == ["all"]
            assert slow.holds(time.monotonic(), ids.new())

    def test_a_database_that_was_put_back_is_noticed(self, app: Application, agency: AgencyUnderTest) -> None:
        slow = Watch(app)
        with app.app_context():
            with unit_of_work(), acting_as(system(agency.id)):
                revoke("member", agency.id)
            slow.look()
            checked = time.monotonic()
            assert slow._after is not None
            slow._after += 7
            slow._looked = float("-inf")
            assert not slow.holds(checked, ids.new())
            assert slow.holds(time.monotonic(), ids.new())


def _subjects() -> set[UUID]:
    with apart() as session:
        return set(session.scalars(select(Revocation.subject_id)))
