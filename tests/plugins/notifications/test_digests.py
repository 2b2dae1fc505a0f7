"""What waits for the daily digest comes in the morning of each person's own day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from core import clock, ids
from core.actor import system
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.jobs.job import Job
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.users.models import User
from core.users.repository import members
from plugins.notifications import api as notifications
from plugins.notifications import jobs
from plugins.notifications.service.digests import last_hour

Act = Callable[[], Any]
EVENING = datetime(2027, 3, 1, 20, tzinfo=UTC)


class Day:
    """A day whose hours the test chooses."""

    def __init__(self, act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
        self.act = act
        self.now = EVENING
        monkeypatch.setattr(clock, "now", lambda: self.now)

    def tell(self, person: ApiClient, *, times: int = 1, **about: Any) -> None:
        for _ in range(times):
            with self.act():
                assert person.user_id is not None
                notifications.notify("leads.status", [person.user_id], words={}, **about)

    def digest(self, at: datetime) -> None:
        self.now = at
        with self.act():
            jobs.send_digests()


@pytest.fixture
def day(act: Act, monkeypatch: pytest.MonkeyPatch) -> Day:
    return Day(act, monkeypatch)


@pytest.fixture
def person(app: Application, agency: AgencyUnderTest) -> Callable[..., ApiClient]:
    """Makes members with a zone who want to be told daily."""

    def make(zone: str = "UTC", **choices: str) -> ApiClient:
        found = agency.newcomer("owner")
        with app.app_context(), apart() as session:
            session.execute(update(User).where(User.id == found.user_id).values(zone=zone))
        wanted = {"kinds": {"leads.status": choices or {"in_app": "daily"}}}
        ok(found.patch("/notifications/preferences", wanted))
        return found

    return make


def listed(person: ApiClient, question: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(person.get(f"/notifications{question}"))["items"]
    return found


def morning(hour: int, minute: int = 0, *, days: int = 1) -> datetime:
    return EVENING.replace(hour=hour, minute=minute) + timedelta(days=days)


class TestWaiting:
    def test_makes_no_signal_and_is_not_counted(self, day: Day, person: Callable[..., ApiClient]) -> None:
        ana = person()
        day.tell(ana)
        (waiting,) = listed(ana)
        assert (waiting["waiting"], waiting["unread"], waiting["told_at"]) == (True, False, None)
        assert ok(ana.get("/notifications/unread")) == {"unread": 0, "waiting": 1, "seq": 1}


class TestDigest:
    def test_sums_up_what_waits(self, day: Day, person: Callable[..., ApiClient]) -> None:
        ana, first, second, trip = person(), ids.new(), ids.new(), ids.new()
        day.tell(ana, times=3, subject="leads.lead", subject_id=first)
        day.tell(ana, times=2, subject="leads.lead", subject_id=second)
        day.tell(ana, subject="trips.trip", subject_id=trip)
        day.tell(ana)
        day.digest(morning(7))
        digest = listed(ana)[0]
        assert digest["kind"] == "notifications.digest"
        assert digest["title"] == "7 things happened on 2 leads and 1 trip"
        assert len(listed(ana, f"?digest_id={digest['id']}")) == 7
        assert ok(ana.get("/notifications/unread")) == {"unread": 8, "waiting": 0, "seq": 8}

    def test_speaks_of_one_thing_properly(self, day: Day, person: Callable[..., ApiClient]) -> None:
        ana, ben = person(), person()
        day.tell(ana, subject="leads.lead", subject_id=ids.new())
        day.tell(ben)
        day.digest(morning(7))
        assert [listed(each)[0]["title"] for each in (ana, ben)] == ["1 thing happened on 1 lead", "1 thing happened"]

    def test_comes_in_the_morning_of_each_persons_day(self, day: Day, person: Callable[..., ApiClient]) -> None:
        lisbon, nairobi, kathmandu = person("Europe/Lisbon"), person("Africa/Nairobi"), person("Asia/Kathmandu")
        for each in (lisbon, nairobi, kathmandu):
            day.tell(each)
        came = []
        for hour in range(9):
            day.digest(morning(hour))
            came.append([len(listed(each)) - 1 for each in (lisbon, nairobi, kathmandu)])
        # 07:00 is 01:15 UTC in Kathmandu, 04:00 in Nairobi, 07:00 in Lisbon.
        assert [row[2] for row in came] == [0, 0, 1, 1, 1, 1, 1, 1, 1]
        assert [row[1] for row in came] == [0, 0, 0, 0, 1, 1, 1, 1, 1]
        assert [row[0] for row in came] == [0, 0, 0, 0, 0, 0, 0, 1, 1]

    def test_comes_once_a_day(self, day: Day, person: Callable[..., ApiClient]) -> None:
        ana = person()
        day.tell(ana)
        day.digest(morning(7))
        day.now = morning(7, 10)
        day.tell(ana)
        for hour in range(8, 24):
            day.digest(morning(hour))
        assert [each["kind"] for each in listed(ana)] == ["leads.status", "notifications.digest", "leads.status"]
        day.digest(morning(7, days=2))
        assert listed(ana)[0]["title"] == "1 thing happened"

    def test_comes_late_rather_than_never(self, day: Day, person: Callable[..., ApiClient]) -> None:
        ana = person()
        day.tell(ana)
        day.digest(morning(11, 20))
        assert listed(ana)[0]["kind"] == "notifications.digest"

    def test_leaves_out_what_has_been_read(self, day: Day, person: Callable[..., ApiClient]) -> None:
        ana, ben = person(), person()
        day.tell(ana, times=2)
        day.tell(ben)
        ok(ana.post("/notifications/read", {"upto": 1}))
        ok(ben.post("/notifications/read", {"upto": 1}))
        day.digest(morning(7))
        assert listed(ana)[0]["title"] == "1 thing happened"
        assert [each["kind"] for each in listed(ben)] == ["leads.status"]

    def test_a_repeated_job_sends_it_once(self, day: Day, person: Callable[..., ApiClient]) -> None:
        ana = person()
        day.tell(ana)
        for _ in range(2):
            day.digest(morning(7))
        assert len(listed(ana)) == 2

    def test_waits_for_the_suspended(
        self, app: Application, day: Day, agency: AgencyUnderTest, person: Callable[..., ApiClient]
    ) -> None:
        ana = person()
        day.tell(ana)
        for state in ("suspended", "active"):
            with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
                members.of_user(ana.user_id).state = state  # type: ignore[arg-type] # a person of a test has an id
            if state == "suspended":
                day.digest(morning(7))
        assert len(listed(ana)) == 1


class TestOtherChannels:
    def test_what_waits_for_mail_alone_is_new_in_the_product_at_once(
        self, day: Day, person: Callable[..., ApiClient], mailing: Job[[UUID]], background: Any
    ) -> None:
        ana = person(in_app="now", mail="daily")
        day.tell(ana, times=2)
        assert ok(ana.get("/notifications/unread"))["unread"] == 2
        assert background.waiting(mailing.name) == []
        day.digest(morning(7))
        (payload,) = background.waiting(mailing.name)
        with background.work():
            delivery = notifications.delivery(UUID(payload["notification_id"]))
        assert delivery.notification.title == "2 things happened"
        assert [each.seq for each in delivery.digested] == [1, 2]
        # It is for the letter: in the product there is nothing new.
        assert ok(ana.get("/notifications/unread"))["unread"] == 2

    def test_what_is_off_in_the_product_is_in_the_letter_whatever_has_been_read(
        self, day: Day, person: Callable[..., ApiClient], mailing: Job[[UUID]], background: Any
    ) -> None:
        ana = person(in_app="off", mail="daily")
        day.tell(ana)
        ok(ana.post("/notifications/read", {"upto": 1}))
        day.digest(morning(7))
        assert len(background.waiting(mailing.name)) == 1

    def test_the_product_alone_sends_no_letter(
        self, day: Day, person: Callable[..., ApiClient], mailing: Job[[UUID]], background: Any
    ) -> None:
        ana = person()
        day.tell(ana)
        day.digest(morning(7))
        assert background.waiting(mailing.name) == []


class TestLastHour:
    @pytest.mark.parametrize(
        ("now", "zone", "expected"),
        [
            ("2027-03-01T07:00:00+00:00", "UTC", "2027-03-01T07:00:00+00:00"),
            ("2027-03-01T06:59:59+00:00", "UTC", "2027-02-28T07:00:00+00:00"),
            ("2027-03-01T23:30:00+00:00", "Asia/Tokyo", "2027-03-02T07:00:00+09:00"),
            ("2027-03-28T05:30:00+00:00", "Europe/Berlin", "2027-03-28T07:00:00+02:00"),
            ("2027-10-31T06:30:00+00:00", "Europe/Berlin", "2027-10-31T07:00:00+01:00"),
        ],
    )
    def test_is_the_latest_one(self, now: str, zone: str, expected: str) -> None:
        found = last_hour(datetime.fromisoformat(now), zone=zone, hour=7)
        assert found == datetime.fromisoformat(expected)
