"""Who is in a room, over all processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import UUID

import msgspec
import pytest

from core import ids
from core.bus.sender import LARGEST
from core.realtime.protocol import PRESENCE_SECONDS
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.testing.servers import wait_for
from gateway import presence
from gateway.delivery import Delivery
from gateway.gateway import Gateway
from gateway.presence import REFRESH, Announced, Entry, Presences
from gateway.sessions import Place
from tests.gateway.talk import Inside

Connect = Callable[..., Inside]
LEADS = "/leads"


class Told:
    """Presences of one process, whose room hears everything."""

    def __init__(self) -> None:
        self.rooms: list[Any] = []
        self.announced: list[tuple[list[Entry], bool]] = []
        self.here = Presences(self, lambda entries, asks: self.announced.append((entries, asks)), lambda: None)  # type: ignore[arg-type]  # stands for the sockets

    def emit(self, _namespace: str, _event: str, data: Any, *, to: str) -> None:
        """Instead of the sockets'."""
        self.rooms.append(data)

    def settle(self) -> None:
        """What has changed is told, and counts no more."""
        self.here.flush()
        self.rooms.clear()
        self.announced.clear()


def a_place() -> Place:
    return Place(LEADS, ids.new(), "lead", ids.new())


def elsewhere(place: Place, *users: UUID, origin: str = "another") -> Announced:
    return Announced(origin, [Entry(*place, users=list(users))])


def later(seconds: float) -> AbstractContextManager[object]:
    """So many seconds later, for presences alone."""
    now = time.monotonic()
    return patch.object(presence, "time", SimpleNamespace(monotonic=lambda: now + seconds))


class TestHere:
    def test_a_person_with_several_tabs_is_there_once(self) -> None:
        told, place, user = Told(), a_place(), ids.new()
        told.here.enter(place, user)
        told.settle()
        told.here.enter(place, user)
        told.here.flush()
        assert told.rooms == []
        assert told.here.of(place).members == [user]
        told.here.leave(place, user)
        assert told.here.of(place).count == 1
        told.here.leave(place, user)
        assert told.here.of(place).count == 0

    def test_the_room_is_told_of_each_change_and_of_nothing_else(self) -> None:
        told, place = Told(), a_place()
        first, second = sorted((ids.new(), ids.new()))
        told.here.enter(place, first)
        told.here.enter(place, second)
        told.here.flush()
        assert [presence.members for presence in told.rooms] == [[first, second]]
        told.here.flush()
        assert len(told.rooms) == 1
        told.here.leave(place, first)
        told.here.flush()
        assert told.rooms[-1].members == [second]

    def test_of_a_crowd_a_hundred_are_listed_and_all_are_counted(self) -> None:
        told, place = Told(), a_place()
        for _ in range(130):
            told.here.enter(place, ids.new())
        shown = told.here.of(place)
        assert (len(shown.members), shown.count) == (100, 130)


class TestElsewhere:
    def test_who_is_in_another_process_is_shown_here(self) -> None:
        told, place, mine, theirs = Told(), a_place(), ids.new(), ids.new()
        told.here.enter(place, mine)
        told.settle()
        told.here.take(elsewhere(place, theirs))
        told.here.flush()
        assert set(told.rooms[-1].members) == {mine, theirs}
        told.here.take(elsewhere(place))
        told.here.flush()
        assert told.rooms[-1].members == [mine]

    def test_a_person_in_both_is_there_until_they_have_left_both(self) -> None:
        told, place, user = Told(), a_place(), ids.new()
        told.here.enter(place, user)
        told.here.take(elsewhere(place, user))
        told.here.leave(place, user)
        assert told.here.of(place).members == [user]

    def test_a_process_that_falls_silent_is_forgotten(self) -> None:
        told, place, mine, theirs = Told(), a_place(), ids.new(), ids.new()
        told.here.enter(place, mine)
        told.here.take(elsewhere(place, theirs))
        told.settle()
        with later(PRESENCE_SECONDS - 1):
            told.here.tick()
        assert told.here.of(place).count == 2
        with later(PRESENCE_SECONDS + 1):
            told.here.tick()
        told.here.flush()
        assert told.rooms[-1].members == [mine]

    def test_what_is_here_is_repeated_before_others_forget_it(self) -> None:
        told, place, user = Told(), a_place(), ids.new()
        told.here.enter(place, user)
        told.settle()
        told.here.tick()
        told.here.flush()
        assert told.announced == []
        with later(REFRESH):
            told.here.tick()
        told.here.flush()
        assert told.announced == [([Entry(*place, users=[user])], False)]
        assert REFRESH * 2 < PRESENCE_SECONDS

    def test_a_change_is_announced_and_the_last_to_leave_as_well(self) -> None:
        told, place, user = Told(), a_place(), ids.new()
        told.here.enter(place, user)
        told.here.flush()
        told.here.leave(place, user)
        told.here.flush()
        assert [[entry.users for entry in entries] for entries, _ in told.announced] == [[[user]], [[]]]

    def test_a_new_process_asks_and_is_answered(self) -> None:
        told, place, user = Told(), a_place(), ids.new()
        told.here.enter(place, user)
        told.settle()
        told.here.take(Announced("new", [], True))
        told.here.flush()
        assert told.announced == [([Entry(*place, users=[user])], False)]
        told.settle()
        told.here.ask()
        told.here.flush()
        assert told.announced == [([Entry(*place, users=[user])], True)]

    def test_a_process_without_rooms_asks_too(self) -> None:
        told = Told()
        told.here.ask()
        told.here.flush()
        assert told.announced == [([], True)]

    def test_many_rooms_are_announced_in_parts(self) -> None:
        told = Told()
        for _ in range(250):
            told.here.enter(a_place(), ids.new())
        told.here.flush()
        assert [len(entries) for entries, _ in told.announced] == [100, 100, 50]

    def test_full_rooms_are_announced_in_parts_that_the_bus_takes(self) -> None:
        told = Told()
        for place in (a_place(), a_place(), a_place()):
            for _ in range(4_000):
                told.here.enter(place, ids.new())
        told.here.flush()
        assert [len(entries) for entries, _ in told.announced] == [2, 1]
        assert max(len(msgspec.json.encode(entries)) for entries, _ in told.announced) < LARGEST


