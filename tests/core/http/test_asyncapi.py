"""The AsyncAPI document and the page about events: complete, valid, and readable offline."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # ships no types
from msgspec import Meta
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from core.events import event
from core.events.event import Event
from core.http import schemas
from core.http.application import Application
from core.http.asyncapi import Asyncapi
from core.http.structs import Draft, View
from core.plugins.spec import Permission, Plugin
from core.realtime import protocol
from core.realtime.spec import Room, Topic, TopicPage, handler
from tests.node import stock

BASE = "urn:document"
Document = dict[str, Any]


class Typing(Draft):
    """Somebody is typing."""

    cruise_id: UUID
    """Where."""
    words: Annotated[int, Meta(ge=0)] = 0


class Crew(View):
    """Who is aboard."""

    names: list[str]


class Sailing(View):
    """A ship has left."""

    seq: int
    ship: str
    crew: list[Crew]


class LoggedEvent(View):
    """An event as the feed shows it."""

    seq: int
    name: str
    schema_version: int
    payload: dict[str, Any]


@handler(permission="river_cruises.read", accepts=Typing, answers=Crew, rate="5/second")
def typing(sent: Typing) -> Crew:
    """Tell the others that I am typing."""
    return Crew(["Ana"])


def topic(name: str, item: type[msgspec.Struct]) -> Topic:
    return Topic(
        name=name,
        summary="What sails.",
        item=item,
        scope=lambda actor: name,
        pull=lambda after, limit: TopicPage([], after, more=False),
        permission="river_cruises.read",
    )


class CruiseBooked(Event):
    """Somebody booked a cruise.

    More that machines alone read.
    """

    subject: ClassVar[str] = "cruise_id"
    schema_version: ClassVar[int] = 2
    cruise_id: UUID
    cabins: Annotated[int, Meta(ge=1)]
    """How many <cabins>."""


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event as the plugin's: its module is this one."""
    monkeypatch.setattr(CruiseBooked, "name", "river_cruises.cruise_booked")
    monkeypatch.setattr(event, "_registry", event._registry | {CruiseBooked.name: CruiseBooked})


@pytest.fixture
def live(small: Application, declared: None) -> Application:
    """The small application with one plugin that has everything live, and the feed."""
    cruises = Plugin(
        name="river_cruises",
        version="1.0.0",
        core=">=1.0,<2",
        summary="Cruises on rivers.",
        permissions=(Permission("river_cruises.read", "See cruises"),),
        sockets={"typing": typing},
        emits={"typing": Typing},
        topics=(topic("river_cruises", Sailing),),
        rooms=(Room(kind="cruise", summary="Who looks at a cruise.", permission="river_cruises.read", may_join=bool),),
    )
    feed = Plugin(
        name="events", version="1.0.0", core=">=1.0,<2", summary="Feed.", topics=(topic("events", LoggedEvent),)
    )
    small.extensions["tripfile.plugins"].plugins = {"river_cruises": cruises, "events": feed}
    small.extensions["tripfile.plugins"].permissions = {each.name: each for each in cruises.permissions}
    return small


@pytest.fixture
def document(live: Application) -> Document:
    served = live.test_client().get("/asyncapi.json")
    assert (served.status_code, served.content_type) == (200, "application/json")
    found: Document = served.get_json()
    return found


def valid(document: Document) -> list[str]:
    """What the stock parser has to say, other than that it was read and that a newer version exists."""
    told = stock.run("tests/node", "validate.mjs", text=msgspec.json.encode(document).decode()).splitlines()
    assert told[-1].startswith("read "), told
    return [line for line in told[:-1] if not line.startswith("information asyncapi: The latest version")]


def message(document: Document, channel: str, key: str) -> Document:
    found: Document = document["channels"][channel]["messages"][key]
    return found


