"""Durable topics: pulled by number, followed for hints."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch
from uuid import UUID

import msgspec
import pytest

from core import streams
from core.actor import current_user_id, system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.errors import Conflict
from core.events.log import SCOPE, publish
from core.http.application import Application
from core.plugins import agencies
from core.realtime.emit import HEADS, NewHead
from core.realtime.spec import Topic, TopicPage
from core.testing.clients import ApiClient
from core.testing.factories import AgencyUnderTest
from gateway.gateway import Gateway
from plugins.leads import permissions
from plugins.leads.events import LeadDeleted
from tests.gateway.talk import Inside

Connect = Callable[..., Inside]
TOPIC = "leads_log"
real_head = streams.head


class Line(msgspec.Struct):
    """An item."""

    seq: int


class Log:
    """A topic of the leads plugin over a stream of the agency; what is seen of it is every number but the fives."""

    def __init__(self) -> None:
        self.pulled: list[tuple[int, int, UUID]] = []
        self.acknowledged: list[int] = []
        self.topic = Topic(
            name=TOPIC,
            summary="For tests.",
            item=Line,
            scope=lambda _actor: f"{TOPIC}:x",
            pull=self._pull,
            permission=permissions.READ,
            acknowledge=self.acknowledged.append,
        )
        self.head = 0

    def _pull(self, after: int, limit: int) -> TopicPage:
        self.pulled.append((after, limit, current_user_id()))
        found = [number for number in range(after + 1, self.head + 1) if number % 5]
        page = found[:limit]
        more = len(found) > limit
        return TopicPage(items=[Line(number) for number in page], upto=page[-1] if more else self.head, more=more)


@pytest.fixture
def log(app: Application) -> Iterator[Log]:
    """The topic, with the head the test says."""
    made = Log()
    plugins = app.extensions["tripfile.plugins"]
    changed = replace(plugins.plugins["leads"], topics=(made.topic,))
    app.extensions["tripfile.plugins"] = replace(plugins, plugins={**plugins.plugins, "leads": changed})
    with patch.object(streams, "head", lambda scope: made.head if scope == f"{TOPIC}:x" else 0):
        yield made
    app.extensions["tripfile.plugins"] = plugins


@pytest.fixture
def client(inside: Connect, agency: AgencyUnderTest) -> Inside:
    """An agent in the default namespace."""
    client = inside()
    client.connect(token=agency.member("agent").token)
    return client


def grow(gateway: Gateway, agency: AgencyUnderTest, seq: int, *, scope: str = f"{TOPIC}:x") -> None:
    """As if a commit of this process had numbered a row."""
    gateway.delivery.take(NewHead(agency.id, scope, seq, "x"))


class TestPull:
    def test_gives_what_came_after_a_number_and_where_to_go_on(self, client: Inside, log: Log) -> None:
        log.head = 7
        page = client.ok("stream.pull", {"topic": TOPIC, "after": 2, "limit": 2})
        assert page == {"items": [{"seq": 3}, {"seq": 4}], "more": True, "upto": 4, "head": 7}
        page = client.ok("stream.pull", {"topic": TOPIC, "after": 4, "limit": 2})
        assert page == {"items": [{"seq": 6}, {"seq": 7}], "more": False, "upto": 7, "head": 7}

    def test_asks_as_the_person_and_only_where_there_is_something(
        self, client: Inside, log: Log, agency: AgencyUnderTest
    ) -> None:
        log.head = 3
        assert client.ok("stream.pull", {"topic": TOPIC, "after": 3})["items"] == []
        assert log.pulled == []
        client.ok("stream.pull", {"topic": TOPIC})
        assert log.pulled == [(0, 100, agency.member("agent").user_id)]

    def test_leads_a_client_back_that_is_ahead_of_the_stream(self, client: Inside, log: Log) -> None:
        log.head = 3
        page = client.ok("stream.pull", {"topic": TOPIC, "after": 900})
        assert page == {"items": [], "more": False, "upto": 3, "head": 3}

    def test_of_an_unknown_topic_is_refused(self, client: Inside) -> None:
        assert client.refused("stream.pull", {"topic": "nonsense"}) == "unknown_topic"

    @pytest.mark.parametrize("sent", [{"after": -1}, {"limit": 0}, {"limit": 201}, {"after": "1"}, {"after": 2**63}])
    def test_within_its_bounds(self, client: Inside, log: Log, sent: dict[str, Any]) -> None:
        assert client.refused("stream.pull", {"topic": TOPIC, **sent}) == "invalid"

    def test_takes_the_permission_of_the_topic_at_each_time(
        self, inside: Connect, log: Log, agency: AgencyUnderTest
    ) -> None:
        client = inside()
        client.connect(token=agency.newcomer("agent").token)
        client.ok("stream.pull", {"topic": TOPIC})
        object.__setattr__(log.topic, "permission", "leads.nothing")
        assert client.refused("stream.pull", {"topic": TOPIC}) == "forbidden"

    def test_of_a_plugin_that_is_switched_off_is_refused(self, client: Inside, log: Log) -> None:
        with patch.object(agencies, "switched_off", return_value=frozenset({"leads"})):
            assert client.refused("stream.pull", {"topic": TOPIC}) == "plugin_off"

    def test_that_fails_is_an_answer(self, client: Inside, log: Log) -> None:
        log.head = 1
        with patch.object(log, "pulled", None):
            assert client.refused("stream.pull", {"topic": TOPIC}) == "internal_error"
        client.ok("stream.pull", {"topic": TOPIC})


class TestAcknowledge:
    def test_tells_the_topic_that_keeps_marks(self, client: Inside, log: Log) -> None:
        client.ok("stream.ack", {"topic": TOPIC, "upto": 4})
        assert log.acknowledged == [4]

    def test_of_a_topic_that_keeps_none_does_nothing(self, client: Inside, log: Log) -> None:
        object.__setattr__(log.topic, "acknowledge", None)
        client.ok("stream.ack", {"topic": TOPIC, "upto": 4})
        assert log.acknowledged == []

    def test_that_the_topic_refuses_is_refused(self, client: Inside, log: Log) -> None:
        def refuse(_upto: int) -> None:
            raise Conflict

        object.__setattr__(log.topic, "acknowledge", refuse)
        assert client.refused("stream.ack", {"topic": TOPIC, "upto": 4}) == "conflict"


class TestFollow:
    def test_a_pull_follows_and_a_hint_says_how_far_the_stream_is(
        self, client: Inside, log: Log, gateway: Gateway, agency: AgencyUnderTest
    ) -> None:
        client.ok("stream.pull", {"topic": TOPIC})
        grow(gateway, agency, 3)
        assert client.expect("stream.new") == {"topic": TOPIC, "seq": 3}

    def test_follows_without_a_pull_and_says_where_the_stream_is(
        self, client: Inside, log: Log, gateway: Gateway, agency: AgencyUnderTest
    ) -> None:
        log.head = 8
        assert client.ok("stream.follow", {"topic": TOPIC}) == {"topic": TOPIC, "seq": 8}
        grow(gateway, agency, 9)
        assert client.expect("stream.new") == {"topic": TOPIC, "seq": 9}

    def test_ends(self, client: Inside, log: Log, gateway: Gateway, agency: AgencyUnderTest) -> None:
        client.ok("stream.follow", {"topic": TOPIC})
        client.ok("stream.unfollow", {"topic": TOPIC})
        client.ok("stream.unfollow", {"topic": TOPIC})
        assert not gateway.topics.followed()
        grow(gateway, agency, 9)
        client.quiet("stream.new")

    def test_ends_with_the_connection(self, client: Inside, log: Log, gateway: Gateway) -> None:
        client.ok("stream.follow", {"topic": TOPIC})
        assert gateway.topics.followed()
        client.hang_up()
        assert not gateway.topics.followed()

    def test_says_nothing_of_other_agencies_or_to_those_who_do_not_follow(
        self,
        client: Inside,
        log: Log,
        gateway: Gateway,
        inside: Connect,
        agency: AgencyUnderTest,
        other_agency: AgencyUnderTest,
    ) -> None:
        client.ok("stream.follow", {"topic": TOPIC})
        bystander = inside()
        bystander.connect(token=agency.member("agent").token)
        grow(gateway, other_agency, 9)
        client.quiet("stream.new")
        grow(gateway, agency, 9)
        client.expect("stream.new")
        bystander.quiet("stream.new")

    def test_a_thousand_events_are_few_hints_and_the_last_says_all(
        self, client: Inside, log: Log, gateway: Gateway, agency: AgencyUnderTest
    ) -> None:
        client.ok("stream.follow", {"topic": TOPIC})
        started = time.monotonic()
        for number in range(1, 1001):
            grow(gateway, agency, number)
        hints = [client.expect("stream.new")["seq"]]
        while hints[-1] < 1000:
            hints.append(client.expect("stream.new")["seq"])
        # At most one in fifty milliseconds, one more where it began.
        assert len(hints) <= (time.monotonic() - started) / 0.05 + 2
        assert hints == sorted(hints)

    def test_a_scope_that_is_not_the_topics_is_a_defect(self, client: Inside, log: Log) -> None:
        object.__setattr__(log.topic, "scope", lambda _actor: "notifications:x")
        assert client.refused("stream.follow", {"topic": TOPIC}) == "internal_error"


class TestHeads:
    def test_are_what_the_database_says_after_hints_may_have_been_missed(
        self, app: Application, gateway: Gateway, inside: Connect, agency: AgencyUnderTest, log: Log
    ) -> None:
        object.__setattr__(log.topic, "name", SCOPE)
        object.__setattr__(log.topic, "scope", lambda _actor: SCOPE)
        client = inside()
        client.connect(token=agency.member("agent").token)
        client.ok("stream.follow", {"topic": SCOPE})
        client.quiet("stream.head", seconds=0.1)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            publish(LeadDeleted(lead_id=agency.id))
        with app.app_context(), acting_as(system(agency.id)):
            seq = real_head(SCOPE)
        gateway.heads.all()
        assert client.expect("stream.head") == {"topic": SCOPE, "seq": seq}

    def test_come_to_everybody_within_fifteen_seconds_of_ticks(
        self, gateway: Gateway, client: Inside, log: Log
    ) -> None:
        client.ok("stream.follow", {"topic": TOPIC})
        for _ in range(15):
            gateway.heads.tick()
        assert client.expect("stream.head") == {"topic": TOPIC, "seq": 0}


class TestBus:
    def test_what_another_process_says_is_passed_on_and_the_own_echo_is_not(
        self, app: Application, gateway: Gateway, client: Inside, log: Log, agency: AgencyUnderTest
    ) -> None:
        client.ok("stream.follow", {"topic": TOPIC})
        own = msgspec.json.encode(NewHead(agency.id, f"{TOPIC}:x", 5, gateway._origin))
        gateway._hear(HEADS, own)
        client.quiet("stream.new", seconds=0.2)
        gateway._hear(HEADS, msgspec.json.encode(NewHead(agency.id, f"{TOPIC}:x", 6, "another")))
        assert client.expect("stream.new")["seq"] == 6

    def test_what_cannot_be_read_is_passed_over(self, gateway: Gateway, client: Inside) -> None:
        for message in (b"", b"{}", b"[1]", b"\xff"):
            gateway._hear(HEADS, message)
        assert client.farewell is None

    def test_own_sockets_need_no_bus(self, app: Application, client: Inside, log: Log, agency: AgencyUnderTest) -> None:
        class Deaf:
            def publish(self, channel: str, messages: object) -> None: ...

        object.__setattr__(log.topic, "name", SCOPE)
        object.__setattr__(log.topic, "scope", lambda _actor: SCOPE)
        client.ok("stream.follow", {"topic": SCOPE})
        running = app.extensions["tripfile.bus"]
        app.extensions["tripfile.bus"] = Deaf()
        try:
            with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
                publish(LeadDeleted(lead_id=agency.id))
            assert client.expect("stream.new", seconds=2)["topic"] == SCOPE
        finally:
            app.extensions["tripfile.bus"] = running


class TestOwnStreams:
    def test_notifications_are_followed_by_their_person_alone(
        self, gateway: Gateway, inside: Connect, agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        mine, theirs = inside(), inside()
        mine.connect(token=agency.member("agent").token)
        theirs.connect(token=api.token)
        assert mine.ok("stream.pull", {"topic": "notifications"})["items"] == []
        theirs.ok("stream.pull", {"topic": "notifications"})
        grow(gateway, agency, 1, scope=f"notifications:{agency.member('agent').user_id}")
        assert mine.expect("stream.new") == {"topic": "notifications", "seq": 1}
        theirs.quiet("stream.new")
