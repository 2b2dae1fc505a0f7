"""From what somebody does to what their colleague reads: follower, worker and API as they really run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from core.config import Settings
from core.events import following
from core.http.application import Application
from core.jobs.worker import Worker, settings_for_work
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.testing.servers import wait_for
from plugins.leads import notices

pytestmark = pytest.mark.slow
Enquire = Callable[..., dict[str, Any]]


@pytest.fixture
def working(app: Application, settings: Settings) -> Iterator[None]:
    """A worker in this process, with a follower beside it."""
    worker = Worker(app, settings_for_work(settings))
    ended = threading.Event()

    def follow() -> None:
        while not ended.wait(0.05):
            following.follow_once(app)

    follower = threading.Thread(target=follow)
    worker.start()
    follower.start()
    yield
    ended.set()
    follower.join(20)
    worker.stop(within=15)


def titles(person: ApiClient) -> list[str]:
    return [each["title"] for each in ok(person.get("/notifications"))["items"]]


def name_of(person: ApiClient) -> str:
    found: str = ok(person.get(f"/users/{person.user_id}"))["name"]
    return found


class TestTheWholeWay:
    def test_a_colleague_reads_what_was_done(
        self, working: None, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        agent, lead = agency.member("agent", team="Africa"), enquire()
        ok(api.post(f"/leads/{lead['id']}/assignment", {"owner_id": str(agent.user_id)}, version="*"))
        wait_for(lambda: len(titles(agent)) == 1, what="Telling of the assignment")
        draft = {"text": "She called again", "mentions": [str(agent.user_id)]}
        ok(api.post(f"/leads/{lead['id']}/notes", draft), 201)
        wait_for(lambda: len(titles(agent)) == 2, what="Telling of the mention")
        ok(api.post(f"/leads/{lead['id']}/status", {"to": "contacted", "note": "Spoke on the phone"}, version="*"))
        wait_for(lambda: len(titles(agent)) == 3, what="Telling of the status")
        me, reference = name_of(api), lead["reference"]
        assert titles(agent) == [
            f"{me} moved {reference} to contacted",
            f"{me} mentioned you on {reference}",
            f"{me} handed over {reference}",
        ]
        assert titles(api) == []

    def test_a_notice_that_fails_is_repeated_alone(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, request: Any
    ) -> None:
        def broken(_event: Any) -> list[Any]:
            raise RuntimeError("Not to be reached")

        plugins = app.extensions["tripfile.plugins"]
        spoiled = replace(
            plugins.plugins["leads"], notices=(replace(notices.STATUS, recipients=broken), *notices.ALL[:2])
        )
        whole = plugins.plugins
        object.__setattr__(plugins, "plugins", MappingProxyType({**whole, "leads": spoiled}))
        try:
            request.getfixturevalue("working")
            agent, lead = agency.member("agent", team="Africa"), enquire()
            ok(api.post(f"/leads/{lead['id']}/assignment", {"owner_id": str(agent.user_id)}, version="*"))
            ok(api.post(f"/leads/{lead['id']}/status", {"to": "contacted", "note": "Spoke"}, version="*"))
            draft = {"text": "Look", "mentions": [str(agent.user_id)]}
            ok(api.post(f"/leads/{lead['id']}/notes", draft), 201)
            wait_for(lambda: len(titles(agent)) == 2, what="Telling of the others")
            wait_for(lambda: attempts(api) > 0, what="The first attempt at the broken one")
        finally:
            object.__setattr__(plugins, "plugins", whole)
        wait_for(lambda: len(titles(agent)) == 3, 30, what="Telling after the repair")


def attempts(api: ApiClient) -> int:
    """How often the job of the broken notice has failed."""
    listed = ok(api.get("/jobs?name=notifications.tell&state=queued"))["items"]
    return max((each["attempt"] for each in listed), default=0)