class TestTheDocument:
    def test_is_valid_to_the_stock_parser(self, document: Document) -> None:
        assert valid(document) == []

    def test_of_the_installation_is_valid_and_says_everything_that_is_declared(self, app: Application) -> None:
        document = Asyncapi(app).document()
        assert valid(document) == []
        plugins = app.extensions["tripfile.plugins"].plugins
        for plugin in plugins.values():
            wanted = [f"{plugin.name}.receive.{name}" for name in plugin.sockets]
            wanted += [f"{plugin.name}.send.{name}" for name in plugin.emits]
            wanted += [f"topic.{each.name}.send.items" for each in plugin.topics]
            assert set(wanted) <= document["operations"].keys()
        declared = {name for name in event.declared() if name.split(".")[0] in plugins}
        assert declared <= document["components"]["schemas"].keys()
        assert "leads.lead_created" in declared

    def test_is_the_same_every_time(self, live: Application) -> None:
        assert Asyncapi(live).bytes() == Asyncapi(live).bytes()

    def test_has_the_gateways_own_events_where_they_belong(self, document: Document) -> None:
        for name, request in protocol.REQUESTS.items():
            assert (f"default.receive.{name}" in document["operations"]) == (request.namespace != "plugin")
            assert (f"river_cruises.receive.{name}" in document["operations"]) == (request.namespace != "default")
        assert document["channels"]["default"]["address"] == "/"
        assert document["channels"]["river_cruises"]["address"] == "/river-cruises"
        assert document["channels"]["river_cruises"]["x-rooms"] == {"cruise": "Who looks at a cruise."}

    def test_says_what_a_handler_takes_answers_and_asks_for(self, document: Document) -> None:
        operation = document["operations"]["river_cruises.receive.typing"]
        assert operation["action"] == "receive"
        assert operation["summary"] == "Tell the others that I am typing."
        assert (operation["x-permission"], operation["x-rate"]) == ("river_cruises.read", "5/second")
        assert message(document, "river_cruises", "typing.request")["payload"] == {
            "$ref": "#/components/schemas/Typing"
        }
        answer = message(document, "river_cruises", "typing.answer")
        done, failed = answer["payload"]["anyOf"]
        assert done["properties"]["data"] == {"$ref": "#/components/schemas/Crew"}
        assert failed == {"$ref": "#/components/schemas/Failed"}
        assert answer["examples"][0]["payload"] == {"ok": True, "data": {"names": ["text"]}}

    def test_has_what_is_emitted_and_the_items_of_topics(self, document: Document) -> None:
        assert document["operations"]["river_cruises.send.typing"]["action"] == "send"
        assert message(document, "topic.river_cruises", "item")["payload"] == {"$ref": "#/components/schemas/Sailing"}

    def test_has_each_domain_event_as_an_item_of_the_log(self, document: Document) -> None:
        found = message(document, "topic.events", "river_cruises.cruise_booked")
        assert found["summary"] == "Somebody booked a cruise."
        assert (found["x-schema-version"], found["x-permission"]) == (2, "river_cruises.read")
        example = found["examples"][0]["payload"]
        assert example["name"] == "river_cruises.cruise_booked"
        assert example["schema_version"] == 2
        assert example["payload"]["cabins"] == 1

    def test_has_examples_that_fit(self, document: Document) -> None:
        resource: Resource[Any] = Resource.from_contents(document, default_specification=DRAFT202012)
        registry: Registry[Any] = Registry().with_resource(BASE, resource)
        for channel, each in document["channels"].items():
            for key, found in each["messages"].items():
                place = f"{BASE}#/channels/{channel}/messages/{key}/payload"
                for example in found["examples"]:
                    Draft202012Validator({"$ref": place}, registry=registry).validate(example["payload"])

    def test_tells_where_the_gateway_is(self, live: Application) -> None:
        server = Asyncapi(live).document()["servers"]["gateway"]
        assert (server["protocol"], server["pathname"]) == ("ws", "/socket.io/")
        live.settings.base_url = "https://trips.example"
        server = Asyncapi(live).document()["servers"]["gateway"]
        assert (server["protocol"], server["host"]) == ("wss", "trips.example")

    def test_refuses_two_types_of_one_name(self, live: Application) -> None:
        twin = type("Typing", (Draft,), {"__annotations__": {"a": int}, "__module__": "elsewhere"})
        live.extensions["tripfile.plugins"].plugins["events"].emits["typing"] = twin
        with pytest.raises(schemas.NameTaken, match="Typing is a wire type of both"):
            live.api.check_names()


class TestThePage:
    @pytest.fixture
    def html(self, live: Application) -> str:
        return live.test_client().get("/docs/events").get_data(as_text=True)

    def test_shows_everything_a_plugin_has(self, html: str) -> None:
        shown = [
            "The access token is <code>token</code>", "river_cruises.cruise_booked", "v2", "/river-cruises",
            "stream.pull", "Who looks at a cruise.", "5 times a second", "What sails.", "crew[].names", "list of text",
        ]  # fmt: skip
        assert [words for words in shown if words not in html] == []

    def test_shows_text_as_text(self, html: str) -> None:
        assert "How many &lt;cabins&gt;." in html

    def test_comes_from_this_machine_without_scripts_and_styles_of_its_own(self, html: str, live: Application) -> None:
        assert re.findall(r"<script|<style|style=|https?://", html) == []
        client = live.test_client()
        for asset in re.findall(r'<link[^>]* href="([^"]+)"', html):
            assert client.get(asset).status_code == 200, asset
        policy = client.get("/docs/events").headers["Content-Security-Policy"]
        assert "script-src" not in policy
        assert "unsafe-inline" not in policy

    def test_and_the_api_page_lead_to_each_other(self, html: str, live: Application) -> None:
        assert '<a href="/docs">' in html
        assert '<a href="/docs/events">' in live.test_client().get("/docs").get_data(as_text=True)

    def test_has_every_anchor_once(self, html: str) -> None:
        anchors = re.findall(r' id="([^"]+)"', html)
        assert len(anchors) == len(set(anchors))
        assert set(re.findall(r'href="#([^"]+)"', html)) <= set(anchors)

    def test_and_the_document_are_sent_once(self, live: Application) -> None:
        client = live.test_client()
        for address in ("/docs/events", "/asyncapi.json"):
            first = client.get(address)
            assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304

    def test_and_the_document_can_be_switched_off(self, make_app: Any) -> None:
        client: FlaskClient = make_app(docs=False).test_client()
        assert [client.get(address).status_code for address in ("/docs/events", "/asyncapi.json")] == [404, 404]
