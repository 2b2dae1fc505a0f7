"""Fields that only some may see or set: absent everywhere for all others, never null, and no way round."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from core import disclosure
from core.actor import Actor, Scope, system
from core.config import Settings
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.http.contract import contract_of
from core.http.structs import View, encode
from core.plugins.manager import Plugins
from core.plugins.mount import _unknown_guards
from core.plugins.spec import Permission
from core.realtime import rooms
from core.realtime.emit import emit
from core.testing import databases
from core.testing.clients import ApiClient, ok, problem
from core.testing.databases import Server
from core.testing.factories import AgencyUnderTest
from gateway import server
from tests.gateway.talk import Inside

PACKAGES = Path(__file__).parents[1] / "fares/packages"
FARE = "/fares/0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90"
EUR = {"amount": "77.77", "currency": "EUR"}
PRICE = {"price": {"amount": "120.00", "currency": "EUR"}}


@pytest.fixture(scope="module")
def settings(database_server: Server) -> Iterator[Settings]:
    """With a plugin some of whose fields only some may see: an agent neither sees nor sets what a fare costs."""
    sys.path.insert(0, str(PACKAGES))
    try:
        with database_server.clone() as urls:
            yield databases.settings_for(urls, plugins="built-in,fares")
    finally:
        sys.path.remove(str(PACKAGES))


@pytest.fixture
def agent(agency: AgencyUnderTest) -> ApiClient:
    return agency.member("agent")


@pytest.fixture
def manager(agency: AgencyUnderTest) -> ApiClient:
    """Sees what fares cost, and does not set it."""
    return agency.member("manager")


def costs(answer: Any) -> int:
    """How often an answer tells a cost; even a null would tell that there is one."""
    return json.dumps(answer).count('"cost"')


class TestReading:
    @pytest.mark.parametrize(("path", "number"), [("/fares", 3), (FARE, 4)])
    def test_is_complete_for_who_may(self, manager: ApiClient, agent: ApiClient, path: str, number: int) -> None:
        assert costs(ok(manager.get(path))) == number
        assert costs(ok(agent.get(path))) == 0

    def test_leaves_everything_else_as_it_is(self, manager: ApiClient, agent: ApiClient) -> None:
        whole, part = ok(manager.get(FARE)), ok(agent.get(FARE))
        del whole["cost"]
        for each in (*whole["supplements"], whole["cheapest"], *whole["by_season"].values()):
            each.pop("cost", None)
        assert whole == part

    def test_holds_for_the_answers_of_changes(self, manager: ApiClient, agent: ApiClient) -> None:
        for api, number in ((manager, 4), (agent, 0)):
            assert costs(ok(api.patch(FARE, PRICE, version="*"))) == number
            assert costs(ok(api.post("/fares", PRICE), 201)) == number

    def test_holds_for_the_feed_and_the_topic_of_events(self, app: Application, agency: AgencyUnderTest) -> None:
        ok(agency.member("agent").post("/fares", PRICE), 201)
        for role, number in (("agent", 0), ("manager", 1), ("owner", 1)):
            reader = agency.member(role)
            items = [each for each in ok(reader.get("/events"))["items"] if each["name"] == "fares.fare_changed"]
            assert (len(items), costs(items)) == (1, number), role

    def test_is_another_version_for_another_reader(self, manager: ApiClient, agent: ApiClient) -> None:
        """A cache must not hand one's answer to the other."""
        assert manager.get(FARE).headers["ETag"] != agent.get(FARE).headers["ETag"]
        tag = manager.get(FARE).headers["ETag"]
        assert agent.get(FARE, headers={"If-None-Match": tag}).status_code == 200

    def test_is_never_of_ready_bytes(self, agent: ApiClient) -> None:
        assert agent.get("/fares/raw").status_code == 500


class TestAsking:
    @pytest.mark.parametrize(
        "question",
        ["cost=5", "cost.gte=5", "cost_minor.lt=5", "margin=5", "sort=cost", "sort=-cost", "sort=margin"],
    )
    def test_finds_and_sorts_nothing_by_what_is_hidden(
        self, manager: ApiClient, agent: ApiClient, question: str
    ) -> None:
        ok(manager.get(f"/fares?{question}"))
        answer = agent.get(f"/fares?{question}")
        assert problem(answer) == (403, "hidden_field")
        (fault,) = answer.json["errors"]  # type: ignore[index]
        assert fault["pointer"] == ("?sort" if question.startswith("sort") else f"?{question[:-2].partition('.')[0]}")

    def test_finds_and_sorts_by_the_rest(self, agent: ApiClient) -> None:
        ok(agent.get("/fares?price.gte=5&sort=-price"))


class TestWriting:
    @pytest.mark.parametrize("cost", [EUR, None])
    def test_takes_a_permission_of_its_own(self, api: ApiClient, manager: ApiClient, cost: Any) -> None:
        for method, path, body in (("POST", "/fares", {**PRICE, "cost": cost}), ("PATCH", FARE, {"cost": cost})):
            refused = manager.call(method, path, json=body, version="*")
            assert problem(refused) == (403, "hidden_field")
            (fault,) = refused.json["errors"]  # type: ignore[index] # a problem has a body
            assert (fault["pointer"], fault["code"]) == ("/cost", "hidden_field")
            ok(api.call(method, path, json=body, version="*"))

    def test_names_every_place(self, manager: ApiClient) -> None:
        body = {"cost": EUR, "supplements": [{"name": "Window"}, {"name": "Aisle", "cost": EUR}]}
        refused = manager.patch(FARE, body, version="*")
        assert [each["pointer"] for each in refused.json["errors"]] == ["/cost", "/supplements/1/cost"]  # type: ignore[index]

    def test_of_the_rest_takes_none(self, agent: ApiClient) -> None:
        ok(agent.patch(FARE, {"supplements": [{"name": "Window"}]}, version="*"))


