"""Words about a person whose key is lost: everybody reads on, is told that they cannot be read, and who watches too."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from core import ids
from core.crypto import Unreadable
from core.events import subscriptions
from core.events.log import publish
from core.http.application import Application
from core.privacy import hooks
from core.privacy.subjects import Subject
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.vault import keys
from core.vault.keys import Person
from tests.core.events.places import Owner
from tests.core.events.test_words import (  # noqa: F401 - fixtures
    CONTACT,
    PLACES,
    Renamed,
    ana,
    erase,
    renamed,
    told,
    within,
)


@pytest.fixture(
    params=["kek_id = gen_random_uuid()", "wrapped = 'A'", "wrapped = repeat('A', 80)"],
    ids=["its key is gone", "it is no key", "it is another's"],
)
def lost(
    request: pytest.FixtureRequest,
    app: Application,
    agency: AgencyUnderTest,
    renamed: UUID,  # noqa: F811
    ana: UUID,  # noqa: F811
    owner: Owner,
) -> UUID:
    """An event with a name in it that nobody can open any more."""
    owner.execute(f"UPDATE core_data_key SET {request.param} WHERE subject_id = %s", [ana])
    with app.app_context():
        keys.cache().drop(agency.id, Person(CONTACT, ana))
    return renamed


class TestALostKey:
    @pytest.mark.parametrize("place", PLACES)
    def test_keeps_nobody_from_reading_on_and_is_told_once(
        self, place: str, api: ApiClient, agency: AgencyUnderTest, lost: UUID, within: Callable[[], Any]  # noqa: F811
    ) -> None:  # fmt: skip
        with within():
            publish(Renamed(contact_id=ids.new(), why="mistake", surname="Silva"))
        manager = agency.member("manager")
        with capture_logs() as logs:
            for _ in range(2):
                names = {each["id"]: each["payload"].get("surname") for each in ok(api.get(place))["items"]}
                assert (names[str(lost)], "Silva" in names.values()) == ("[unreadable]", True)
                assert "surname" not in told(manager, place)
        [line] = [each for each in logs if each["event"] in ("vault.unreadable", "event.unreadable")]
        assert (line["table"], line["log_level"]) == ("core_data_key", "error")

    @pytest.mark.parametrize("place", PLACES)
    def test_is_not_taken_for_an_erasure(
        self, place: str, api: ApiClient, lost: UUID, erase: Callable[[], None]  # noqa: F811
    ) -> None:  # fmt: skip
        assert told(api, place)["surname"] == "[unreadable]"
        erase()
        assert told(api, place)["surname"] == "[erased]"

    def test_keeps_no_export_of_the_log_back(self, api: ApiClient, lost: UUID) -> None:
        (line,) = api.post("/audit/export?name=tests.renamed").get_data(as_text=True).splitlines()
        assert json.loads(line)["payload"]["surname"] == "[unreadable]"

    def test_leaves_nothing_to_hand_to_its_person(
        self, lost: UUID, ana: UUID, within: Callable[[], Any]  # noqa: F811
    ) -> None:  # fmt: skip
        with within():
            assert hooks.personal_data(Subject(kind=CONTACT, id=ana, rows=frozenset({ana}))) == []

    def test_is_no_erasure_to_programs_either(self, lost: UUID, within: Callable[[], Any]) -> None:  # noqa: F811
        with within(), pytest.raises(Unreadable):
            subscriptions.load(lost)
