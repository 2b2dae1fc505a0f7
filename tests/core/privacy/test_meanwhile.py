"""What happens to somebody beside their erasure, and after it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Self
from uuid import UUID

import pytest

from core import clock
from core.privacy import erasures, keeping
from core.privacy.repository import on_hold
from core.retention import Retention
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.vault import keys
from tests.core.privacy.conftest import Within
from tests.core.privacy.people import Database, Person, subject_of

Erase = Callable[[dict[str, str]], dict[str, Any]]
SECONDS = 20


class Slowly:
    """Something that stops half way, until it is let go."""

    def __init__(self, do: Callable[[], object]) -> None:
        self.stopped, self._go, self._failed = threading.Event(), threading.Event(), list[BaseException]()
        self._thread = threading.Thread(target=self._run, args=(do,))

    def stop(self) -> None:
        """Called half way."""
        self.stopped.set()
        assert self._go.wait(SECONDS)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.stopped.wait(SECONDS)
        return self

    def __exit__(self, *_error: object) -> None:
        self._go.set()
        self._thread.join(SECONDS)
        assert self._failed == []

    def _run(self, do: Callable[[], object]) -> None:
        try:
            do()
        except BaseException as error:  # noqa: BLE001 # it is told when the thread has ended
            self._failed.append(error)
            self.stopped.set()


@pytest.fixture
def slowly(api: ApiClient, client: Person, within: Within, monkeypatch: pytest.MonkeyPatch) -> Slowly:
    """The erasure of the client, stopped before it deletes their key."""
    made = ok(api.post("/privacy/erasures", {"subject": subject_of(client), "reason": "asked_for"}), 202)

    def run() -> None:
        with within(client.agency_id):
            erasures.carry_out(UUID(made["id"]))

    found, forget = Slowly(run), keys.forget

    def stopping(person: keys.Person) -> None:
        found.stop()
        forget(person)

    monkeypatch.setattr(keys, "forget", stopping)
    return found


class TestAHold:
    def test_is_not_placed_on_whom_is_being_erased(
        self, api: ApiClient, client: Person, slowly: Slowly, database: Database
    ) -> None:
        answers = []

        def place() -> None:
            answers.append(api.post("/privacy/holds", {"subject": subject_of(client), "reason": "A claim"}))

        placing = threading.Thread(target=place)
        with slowly:
            placing.start()
            placing.join(0.5)
            assert answers == [], "it waits for what becomes of them"
        placing.join(SECONDS)
        assert problem(answers[0]) == (409, "subject_erased")
        assert database.places_of(client.marker) == set()

    def test_waits_for_a_rule_that_is_being_applied(
        self, api: ApiClient, agency: AgencyUnderTest, client: Person, within: Within, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def run() -> None:
            with within(agency.id):
                keeping.apply("leads.slow")

        applying, seen = Slowly(run), []

        def apply(before: object, most: int) -> int:
            seen.append(on_hold("contacts.contact"))
            applying.stop()
            return 0

        rule = Retention(name="leads.slow", summary="Slow", apply=apply, count=lambda before: 0, days=lambda: 1)
        monkeypatch.setattr(keeping, "rules", lambda: {rule.name: rule})
        answers = []
        placing = threading.Thread(
            target=lambda: answers.append(
                api.post("/privacy/holds", {"subject": subject_of(client), "reason": "A claim"})
            )
        )
        with applying:
            placing.start()
            placing.join(0.5)
            assert (answers, seen) == ([], [[]])
        placing.join(SECONDS)
        assert answers[0].status_code == 201


class TestWhatIsWritten:
    def test_beside_an_erasure_goes_with_the_next_round(
        self, api: ApiClient, agency: AgencyUnderTest, client: Person, slowly: Slowly, database: Database,
        within: Within,
    ) -> None:  # fmt: skip
        with slowly:
            ok(api.post(f"/leads/{client.known['lead_id']}/notes", {"text": f"{client.marker} is diabetic"}), 201)
        assert database.places_of(client.marker) == {"leads_note"}
        with within(agency.id):
            assert keys.Person("contacts.contact", client.known["contact_id"]) in erasures.recent()
            erasures.repeat("contacts.contact", client.known["contact_id"])
        assert database.places_of(client.marker) == set()

    def test_about_a_lead_afterwards_can_be_erased_and_exported(
        self, api: ApiClient, client: Person, erase: Erase, database: Database
    ) -> None:
        erase(subject_of(client))
        ok(api.post(f"/leads/{client.known['lead_id']}/notes", {"text": f"{client.marker} called"}), 201)
        ok(api.post("/privacy/erasures/preview", {"subject": subject_of(client)}))
        ok(api.post("/privacy/holds", {"subject": subject_of(client), "reason": "A claim", "until": "2020-01-01"}), 201)
        erase(subject_of(client))
        assert database.places_of(client.marker) == set()

    def test_of_somebody_who_was_erased_is_refused(self, api: ApiClient, client: Person, erase: Erase) -> None:
        erase(subject_of(client))
        contact_id = str(client.known["contact_id"])
        answer = api.patch(f"/contacts/{contact_id}", {"name": "Ana Again"}, version="*")
        assert problem(answer) == (409, "subject_erased")
        assert faults(api.post("/leads", {"contact_id": contact_id})) == {"/contact_id": "unknown"}

    def test_stays_while_it_is_on_hold(
        self, api: ApiClient, agency: AgencyUnderTest, client: Person, erase: Erase, database: Database, within: Within
    ) -> None:
        erase(subject_of(client))
        ok(api.post(f"/leads/{client.known['lead_id']}/notes", {"text": f"{client.marker} called"}), 201)
        ok(api.post("/privacy/holds", {"subject": subject_of(client), "reason": "A claim"}), 201)
        with within(agency.id):
            erasures.repeat("contacts.contact", client.known["contact_id"])
        assert "leads_note" in database.places_of(client.marker)

    def test_is_erased_again_every_night_for_a_month(
        self, agency: AgencyUnderTest, client: Person, erase: Erase, within: Within, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        erase(subject_of(client))
        person = keys.Person("contacts.contact", client.known["contact_id"])
        now = clock.now()
        with within(agency.id):
            for late, wanted in ((erasures.LATE * 0.9, True), (erasures.LATE * 1.1, False)):
                monkeypatch.setattr(clock, "now", lambda late=late: now + late)
                assert (person in erasures.recent()) is wanted
