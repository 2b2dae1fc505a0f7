"""Words about people in events: sealed in the log, read by who may, and gone when the person is erased."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
import pytest

from core import ids
from core.actor import Actor, system
from core.audit import verification
from core.crypto import Unreadable
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events import event as registry
from core.events import fields, following, subscriptions
from core.events.event import Event
from core.events.follower import Follower, Recorded
from core.events.following import follow_once
from core.events.log import Unsealable, publish, publish_apart
from core.http.application import Application
from core.money import Money
from core.plugins import rules
from core.plugins.manager import Plugins
from core.privacy import hooks
from core.privacy.subjects import Subject
from core.sdk import UNSET, Code, Codes, Day, Facts, Scope, UnsetType, sealed_for
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.vault import keys
from core.vault.errors import SubjectErased
from core.vault.keys import Person
from plugins.webhooks.service import messages
from tests.core.events.places import Owner

CONTACT = "contacts.contact"
Words = str | None | UnsetType
SURNAME = sealed_for("contact_id", subject=CONTACT, permission="privacy.manage")


class Renamed(Event):
    """Somebody has another name."""

    schema_version: ClassVar[int] = 2
    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    why: Code
    surname: Annotated[Words, SURNAME] = UNSET

    @classmethod
    def upcast(cls, payload: dict[str, Any], version: int) -> dict[str, Any]:
        """The first version called it `family`."""
        return {**{field: value for field, value in payload.items() if field != "family"}, "surname": payload["family"]}


@pytest.fixture
def ana() -> UUID:
    return ids.new()


@pytest.fixture
def within(app: Application, agency: AgencyUnderTest) -> Callable[[], Any]:
    @contextmanager
    def enter() -> Iterator[None]:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            yield

    return enter


@pytest.fixture
def renamed(within: Callable[[], Any], owner: Owner, ana: UUID) -> UUID:
    """An event with a name in it."""
    with within():
        publish(Renamed(contact_id=ana, why="wedding", surname="Duartesdottir"))
    found: UUID = first(owner, "SELECT id FROM core_event WHERE subject_id = %s", ana)
    return found


@pytest.fixture
def erase(within: Callable[[], Any], app: Application, ana: UUID) -> Callable[[], None]:
    def forget() -> None:
        with within():
            keys.forget(Person(CONTACT, ana))

    return forget


def first(owner: Owner, statement: str, *values: UUID) -> Any:
    row = owner.execute(statement, values).fetchone()
    assert row is not None
    return row[0]


def told(api: ApiClient, place: str) -> dict[str, Any]:
    items = ok(api.get(place))["items"]
    payload: dict[str, Any] = next(each["payload"] for each in items if each["name"] == "tests.renamed")
    return payload


PLACES = ("/events?limit=200", "/audit?limit=200")


class TestInTheLog:
    def test_they_are_sealed_and_nothing_else_is(self, renamed: UUID, ana: UUID, owner: Owner) -> None:
        payload = first(owner, "SELECT payload FROM core_event WHERE id = %s", renamed)
        assert (payload["contact_id"], payload["why"]) == (str(ana), "wedding")
        assert payload["surname"].keys() == {"$sealed", "subject", "subject_id"}
        assert "Duartes" not in first(owner, "SELECT string_agg(e::text, '') FROM core_event e")

    def test_their_erasure_breaks_no_seal(
        self, app: Application, agency: AgencyUnderTest, renamed: UUID, erase: Callable[[], None],
        within: Callable[[], Any],
    ) -> None:  # fmt: skip
        follow_once(app, names=["audit.seal"], agencies=[agency.id])
        erase()
        with within():
            assert verification.verify().last.seq > 0

    def test_they_open_nowhere_else(self, within: Callable[[], Any], renamed: UUID, ana: UUID, owner: Owner) -> None:
        with within():
            publish(Renamed(contact_id=ana, why="mistake", surname="Silva"))
        other = first(
            owner,
            "UPDATE core_event SET payload = (SELECT payload FROM core_event WHERE id = %s)"
            " WHERE payload->>'why' = 'mistake' AND subject_id = %s RETURNING id",
            renamed,
            ana,
        )
        with within(), pytest.raises(Unreadable):
            subscriptions.load(other)

    def test_none_are_written_about_who_was_erased(
        self, within: Callable[[], Any], erase: Callable[[], None], ana: UUID
    ) -> None:
        erase()
        with within(), pytest.raises(SubjectErased):
            publish(Renamed(contact_id=ana, why="mistake", surname="Silva"))

    def test_none_are_written_where_there_are_no_keys(self, app: Application, agency: AgencyUnderTest) -> None:
        fact = Renamed(contact_id=ids.new(), why="mistake", surname="Silva")
        with app.app_context(), pytest.raises(Unsealable, match=r"tests\.renamed"):
            publish_apart(fact, actor=Actor(kind="public", agency_id=agency.id), agency_id=agency.id)


class TestReaders:
    def test_subscribers_read_them_until_the_person_is_erased(
        self, within: Callable[[], Any], renamed: UUID, erase: Callable[[], None]
    ) -> None:
        for surname in ("Duartesdottir", None):
            with within():
                found: Any = subscriptions.load(renamed)
            assert (found.why, found.surname) == ("wedding", surname)
            erase()

    def test_followers_do_too_and_old_forms_are_opened_as_they_were_written(
        self, app: Application, agency: AgencyUnderTest, follow: Callable[..., None], within: Callable[[], Any],
        ana: UUID, owner: Owner, monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        got: list[Any] = []

        def apply(entries: Sequence[Recorded], build: int) -> None:
            got.extend(entry.event() for entry in entries if entry.name == Renamed.name)

        first: Any = made("Renamed", {"why": Code, "family": Annotated[Words, SURNAME]}, {"family": UNSET})
        registry._registry[Renamed.name] = Renamed
        with within():
            publish(first(contact_id=ana, why="wedding", family="Duartesdottir"))
        follow(Follower(name="events.reader", summary="Reads.", apply=apply, from_start=True))
        follow_once(app, agencies=[agency.id])
        assert [each.surname for each in got] == ["Duartesdottir"]

    @pytest.mark.parametrize("place", PLACES)
    def test_people_read_them_where_they_may(
        self, place: str, api: ApiClient, agency: AgencyUnderTest, renamed: UUID, erase: Callable[[], None]
    ) -> None:
        manager = agency.member("manager")
        assert told(api, place)["surname"] == "Duartesdottir"
        assert api.get(place).headers["Cache-Control"] == "no-store"
        assert "surname" not in told(manager, place)
        erase()
        assert told(api, place)["surname"] == "[erased]"
        assert "surname" not in told(manager, place)

    def test_exports_hold_what_who_takes_them_may_read(
        self, api: ApiClient, renamed: UUID, erase: Callable[[], None]
    ) -> None:
        def taken() -> dict[str, Any]:
            (line,) = api.post("/audit/export?name=tests.renamed").get_data(as_text=True).splitlines()
            payload: dict[str, Any] = json.loads(line)["payload"]
            return payload

        assert taken()["surname"] == "Duartesdottir"
        erase()
        assert taken()["surname"] == "[erased]"

    def test_the_person_is_handed_them(
        self, within: Callable[[], Any], renamed: UUID, ana: UUID, erase: Callable[[], None]
    ) -> None:
        person = Subject(kind=CONTACT, id=ana, rows=frozenset({ana}))
        with within():
            (held,) = hooks.personal_data(person)
        assert (held.row_id, held.values) == (renamed, {"name": "tests.renamed", "surname": "Duartesdottir"})
        erase()
        with within():
            assert hooks.personal_data(person) == []
            assert hooks.personal_data(Subject(kind=CONTACT, id=ids.new(), rows=frozenset({ana}))) == []

    def test_webhooks_send_none(self, within: Callable[[], Any], renamed: UUID, ana: UUID) -> None:
        with within():
            entry = next(each for each in following.after(0, limit=200) if each.id == renamed)
            data = json.loads(messages.body_of(entry))["data"]
        assert data["payload"] == {"contact_id": str(ana), "why": "wedding"}

    @pytest.mark.parametrize("place", PLACES)
    def test_nobody_reads_those_of_an_event_that_is_declared_no_more(
        self, place: str, api: ApiClient, renamed: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delitem(registry._registry, Renamed.name)
        assert told(api, place)["surname"] == "[personal]"

    @pytest.mark.parametrize("place", PLACES)
    def test_what_was_tampered_with_stops_nobody(
        self, place: str, api: ApiClient, renamed: UUID, ana: UUID, owner: Owner
    ) -> None:
        owner.execute(
            "UPDATE core_event SET payload = jsonb_set(payload, '{surname,$sealed}',"
            " to_jsonb(left(payload->'surname'->>'$sealed', -8) || 'AAAAAAA=')) WHERE id = %s",
            [renamed],
        )
        assert told(api, place)["surname"] == "[unreadable]"


class Inner(msgspec.Struct):
    note: str


class TestDeclarations:
    @pytest.mark.parametrize(
        "kind",
        [Code, Codes, list[Code], dict[Code, Scope], Code | None, Day, UUID, Money, list[tuple[Code, int]]],
    )
    def test_take_what_says_nothing_about_anybody(self, kind: Any) -> None:
        assert list(fields.problems(declared(kind))) == []

    @pytest.mark.parametrize(
        "kind",
        [str, str | None, list[str], dict[str, int], dict[Code, str], Facts, Any, bytes, date, Inner, list[Inner],
         Annotated[str, msgspec.Meta(max_length=3)], list, dict, list[Annotated[Words, SURNAME]]],
    )  # fmt: skip
    def test_refuse_what_could_hold_words_and_name_it(self, kind: Any) -> None:
        (problem,) = fields.problems(declared(kind))
        assert problem.startswith("the event tests.declared has the field 'what', which could hold words")

    @pytest.mark.parametrize(
        ("kind", "default", "problem"),
        [
            (Annotated[str | None, SURNAME], None, "make it `str | None | UnsetType` and its default UNSET"),
            (Annotated[int | None | UnsetType, SURNAME], UNSET, "make it `str"),
            (Annotated[Words, SURNAME], None, "its default UNSET"),
            (Annotated[Words, sealed_for("what", subject=CONTACT, permission="x.y")], UNSET, "no field with an id"),
            (Annotated[Words, sealed_for("nobody", subject=CONTACT, permission="x.y")], UNSET, "no field with an id"),
        ],
    )
    def test_seal_for_somebody_what_can_be_left_out(self, kind: Any, default: Any, problem: str) -> None:
        found = list(fields.problems(declared(kind, default)))
        assert len(found) == 1
        assert problem in found[0]

    def test_that_are_wrong_keep_their_plugin_from_loading(self, app: Application) -> None:
        plugins: Plugins = app.extensions["tripfile.plugins"]
        declared(str, module="plugins.leads.more")
        try:
            problems = rules.problems(plugins.plugins["leads"], name="leads", owner="leads")
        finally:
            del registry._registry["leads.declared"]
        assert [each for each in problems if "the event leads.declared has the field 'what'" in each] == problems != []


def declared(kind: Any, default: Any = msgspec.NODEFAULT, *, module: str = "tests.more") -> type[Event]:
    """An event with a field of a type."""
    defaults = {} if default is msgspec.NODEFAULT else {"what": default}
    return made("Declared", {"what": kind}, defaults, module=module)


def made(name: str, kinds: dict[str, Any], defaults: dict[str, Any], *, module: str = __name__) -> type[Event]:
    """An event about a contact with fields of some types."""
    annotations = {"contact_id": UUID, **kinds}
    space = {"__annotations__": annotations, "__module__": module, "subject": "contact_id", **defaults}
    make: Any = type(Event)
    event: type[Event] = make(name, (Event,), space)
    return event