class TestLive:
    @pytest.fixture
    def connect(self, app: Application) -> Iterator[Callable[[ApiClient], Inside]]:
        if "tripfile.gateway" not in app.extensions:
            server.mount(app)
        made: list[Inside] = []

        def make(person: ApiClient) -> Inside:
            made.append(Inside(app.extensions["socketio"].server))
            made[-1].connect("/fares", token=person.token)
            return made[-1]

        yield make
        for each in made:
            each.hang_up()

    def test_answers_are_for_who_asks(
        self, connect: Callable[[ApiClient], Inside], manager: ApiClient, agent: ApiClient
    ) -> None:
        assert costs(connect(manager).ok("quote", {}, namespace="/fares")) == 4
        client = connect(agent)
        assert costs(client.ok("quote", {}, namespace="/fares")) == 0
        assert client.refused("quote", {"cost": EUR}, namespace="/fares") == "hidden_field"

    def test_what_a_room_hears_is_for_everybody_in_it(
        self, app: Application, agency: AgencyUnderTest, connect: Callable[[ApiClient], Inside], manager: ApiClient
    ) -> None:
        schemas, endpoints = sys.modules["fares.schemas"], sys.modules["fares.endpoints"]
        client = connect(manager)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            change = schemas.FareChange(endpoints.FARE_ID, endpoints.COST)
            emit("fares.changed", change, room=rooms.user(agency.id, manager.user_id))  # type: ignore[arg-type]
        assert client.expect("changed", namespace="/fares") == {"id": str(endpoints.FARE_ID)}

    def test_a_topic_is_for_who_pulls(
        self, app: Application, agency: AgencyUnderTest, connect: Callable[[ApiClient], Inside]
    ) -> None:
        ok(agency.member("agent").post("/fares", PRICE), 201)
        for role, number in (("agent", 0), ("manager", 1)):
            client = connect(agency.member(role))
            client.connect("/", token=agency.member(role).token)
            page = client.ok("stream.pull", {"topic": "events", "after": 0, "limit": 100})
            assert costs(page) == number


class TestTheDocument:
    def test_says_what_a_field_takes_and_does_not_promise_it(self, app: Application) -> None:
        schema = app.api.document()["components"]["schemas"]
        row, draft = schema["FaresFareRow"], schema["FaresFareDraft"]
        assert row["properties"]["cost"]["x-permission"] == "fares.see_cost"
        assert draft["properties"]["cost"]["x-write-permission"] == "fares.set_cost"
        assert row["required"] == ["id", "price"]


class TestExports:
    def test_leave_out_what_their_reader_may_not_see(self, app: Application, agency: AgencyUnderTest) -> None:
        fare = sys.modules["fares.endpoints"].fare
        actor = Actor(kind="user", agency_id=agency.id, grants={"fares.read": Scope.ALL})
        with app.app_context(), unit_of_work():
            with acting_as(actor):
                assert costs(msgspec.to_builtins(disclosure.disclosed(fare()))) == 0
            with acting_as(system(agency.id)):
                assert costs(msgspec.to_builtins(disclosure.disclosed(fare()))) == 4


class Tree(View):
    """A type that holds itself."""

    secret: Annotated[int | UnsetType, disclosure.visible_to("x.see")] = UNSET
    branches: list[Tree] = []


class Plain(View):
    """A type that hides nothing."""

    names: list[str]


class TestDisclosure:
    def test_reaches_any_depth(self, app: Application) -> None:
        tree = Tree(1, [Tree(2, [Tree(3)])])
        with app.app_context():
            assert encode(disclosure.disclosed(tree)) == b'{"branches":[{"branches":[{"branches":[]}]}]}'
        assert disclosure.concealed(tree).branches[0].secret is UNSET

    def test_gives_back_what_hides_nothing(self, app: Application) -> None:
        rows = [Plain(["a"])]
        with app.app_context():
            assert disclosure.disclosed(rows, list[Plain]) is rows

    def test_wants_fields_that_can_be_left_out(self) -> None:
        class Wrong(View):
            secret: Annotated[int, disclosure.visible_to("x.see")]

        with pytest.raises(disclosure.Unguardable, match=r"Wrong\.secret .*UnsetType = UNSET"):
            disclosure.permissions_in(Wrong)


class TestLoading:
    @pytest.mark.parametrize(
        ("permissions", "sentence"),
        [
            ((), "'fares.see_cost', which no plugin declares"),
            ((Permission("fares.see_cost", "See."),), "'fares.see_cost', which has scopes"),
        ],
    )
    def test_refuses_a_permission_nobody_declares_or_that_depends_on_the_row(
        self, app: Application, permissions: tuple[Permission, ...], sentence: str
    ) -> None:
        view = app.view_functions["fares.show"]
        plugins: Plugins = app.extensions["tripfile.plugins"]
        fewer = replace(plugins, permissions={each.name: each for each in permissions})
        found = list(_unknown_guards(plugins.plugins["fares"], "fares.show", contract_of(view), fewer))
        assert len(found) == 1
        assert sentence in found[0]
