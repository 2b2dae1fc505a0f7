"""Two gateway processes on one database, with Redis and without: what happens in one is heard in the other."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from core.testing.clients import ApiClient
from core.testing.factories import AgencyUnderTest
from core.testing.servers import RedisServer, WebProcess
from tests.gateway.talk import Outside

LEADS = "/leads"
Dial = Callable[[WebProcess], Outside]


@pytest.fixture(scope="module", params=["postgresql", "redis"])
def environment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """With what the processes tell each other."""
    if request.param == "postgresql":
        yield {}
        return
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield {"REDIS_HOST": server.url}
    server.kill()


@pytest.fixture(scope="module")
def pair(make_web: Callable[..., WebProcess], environment: dict[str, str]) -> Iterator[tuple[WebProcess, WebProcess]]:
    """Two web processes."""
    a, b = make_web(**environment), make_web(**environment)
    yield a, b
    a.kill()
    b.kill()


@pytest.fixture
def dial() -> Iterator[Dial]:
    """Makes connections over the network, and hangs up."""
    made: list[Outside] = []

    def make(web: WebProcess) -> Outside:
        made.append(Outside(web.port))
        return made[-1]

    yield make
    for client in made:
        client.hang_up()


def call(web: WebProcess, person: ApiClient, method: str, path: str, body: Any = None) -> Any:
    """Use the API of one process."""
    headers = {"Authorization": f"Bearer {person.token}", "Content-Type": "application/json", "If-Match": "*"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{web.url}/api/v1{path}", data, headers, method=method), timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def make_lead(web: WebProcess, person: ApiClient) -> str:
    lead_id: str = call(web, person, "POST", "/leads", {"contact": {"name": "Ana"}})["id"]
    return lead_id


class TestEvents:
    def test_written_through_one_process_reach_the_sockets_of_the_other(
        self, pair: tuple[WebProcess, WebProcess], dial: Dial, agency: AgencyUnderTest
    ) -> None:
        a, b = pair
        owner = agency.member("owner")
        client = dial(b)
        client.connect(token=owner.token)
        last = pull(client, 0)[1]
        lead_id = make_lead(a, owner)
        hint = client.expect("stream.new", seconds=3)
        assert (hint["topic"], hint["seq"] > last) == ("events", True)
        items, _ = pull(client, last)
        assert any(lead_id in json.dumps(item) for item in items)

    def test_of_a_process_that_was_killed_are_pulled_from_another_none_lost_none_twice(
        self, make_web: Callable[..., WebProcess], environment: dict[str, str], dial: Dial, agency: AgencyUnderTest
    ) -> None:
        a, b = make_web(**environment), make_web(**environment)
        owner = agency.member("owner")
        client = dial(b)
        client.connect(token=owner.token)
        seen, last = pull(client, 0)
        written = []
        for number in range(30):
            written.append(make_lead(a, owner))
            if number == 10:
                more, last = pull(client, last)
                seen += more
                b.kill()
            if number == 20:
                client = dial(a)
                client.connect(token=owner.token)
                more, last = pull(client, last)
                seen += more
        wanted = last + 1
        while wanted > last:
            more, last = pull(client, last)
            seen += more
            wanted = head(client)
        numbers = [item["seq"] for item in seen]
        assert numbers == sorted(set(numbers))
        text = json.dumps(seen)
        assert [lead_id for lead_id in written if lead_id not in text] == []
        a.kill()

    def test_written_while_redis_is_away_reach_own_sockets_at_once_and_the_others_when_it_is_back(
        self, make_web: Callable[..., WebProcess], redis_server: RedisServer, dial: Dial, agency: AgencyUnderTest
    ) -> None:
        a, b = make_web(REDIS_HOST=redis_server.url), make_web(REDIS_HOST=redis_server.url)
        owner = agency.member("owner")
        here, there = dial(a), dial(b)
        here.connect(token=owner.token)
        there.connect(token=owner.token)
        head(here)
        _, last = pull(there, 0)
        redis_server.kill()
        lead_id = make_lead(a, owner)
        assert here.expect("stream.new", seconds=3)["seq"] > last
        there.quiet("stream.new", seconds=1)
        there.events.clear()
        redis_server.start()
        deadline = time.monotonic() + 20
        while there.expect("stream.head", seconds=20)["seq"] == last:
            assert time.monotonic() < deadline
        assert lead_id in json.dumps(pull(there, last)[0])
        a.kill()
        b.kill()


class TestVolatile:
    def test_events_and_presence_cross_processes(
        self, pair: tuple[WebProcess, WebProcess], dial: Dial, agency: AgencyUnderTest
    ) -> None:
        a, b = pair
        owner, manager = agency.member("owner"), agency.member("manager")
        lead_id = make_lead(a, owner)
        room = {"kind": "lead", "id": lead_id}
        here, there = dial(a), dial(b)
        here.connect(LEADS, token=owner.token)
        there.connect(LEADS, token=manager.token)
        here.ok("room.join", room, namespace=LEADS)
        there.ok("room.join", room, namespace=LEADS)
        for client in (here, there):
            until(client, lambda told: told["count"] == 2)
        there.ok("typing", {"lead_id": lead_id}, namespace=LEADS)
        assert here.expect("typing", namespace=LEADS)["user_id"] == str(manager.user_id)
        there.hang_up()
        until(here, lambda told: told["members"] == [str(owner.user_id)])

    def test_a_process_that_comes_later_is_told_who_is_there(
        self,
        pair: tuple[WebProcess, WebProcess],
        make_web: Callable[..., WebProcess],
        environment: dict[str, str],
        dial: Dial,
        agency: AgencyUnderTest,
    ) -> None:
        a, _ = pair
        owner = agency.member("owner")
        room = {"kind": "lead", "id": make_lead(a, owner)}
        here = dial(a)
        here.connect(LEADS, token=owner.token)
        here.ok("room.join", room, namespace=LEADS)
        newcomer = make_web(**environment)
        there = dial(newcomer)
        there.connect(LEADS, token=agency.member("manager").token)
        if there.ok("room.join", room, namespace=LEADS)["count"] < 2:
            until(there, lambda told: told["count"] == 2)
        newcomer.kill()


class TestRevocation:
    def test_through_one_process_closes_the_sockets_of_the_other_within_two_seconds(
        self, pair: tuple[WebProcess, WebProcess], dial: Dial, agency: AgencyUnderTest
    ) -> None:
        a, b = pair
        member = agency.newcomer("agent")
        client = dial(b)
        client.connect(token=member.token)
        started = time.monotonic()
        call(a, member, "POST", "/auth/logout")
        assert client.expect("session_revoked", seconds=2)
        assert client.ended(seconds=2) == 1008
        assert time.monotonic() - started < 2.5

    def test_of_rights_through_one_process_empties_rooms_of_the_other(
        self, pair: tuple[WebProcess, WebProcess], dial: Dial, agency: AgencyUnderTest
    ) -> None:
        a, b = pair
        agent = agency.newcomer("agent", team="Asia")
        room = {"kind": "lead", "id": make_lead(a, agency.newcomer("agent", team="Asia"))}
        client = dial(b)
        client.connect(LEADS, token=agent.token)
        client.ok("room.join", room, namespace=LEADS)
        call(a, agency.member("owner"), "PATCH", f"/users/{agent.user_id}", {"teams": []})
        assert client.expect("room.left", namespace=LEADS, seconds=2) == {**room, "code": "room_refused"}


def pull(client: Outside, last: int) -> tuple[list[Any], int]:
    """What came after a number, and where to go on."""
    items: list[Any] = []
    while True:
        page = client.ok("stream.pull", {"topic": "events", "after": last})
        items += page["items"]
        last = page["upto"]
        if not page["more"]:
            return items, last


def head(client: Outside) -> int:
    seq: int = client.ok("stream.follow", {"topic": "events"})["seq"]
    return seq


def until(client: Outside, condition: Callable[[Any], bool]) -> None:
    """Wait until presence is as wanted."""
    deadline = time.monotonic() + 5
    while not condition(client.expect("presence", namespace=LEADS)):
        assert time.monotonic() < deadline
