"""Erasing colleagues: out of what is the agency's, and out of their identity where it is nobody's any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.privacy import erasures
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.privacy.conftest import Within
from tests.core.privacy.people import Database, Person

Work = Callable[[], list[str]]


class TestAColleague:
    @pytest.fixture
    def left(self, agency: AgencyUnderTest, database: Database) -> Person:
        """Somebody who has left, about whom everything says something."""
        user_id = agency.newcomer("agent").user_id
        assert user_id is not None
        person = Person(agency.id, user_id=user_id)
        for table in ("core_invitation", "core_api_key", "notifications_push_address", "core_totp", "core_passkey"):
            database.add(table, person)
        database.mark("core_auth_session", person, where="user_id", like=user_id)
        database.mark("core_user", person, where="id", like=user_id)
        database.connection.execute("UPDATE core_membership SET state = 'left' WHERE user_id = %s", [user_id])
        return person

    def subject(self, person: Person) -> dict[str, str]:
        return {"kind": "users.user", "id": str(person.known["user_id"])}

    def test_who_left_is_taken_out_of_everything(
        self, left: Person, database: Database, erase: Callable[[dict[str, str]], dict[str, Any]]
    ) -> None:
        assert database.places_of(left.marker) >= {"core_user", "core_auth_session", "core_invitation", "core_passkey"}
        erase(self.subject(left))
        assert database.places_of(left.marker) == set()
        found = database.connection.execute(
            "SELECT name, email, disabled_at IS NOT NULL FROM core_user WHERE id = %s", [left.known["user_id"]]
        ).fetchone()
        assert found == ("Erased person", f"{left.known['user_id']}@erased.invalid", True)

    def test_who_works_elsewhere_too_keeps_their_identity(
        self, left: Person, other_agency: AgencyUnderTest, database: Database,
        erase: Callable[[dict[str, str]], dict[str, Any]],
    ) -> None:  # fmt: skip
        elsewhere = Person(other_agency.id, user_id=left.known["user_id"])
        database.add("core_membership", elsewhere, state="active", reports_to=None)
        erase(self.subject(left))
        assert database.places_of(left.marker) == {"core_user", "core_passkey"}

    def test_is_found_by_no_words_that_were_written_after_their_erasure(
        self, left: Person, other_agency: AgencyUnderTest, database: Database, within: Within,
        erase: Callable[[dict[str, str]], dict[str, Any]],
    ) -> None:  # fmt: skip
        elsewhere = Person(other_agency.id, user_id=left.known["user_id"])
        database.add("core_membership", elsewhere, state="active", reports_to=None)
        erase(self.subject(left))
        for place in (left, elsewhere):
            database.connection.execute(
                "INSERT INTO core_search_token (agency_id, entity, token, entity_id)"
                " SELECT agency_id, 'users.user', %s, id FROM core_membership WHERE user_id = %s AND agency_id = %s",
                [left.marker, left.known["user_id"], place.agency_id],
            )
        with within(left.agency_id):
            erasures.repeat("users.user", left.known["user_id"])
        tokens = "SELECT agency_id FROM core_search_token WHERE token = %s"
        assert database.connection.execute(tokens, [left.marker]).fetchall() == [(other_agency.id,)]

    def test_is_told_when_they_were_away_and_leaves_none_of_it(
        self, agency: AgencyUnderTest, api: ApiClient, database: Database, work_off: Work,
        erase: Callable[[dict[str, str]], dict[str, Any]],
    ) -> None:  # fmt: skip
        colleague, other = agency.newcomer("agent"), agency.newcomer("agent")
        for who in (colleague, other):
            away = {"starts_at": "2027-08-01T00:00:00Z", "ends_at": "2027-08-02T00:00:00Z"}
            ok(who.post("/calendars/absences", away), 201)
        holdings = ok(colleague.post("/privacy/me"))["holdings"]
        [told] = [each["values"] for each in holdings if each["table"] == "core_absence"]
        assert (told["user_id"], told["starts_at"][:10]) == (str(colleague.user_id), "2027-08-01")
        database.connection.execute("UPDATE core_membership SET state = 'left' WHERE user_id = %s", [colleague.user_id])
        shown = erase({"kind": "users.user", "id": str(colleague.user_id)})
        assert {"table": "core_absence", "rows": 1, "kept": "", "until": None} in shown["manifest"]["outcomes"]
        left = database.connection.execute("SELECT user_id FROM core_absence WHERE agency_id = %s", [agency.id])
        assert left.fetchall() == [(other.user_id,)]

    def test_who_is_still_a_member_cannot_be_erased(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        subject = {"kind": "users.user", "id": str(agency.newcomer("agent").user_id)}
        answer = api.post("/privacy/erasures", {"subject": subject, "reason": "asked_for"})
        assert problem(answer) == (409, "still_member")

    def test_stays_in_the_log_by_id_and_it_says_why(
        self, agency: AgencyUnderTest, api: ApiClient, erase: Callable[[dict[str, str]], dict[str, Any]],
        database: Database,
    ) -> None:  # fmt: skip
        colleague = agency.newcomer("manager")
        ok(colleague.post("/contacts", {"kind": "person", "name": "Ana"}))
        database.connection.execute("UPDATE core_membership SET state = 'left' WHERE user_id = %s", [colleague.user_id])
        shown = erase({"kind": "users.user", "id": str(colleague.user_id)})
        [kept] = [each for each in shown["manifest"]["outcomes"] if each["kept"]]
        assert (kept["table"], kept["rows"] > 0) == ("core_event", True)