class TestCrowds:
    def test_are_told_of_each_other_together(self) -> None:
        told, place = Told(), a_place()
        delivery = Delivery(told, told.here, ())  # type: ignore[arg-type]  # stands for the sockets
        started = time.monotonic()
        delivery.start()
        try:
            for _ in range(300):
                told.here.enter(place, ids.new())
                delivery.wake()
                time.sleep(0.001)
            wait_for(lambda: told.rooms and told.rooms[-1].count == 300)
        finally:
            delivery.close()
        assert len(told.rooms) <= (time.monotonic() - started) * 10 + 2


class TestOverSockets:
    @pytest.fixture
    def room(self, agency: AgencyUnderTest) -> dict[str, str]:
        """The room of a lead everybody in the agency may see."""
        return {"kind": "lead", "id": ok(agency.member("agent").post("/leads", {"contact": {"name": "Ana"}}))["id"]}

    @pytest.fixture
    def dial(self, inside: Connect) -> Connect:
        """Connects somebody to the namespace of leads."""

        def make(person: ApiClient) -> Inside:
            client = inside()
            client.connect(LEADS, token=person.token)
            return client

        return make

    def test_joining_leaving_and_hanging_up_are_seen(
        self, dial: Connect, agency: AgencyUnderTest, room: dict[str, str]
    ) -> None:
        owner, manager = agency.member("owner"), agency.member("manager")
        watching, other = dial(owner), dial(manager)
        watching.ok("room.join", room, namespace=LEADS)
        assert watching.expect("presence", namespace=LEADS)["count"] == 1
        assert other.ok("room.join", room, namespace=LEADS)["count"] == 2
        both = sorted([str(owner.user_id), str(manager.user_id)])
        assert watching.expect("presence", namespace=LEADS) == {**room, "members": both, "count": 2}
        other.ok("room.leave", room, namespace=LEADS)
        assert watching.expect("presence", namespace=LEADS)["count"] == 1
        other.ok("room.join", room, namespace=LEADS)
        watching.expect("presence", namespace=LEADS)
        other.hang_up()
        assert watching.expect("presence", namespace=LEADS)["members"] == [str(owner.user_id)]

    def test_is_asked_for_in_rooms_one_is_in_alone(
        self, dial: Connect, agency: AgencyUnderTest, room: dict[str, str]
    ) -> None:
        client = dial(agency.member("owner"))
        assert client.refused("room.members", room, namespace=LEADS) == "room_refused"
        joined = client.ok("room.join", room, namespace=LEADS)
        assert client.ok("room.members", room, namespace=LEADS) == joined

    def test_of_other_processes_comes_over_the_bus_and_the_own_echo_does_not_count(
        self, dial: Connect, agency: AgencyUnderTest, room: dict[str, str], gateway: Gateway
    ) -> None:
        owner = agency.member("owner")
        client = dial(owner)
        client.ok("room.join", room, namespace=LEADS)
        client.expect("presence", namespace=LEADS)
        place = Place(LEADS, agency.id, "lead", UUID(room["id"]))
        stranger = ids.new()
        own = elsewhere(place, stranger, origin=gateway._origin)
        gateway._hear(presence.CHANNEL, msgspec.json.encode(own))
        client.quiet("presence", namespace=LEADS, seconds=0.2)
        gateway._hear(presence.CHANNEL, msgspec.json.encode(elsewhere(place, stranger)))
        assert str(stranger) in client.expect("presence", namespace=LEADS)["members"]
