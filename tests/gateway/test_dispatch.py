"""Events of clients: checked, handled as the person in a unit of work, answered in one form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch
from uuid import UUID

import msgspec
import psycopg
import pytest

from core import ids
from core.actor import current_actor, current_permission, system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.errors import Conflict, Fault, Invalid
from core.http import gates
from core.http.application import Application
from core.http.structs import Draft, View
from core.plugins import agencies
from core.realtime import rooms
from core.realtime.emit import Undeclared, emit
from core.realtime.spec import Handler, handler
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.testing.servers import wait_for
from plugins.leads import permissions
from plugins.leads.repository import leads
from plugins.leads.schemas import Typing
from tests.gateway.talk import Inside

Connect = Callable[..., Inside]
Called = list[Any]


class Asked(Draft):
    """What the probe takes."""

    lead_id: UUID | None = None
    name: str = "x"
    number: int = 0


class Told(View):
    """What the probe answers."""

    text: str


class NoMore(Conflict):
    code = "no_more"
    title = "No more of this"


@pytest.fixture
def probe(app: Application) -> Iterator[Callable[..., None]]:
    """Gives the leads plugin one more event, `probe`, which does what the test says."""
    plugins = app.extensions["tripfile.plugins"]

    def install(function: Callable[[Asked], Any], **options: Any) -> None:
        made = handler(**{"permission": permissions.WRITE, "accepts": Asked, "answers": Told, **options})(function)
        leads_plugin = plugins.plugins["leads"]
        changed = replace(leads_plugin, sockets={**leads_plugin.sockets, "probe": made})
        app.extensions["tripfile.plugins"] = replace(plugins, plugins={**plugins.plugins, "leads": changed})

    yield install
    app.extensions["tripfile.plugins"] = plugins


@pytest.fixture
def client(inside: Connect, agency: AgencyUnderTest) -> Inside:
    """An agent in the namespace of leads."""
    client = inside()
    client.connect("/leads", token=agency.member("agent").token)
    return client


class TestAnswers:
    def test_what_the_handler_returns_is_data(self, probe: Callable[..., None], client: Inside) -> None:
        probe(lambda sent: Told(sent.name))
        assert client.call("probe", {"name": "Ana"}, namespace="/leads") == {"ok": True, "data": {"text": "Ana"}}

    def test_without_an_argument_the_defaults_count(self, probe: Callable[..., None], client: Inside) -> None:
        probe(lambda sent: Told(sent.name))
        assert client.ok("probe", namespace="/leads") == {"text": "x"}

    def test_an_event_nobody_takes_is_told(self, client: Inside) -> None:
        answer = client.call("nonsense", {}, namespace="/leads")
        assert answer == {"ok": False, "code": "unknown_event", "message": "There is no such event", "errors": []}

    def test_events_of_one_namespace_are_unknown_in_others(self, inside: Connect, api: ApiClient) -> None:
        client = inside()
        client.connect(token=api.token)
        client.connect("/leads", token=api.token)
        assert client.refused("typing", {"lead_id": str(ids.new())}) == "unknown_event"
        assert client.refused("room.join", {"kind": "lead", "id": str(ids.new())}) == "unknown_event"
        assert client.refused("stream.pull", {"topic": "notifications"}, namespace="/leads") == "unknown_event"

    def test_every_fault_of_the_input_is_told_at_its_place(self, probe: Callable[..., None], client: Inside) -> None:
        probe(lambda sent: Told(sent.name))
        answer = client.call("probe", {"name": 5, "number": "x", "more": 1}, namespace="/leads")
        assert answer["code"] == "invalid"
        assert {(fault["pointer"], fault["code"]) for fault in answer["errors"]} == {
            ("/name", "type"), ("/number", "type"), ("/more", "unknown_field"),
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("sent", "code"),
        [
            (({}, {}), "length"),
            ((None,), "type"),
            (([],), "type"),
            (("text",), "type"),
            (({"number": 2**70},), "number_out_of_range"),
            (({"name": "a\x00"},), "unsafe_text"),
        ],
    )
    def test_what_is_no_object_of_plain_values_is_refused(
        self, probe: Callable[..., None], client: Inside, sent: tuple[Any, ...], code: str
    ) -> None:
        probe(lambda sent: Told(sent.name))
        answer = client.call("probe", *sent, namespace="/leads")
        assert [fault["code"] for fault in answer["errors"]] == [code]

    def test_a_problem_is_told_as_the_api_tells_it(self, probe: Callable[..., None], client: Inside) -> None:
        def refuse(sent: Asked) -> None:
            raise Invalid("So not", errors=[Fault("/name", "taken", "It is taken")])

        probe(refuse)
        assert client.call("probe", namespace="/leads") == {
            "ok": False,
            "code": "invalid",
            "message": "So not",
            "errors": [{"pointer": "/name", "code": "taken", "message": "It is taken"}],
        }

    def test_an_error_nobody_expected_tells_nothing_and_the_connection_lives(
        self, probe: Callable[..., None], client: Inside
    ) -> None:
        def fail(sent: Asked) -> None:
            raise ZeroDivisionError("secret")

        probe(fail)
        answer = client.call("probe", namespace="/leads")
        assert answer["code"] == "internal_error"
        assert "secret" not in answer["message"]
        assert client.farewell is None
        probe(lambda sent: Told("still here"))
        assert client.ok("probe", namespace="/leads") == {"text": "still here"}

    def test_an_answer_that_is_not_declared_is_a_defect(self, probe: Callable[..., None], client: Inside) -> None:
        probe(lambda sent: {"text": "x"})
        assert client.refused("probe", namespace="/leads") == "internal_error"


class TestWork:
    def test_is_done_as_the_person_by_the_permission_of_the_event(
        self, probe: Callable[..., None], client: Inside, agency: AgencyUnderTest
    ) -> None:
        def who(sent: Asked) -> Told:
            return Told(f"{current_actor().user_id} {current_permission()}")

        probe(who)
        assert client.ok("probe", namespace="/leads")["text"] == f"{agency.member('agent').user_id} leads.write"

    def test_is_committed_with_the_answer_and_undone_with_a_problem(
        self, app: Application, probe: Callable[..., None], client: Inside, agency: AgencyUnderTest
    ) -> None:
        lead_id = UUID(ok(agency.member("agent").post("/leads", {"contact": {"name": "Ana"}}))["id"])

        def rename(sent: Asked) -> Told:
            leads.get(lead_id).occasion = sent.name
            leads.save()
            if sent.number:
                raise NoMore
            return Told(sent.name)

        probe(rename)
        assert client.refused("probe", {"name": "undone", "number": 1}, namespace="/leads") == "no_more"
        assert _occasion(app, agency, lead_id) is None
        client.ok("probe", {"name": "done"}, namespace="/leads")
        assert _occasion(app, agency, lead_id) == "done"

    def test_is_done_again_where_the_database_lost_a_race(self, probe: Callable[..., None], client: Inside) -> None:
        tried: Called = []

        def lose(sent: Asked) -> Told:
            tried.append(sent)
            if len(tried) <= sent.number:
                raise psycopg.errors.DeadlockDetected
            return Told("won")

        probe(lose)
        assert client.ok("probe", {"number": 2}, namespace="/leads") == {"text": "won"}
        assert len(tried) == 3
        tried.clear()
        assert client.refused("probe", {"number": 3}, namespace="/leads") == "unavailable"


class TestGuards:
    def test_without_the_permission_nothing_is_done(
        self, probe: Callable[..., None], inside: Connect, agency: AgencyUnderTest
    ) -> None:
        called: Called = []
        probe(called.append)
        client = inside()
        client.connect("/leads", token=agency.member("read_only").token)
        assert client.refused("probe", namespace="/leads") == "forbidden"
        assert not called

    def test_a_rule_of_access_that_says_no_wins(self, probe: Callable[..., None], client: Inside) -> None:
        asked: Called = []

        def denial(_app: object, _actor: object, permission: str, entrance: str) -> str:
            asked.append((permission, entrance))
            return "Not at night"

        probe(lambda sent: Told("x"))
        with patch.object(gates, "denial", denial):
            answer = client.call("probe", namespace="/leads")
        assert (answer["code"], answer["message"]) == ("forbidden", "Not at night")
        assert asked == [("leads.write", "socket:leads.probe")]

    def test_a_plugin_that_is_switched_off_takes_nothing(self, probe: Callable[..., None], client: Inside) -> None:
        probe(lambda sent: Told("x"))
        with patch.object(agencies, "switched_off", return_value=frozenset({"leads"})):
            assert client.refused("probe", namespace="/leads") == "plugin_off"

    def test_more_often_than_its_rate_it_is_refused_for_a_while(
        self, probe: Callable[..., None], client: Inside
    ) -> None:
        probe(lambda sent: Told("x"), rate="3/second")
        answers = [client.call("probe", namespace="/leads")["ok"] for _ in range(5)]
        assert answers[:3] == [True] * 3
        assert not all(answers)
        assert client.call("nonsense", namespace="/leads")["code"] == "unknown_event"
        wait_for(lambda: client.call("probe", namespace="/leads")["ok"], 2, what="The next turn")

    def test_the_rate_counts_each_connection_alone(
        self, probe: Callable[..., None], client: Inside, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        probe(lambda sent: Told("x"), rate="1/hour")
        client.ok("probe", namespace="/leads")
        other = inside()
        other.connect("/leads", token=agency.member("agent").token)
        other.ok("probe", namespace="/leads")
        assert client.refused("probe", namespace="/leads") == "quota_exceeded"

    def test_a_rate_that_cannot_be_counted_is_refused_where_it_is_written(self) -> None:
        with pytest.raises(ValueError, match="rate"):
            Handler(print, "leads.write", Asked, None, "often")


class TestEmits:
    def test_reach_the_room_once_the_work_is_committed(
        self, app: Application, client: Inside, agency: AgencyUnderTest, other_agency: AgencyUnderTest, inside: Connect
    ) -> None:
        stranger = inside()
        stranger.connect("/leads", token=other_agency.member("owner").token)
        told = Typing(ids.new(), ids.new())
        with app.app_context(), unit_of_work() as work, acting_as(system(agency.id)):
            emit("leads.typing", Typing(ids.new(), ids.new()), room=rooms.agency(agency.id))
            work.discard()
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            emit("leads.typing", told, room=rooms.agency(agency.id))
            client.quiet("typing", namespace="/leads", seconds=0.2)
        assert client.expect("typing", namespace="/leads") == msgspec.to_builtins(told)
        client.quiet("typing", namespace="/leads", seconds=0.1)
        stranger.quiet("typing", namespace="/leads", seconds=0.1)

    @pytest.mark.parametrize("event", ["leads.shouting", "nobody.typing", "typing"])
    def test_that_no_plugin_declares_fail(self, app: Application, agency: AgencyUnderTest, event: str) -> None:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)), pytest.raises(Undeclared):
            emit(event, Typing(ids.new(), ids.new()), room=rooms.agency(agency.id))

    def test_with_another_struct_than_declared_fail(self, app: Application, agency: AgencyUnderTest) -> None:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)), pytest.raises(Undeclared):
            emit("leads.typing", Told("x"), room=rooms.agency(agency.id))


def _occasion(app: Application, agency: AgencyUnderTest, lead_id: UUID) -> str | None:
    found: str | None = ok(agency.member("agent").get(f"/leads/{lead_id}"))["occasion"]
    return found
