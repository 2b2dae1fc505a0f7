"""Open connections of people who are seen off, shut out, or act as somebody they may not act as any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from core.actor import system
from core.agencies import suspension
from core.auth.models import AuthSession
from core.auth.sessions.principals import principals
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from core.testing.servers import wait_for
from core.users import accounts
from tests.gateway.rawclient import RawClient
from tests.gateway.talk import Inside

Connect = Callable[..., Inside]
WHY = "Ticket 4711: she cannot find her lead"


def gone(client: Inside) -> bool:
    """Whether the server says why and closes the transport, within two seconds."""
    wait_for(lambda: client.farewell, 2, what="The end")
    return client.farewell is not None and client.farewell[1] == "The session was ended"


def email_of(person: ApiClient) -> str:
    email: str = ok(person.get("/auth/me"))["user"]["email"]
    return email


@pytest.fixture
def listening(inside: Connect) -> Callable[[str | None], Inside]:
    """Connects with a token."""

    def connect(token: str | None) -> Inside:
        client = inside()
        client.connect(token=token)
        return client

    return connect


class TestAClosedAccount:
    def test_ends_sessions_and_open_connections_in_every_agency(
        self, app: Application, agency: AgencyUnderTest, listening: Callable[[str | None], Inside]
    ) -> None:
        person = agency.newcomer("agent")
        client, email = listening(person.token), email_of(person)
        with app.app_context():
            accounts.disable(email)
        assert gone(client)
        assert problem(person.get("/auth/me")) == (401, "invalid_token")
        with app.app_context():
            accounts.enable(email)
        # Open again, it wants a new sign-in.
        assert problem(person.get("/auth/me")) == (401, "invalid_token")
        events = ok(agency.member("owner").get(f"/audit?subject_id={person.user_id}"))["items"]
        names = {each["name"] for each in events}
        assert {"users.account_disabled", "users.account_enabled"} <= names


class TestASuspendedAgency:
    def test_is_disconnected(
        self, app: Application, make_agency: Callable[..., AgencyUnderTest], listening: Callable[[str | None], Inside]
    ) -> None:
        agency = make_agency()
        client = listening(agency.newcomer("agent").token)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            suspension.suspend()
        assert gone(client)

    def test_is_disconnected_from_other_processes_within_two_seconds(
        self, app: Application, make_agency: Callable[..., AgencyUnderTest], dial: Callable[..., RawClient]
    ) -> None:
        """The operator's command is one process, whoever holds the sockets another."""
        agency, other = make_agency(), make_agency()
        clients = [dial().open() for _ in range(3)]
        for client, where in zip(clients, (agency, agency, other), strict=True):
            assert client.join(where.newcomer("agent").token).startswith(b"40{")
        token = agency.member("agent").token
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            suspension.suspend()
        since = time.monotonic()
        for client in clients[:2]:
            texts, _ = client.farewell()
            assert any(b"session_revoked" in text for text in texts), texts
        assert time.monotonic() - since < 2
        assert dial().open().join(token).startswith(b"44{")
        clients[2].emit("stream.follow", {"topic": "notifications"}, ack=1)
        assert clients[2].packet().startswith(b"431")


class TestAMemberWhoLeaves:
    def test_is_disconnected(
        self, api: ApiClient, agency: AgencyUnderTest, listening: Callable[[str | None], Inside]
    ) -> None:
        person = agency.newcomer("agent")
        client = listening(person.token)
        ok(api.post(f"/users/{person.user_id}/leave", {}, version="*"))
        assert gone(client)


class TestWhoActsAsAnother:
    @pytest.mark.parametrize("change", [{"roles": ["agent"]}, {"state": "suspended"}])
    def test_is_disconnected_with_the_right_to(
        self,
        api: ApiClient,
        agency: AgencyUnderTest,
        listening: Callable[[str | None], Inside],
        change: dict[str, Any],
    ) -> None:
        admin, member = agency.newcomer("admin"), agency.newcomer("agent")
        body = {"user_id": str(member.user_id), "reason": WHY}
        acting, theirs = listening(ok(admin.post("/impersonation", body))["access_token"]), listening(member.token)
        ok(api.patch(f"/users/{admin.user_id}", change, version="*"))
        assert gone(acting)
        theirs.quiet("session_revoked", seconds=0.2)
        assert theirs.farewell is None

    def test_is_disconnected_when_they_are_no_operator_any_more(
        self,
        app: Application,
        agency: AgencyUnderTest,
        other_agency: AgencyUnderTest,
        listening: Callable[[str | None], Inside],
    ) -> None:
        operator = other_agency.newcomer("agent")
        email = email_of(operator)
        with app.app_context():
            accounts.make_operator(email)
            with apart() as session:
                strong = update(AuthSession).where(AuthSession.user_id == operator.user_id)
                session.execute(strong.values(methods=["pwd", "otp"]))
            principals().forget()
        body = {"agency": agency.slug, "role": "manager", "reason": WHY}
        acting = listening(ok(operator.post("/impersonation/support", body))["access_token"])
        with app.app_context():
            accounts.unmake_operator(email)
        assert gone(acting)

    def test_is_disconnected_when_they_end_it(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, listening: Callable[[str | None], Inside]
    ) -> None:
        body = {"user_id": str(agency.newcomer("agent").user_id), "reason": WHY}
        token = ok(api.post("/impersonation", body))["access_token"]
        client = listening(token)
        ok(ApiClient(app, token).delete("/impersonation"), 204)
        assert gone(client)
