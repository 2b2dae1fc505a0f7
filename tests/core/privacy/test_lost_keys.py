"""People whose key is lost: what is not sealed with it is still handed to them, and they are erased."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.vault import keys
from tests.core.privacy.people import Database, Person, subject_of


@pytest.fixture
def lose(app: Application, client: Person, database: Database) -> Callable[[], None]:
    """Loses what unwraps the client's key."""

    def run() -> None:
        contact_id = client.known["contact_id"]
        changed = database.connection.execute(
            "UPDATE core_data_key SET kek_id = gen_random_uuid() WHERE subject_id = %s", [contact_id]
        )
        assert changed.rowcount == 1
        with app.app_context():
            keys.cache().drop(client.agency_id, keys.Person("contacts.contact", contact_id))

    return run


@pytest.fixture
def export(api: ApiClient, client: Person, work_off: Callable[[], list[str]]) -> Callable[[], str]:
    """Has the client exported: where the bundle is handed out."""

    def run() -> str:
        made = ok(api.post("/privacy/exports", {"subject": subject_of(client)}), 202)
        assert work_off() == []
        assert ok(api.get(f"/privacy/requests/{made['id']}"))["state"] == "done"
        return f"/privacy/requests/{made['id']}/bundle"

    return run


class TestALostKey:
    def test_keeps_nobody_from_being_handed_the_rest(
        self, api: ApiClient, client: Person, database: Database, lose: Callable[[], None], export: Callable[[], str]
    ) -> None:
        lose()
        before = database.places_of(client.marker)
        address = export()
        assert database.places_of(client.marker) == before, "nothing is kept in clear"
        text = str(ok(api.post(address)))
        assert (client.email in text, f"{client.marker} leads_lead restrictions" in text) == (True, False)
        database.connection.execute("UPDATE core_privacy_request SET expires_at = now()")
        assert problem(api.post(address)) == (409, "export_expired")

    def test_after_an_export_was_made_has_it_put_together_once_more(
        self, api: ApiClient, client: Person, lose: Callable[[], None], export: Callable[[], str]
    ) -> None:
        address = export()
        lose()
        assert client.email in str(ok(api.post(address)))

    def test_keeps_nobody_from_being_erased(
        self, api: ApiClient, client: Person, database: Database, lose: Callable[[], None], export: Callable[[], str],
        erase: Callable[[dict[str, str]], dict[str, Any]],
    ) -> None:  # fmt: skip
        lose()
        address = export()
        ok(api.post("/privacy/erasures/preview", {"subject": subject_of(client)}))
        assert erase(subject_of(client))["state"] == "done"
        assert database.places_of(client.marker) == set()
        assert problem(api.post(address)) == (409, "export_expired")
