"""Whom it is of that came in, whatever became of it: they are told of it, it goes with them, and stays on hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.privacy import collecting, erasures
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.capture import jobs
from plugins.capture.schemas.submissions import Payload
from plugins.capture.service import senders
from tests.plugins.capture.conftest import ANA, Stranger

Make = Callable[..., dict[str, Any]]
Look = Callable[..., list[dict[str, Any]]]
PHONE = "+351912345678"
MAPPING = [
    {"type": "take", "field": "email", "path": "/email"},
    {"type": "date", "field": "start_date", "path": "/start", "format": "DD.MM.YYYY"},
]


@pytest.fixture
def erased(app: Application, agency: AgencyUnderTest, api: ApiClient) -> Callable[[], int]:
    """Erases the only contact; how many rows of what came in they were told of before."""

    def erase() -> int:
        (contact,) = ok(api.get("/contacts"))["items"]
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            _, told = collecting.collect("contacts.contact", UUID(contact["id"]))
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            erasures.erase("contacts.contact", UUID(contact["id"]), request_id=None)
        return len([row for row in told if row.table == "capture_submission"])

    return erase


@pytest.fixture
def left(api: ApiClient, came: Look) -> Callable[[], list[Any]]:
    """What is left of all that came in."""

    def look() -> list[Any]:
        shown = [ok(api.get(f"/capture/submissions/{each['id']}")) for each in came()]
        return [said for each in shown for said in (each["body"], each["values"], each["sender"]) if said]

    return look


class TestErasure:
    def test_takes_along_what_could_not_be_read_and_what_came_again(
        self, api: ApiClient, stranger: Stranger, hook: Make, erased: Callable[[], int], left: Callable[[], list[Any]]
    ) -> None:
        made = hook(auth="header", mapping=MAPPING, id_header="X-Id")
        for number, start in (("0", "someday"), ("1", "01.05.2027"), ("1", "02.05.2027")):
            headers = {"X-Webhook-Secret": made["secret"], "X-Id": number}
            body = {"email": "Ana@example.com", "start": start}
            ok(stranger.post(f"/p/capture/hooks/{made['key']}", json=body, headers=headers), 202)
        assert erased() == 3
        assert left() == []

    def test_takes_along_what_names_them_where_nobody_looks_for_it(
        self, api: ApiClient, stranger: Stranger, hook: Make, erased: Callable[[], int], left: Callable[[], list[Any]]
    ) -> None:
        ok(api.post("/contacts", {"name": "Ana", "emails": [{"address": "ana@example.com"}]}), 201)
        made = hook(auth="header")
        body = {"lead": [{"who": "Ana Duarte <ANA@example.com>"}]}
        headers = {"X-Webhook-Secret": made["secret"]}
        ok(stranger.post(f"/p/capture/hooks/{made['key']}", json=body, headers=headers), 202)
        assert erased() == 1
        assert left() == []

    def test_knows_numbers_however_they_are_written_and_people_by_each(
        self, stranger: Stranger, form: Make, erased: Callable[[], int], left: Callable[[], list[Any]]
    ) -> None:
        made = form(defaults={"country": "PT"})
        ok(stranger.send(made, ANA | {"phone": "912 345 678"}), 201)
        ok(stranger.send(made, {"name": "A", "email": "other@example.com", "phone": "912345678"}, website="x"), 201)
        ok(stranger.send(made, {"name": "A", "phone": "(+351) 912-345-678"}, website="x"), 201)
        assert erased() == 3
        assert left() == []


class TestHolds:
    def test_keep_what_names_who_is_on_hold(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, stranger: Stranger, form: Make, came: Look
    ) -> None:
        held = {"name": "Ana", "emails": [{"address": "ana@example.com"}], "phones": [{"number": PHONE}]}
        contact = ok(api.post("/contacts", held), 201)
        subject = {"kind": "contacts.contact", "id": contact["id"]}
        ok(api.post("/privacy/holds", {"subject": subject, "reason": "A claim in court"}), 201)
        made = form()
        ok(stranger.send(made, ANA, website="x"), 201)
        ok(stranger.send(made, {"name": "A", "email": "b@example.com", "phone": PHONE}, website="x"), 201)
        ok(stranger.send(made, {"name": "Ben", "email": "ben@example.com"}, website="x"), 201)
        later = datetime.now(UTC) + timedelta(minutes=1)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            assert (jobs.SPAM.count(later), jobs.SPAM.apply(later, 100)) == (1, 1)
        assert [each["sender"] for each in came()] == ["b@example.com", "ana@example.com"]


class TestReading:
    @pytest.mark.parametrize(
        ("named", "body", "found"),
        [
            ({"email": "Ana@Example.com", "phone": "912345678"}, "", ["ana@example.com", PHONE]),
            ({"email": "Ana <ana@example.com>"}, '{"agent": "ben@example.com"}', ["ana@example.com"]),
            ({}, '{"a": {"b": ["call 912 345 678, or ana@example.com."]}}', ["ana@example.com", PHONE]),
            ({"email": "912345678"}, '{"tel": 912345678}', [PHONE]),
            ({}, "Dear all, write to Ana@example.com or call 912 345 678.", ["ana@example.com", PHONE]),
            ({"email": ["x"]}, "[1, true, null, 1e3, " + "9" * 17 + "]", []),
            ({"phone": {"n": 1}}, '"\\u0061na\\u0040example.com"', ["ana@example.com"]),
        ],
    )
    def test_finds_who_is_named(self, named: dict[str, Any], body: str, found: list[str]) -> None:
        assert senders.of(named, Payload(body=body), country="PT") == found

    def test_takes_no_time_whatever_is_sent(self) -> None:
        for text in ("a." * 100_000 + "@", "@" * 200_000, "1 " * 100_000, "+" * 200_000, "9" * 200_000):
            senders.of({}, Payload(values={"message": text}), country="PT")
