"""Sockets of pages that cannot read their token: a ticket opens one connection, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from core.actor import Actor
from core.auth.errors import NotYourself
from core.auth.sessions import tickets
from core.db.tenancy import acting_as
from core.http.application import Application
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.testing.servers import wait_for
from gateway.gateway import Gateway
from tests.gateway.talk import Inside

Connect = Callable[..., Inside]
REVOKED = "The session was ended"


def ticket_of(member: ApiClient) -> str:
    found: str = ok(member.post("/auth/socket-ticket"))["ticket"]
    return found


def closed_with(client: Inside) -> str:
    wait_for(lambda: client.farewell, 2, what="The end")
    assert client.farewell is not None
    return client.farewell[1]


class TestATicket:
    def test_opens_a_connection_of_its_person(self, gateway: Gateway, inside: Connect, agency: AgencyUnderTest) -> None:
        member = agency.member("agent")
        client = inside()
        assert isinstance(client.connect(auth={"ticket": ticket_of(member)}), str)
        session = gateway.sessions.get(client.sid)
        assert session is not None
        assert (session.user_id, session.agency_id) == (member.user_id, agency.id)
        assert client.ok("stream.follow", {"topic": "notifications"})

    def test_is_good_once(self, inside: Connect, agency: AgencyUnderTest) -> None:
        ticket = ticket_of(agency.member("agent"))
        assert isinstance(inside().connect(auth={"ticket": ticket}), str)
        assert inside().connect(auth={"ticket": ticket})["code"] == "invalid_token"

    def test_is_good_for_a_minute(self, inside: Connect, agency: AgencyUnderTest) -> None:
        answer = ok(agency.member("agent").post("/auth/socket-ticket"))
        assert answer["expires_in"] == 60
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61)):
            assert inside().connect(auth={"ticket": answer["ticket"]})["code"] == "invalid_token"

    def test_is_never_cached(self, agency: AgencyUnderTest) -> None:
        assert agency.member("agent").post("/auth/socket-ticket").headers["Cache-Control"] == "no-store"

    def test_is_worth_nothing_after_signing_out(self, inside: Connect, agency: AgencyUnderTest) -> None:
        member = agency.newcomer("agent")
        ticket = ticket_of(member)
        ok(member.post("/auth/logout"), 204)
        assert inside().connect(auth={"ticket": ticket})["code"] == "invalid_token"

    def test_is_no_access_token_and_the_other_way_round(
        self, app: Application, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        member = agency.member("agent")
        ticket = ticket_of(member)
        assert inside().connect(token=ticket)["code"] == "invalid_token"
        assert inside().connect(auth={"ticket": member.token})["code"] == "invalid_token"
        assert ApiClient(app, ticket).get("/auth/me").status_code == 401

    @pytest.mark.parametrize("ticket", ["", "nonsense", "\0", 5, None, [], "x" * 9_000])
    def test_that_nobody_handed_out_opens_nothing(self, inside: Connect, api: ApiClient, ticket: Any) -> None:
        del api
        refusal = inside().connect(auth={"ticket": ticket})
        assert refusal["code"] == ("invalid_token" if isinstance(ticket, str) else "token_missing")

    def test_in_the_address_is_refused(self, inside: Connect, agency: AgencyUnderTest) -> None:
        member = agency.member("agent")
        ticket = ticket_of(member)
        assert inside(f"ticket={ticket}").connect(auth={"ticket": ticket})["code"] == "token_in_address"
        assert inside(f"other={member.token}").connect(token=member.token)["code"] == "token_in_address"
        assert inside("access_token=x").connect(token=member.token)["code"] == "token_in_address"

    def test_keeps_a_connection_going(self, gateway: Gateway, inside: Connect, agency: AgencyUnderTest) -> None:
        member = agency.member("agent")
        client = inside()
        client.connect(auth={"ticket": ticket_of(member)})
        ticket = ticket_of(member)
        assert client.ok("auth.refresh", {"ticket": ticket})["expires_at"]
        assert client.refused("auth.refresh", {"ticket": ticket}) == "invalid_token"
        assert client.refused("auth.refresh", {}) == "invalid"
        assert client.refused("auth.refresh", {"ticket": ticket_of(member), "token": member.token}) == "invalid"

    def test_is_not_for_api_keys(self, app: Application, agency: AgencyUnderTest) -> None:
        key = Actor(kind="key", agency_id=agency.id, user_id=agency.id, key_id=agency.id)
        with app.test_request_context(), acting_as(key), pytest.raises(NotYourself):
            tickets.hand_out()


class TestSessionsThatAreEnded:
    def test_by_the_person_close_their_connections(self, inside: Connect, agency: AgencyUnderTest) -> None:
        member = agency.newcomer("agent")
        client = inside()
        client.connect(token=member.token)
        (session,) = ok(member.get("/auth/sessions"))["items"]
        ok(member.delete(f"/auth/sessions/{session['id']}"), 204)
        assert closed_with(client) == REVOKED
        assert client.expect("session_revoked") == {"code": "session_revoked"}

    def test_by_who_manages_members_close_theirs_and_nobody_elses(
        self, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        member, colleague = agency.newcomer("agent"), agency.newcomer("agent")
        client, other = inside(), inside()
        client.connect(auth={"ticket": ticket_of(member)})
        other.connect(token=colleague.token)
        ok(agency.member("owner").delete(f"/auth/members/{member.user_id}/sessions"), 204)
        assert closed_with(client) == REVOKED
        assert client.expect("session_revoked") == {"code": "session_revoked"}
        other.quiet("session_revoked", seconds=0.3)

    def test_by_the_agency_close_every_connection_but_ones_own(
        self, inside: Connect, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        owner = agency.member("owner")
        mine, theirs, elsewhere = inside(), inside(), inside()
        mine.connect(token=owner.token)
        theirs.connect(token=agency.newcomer("agent").token)
        elsewhere.connect(token=other_agency.member("agent").token)
        ok(owner.post("/auth/agency/sign-out", {"agency": agency.slug}), 204)
        assert closed_with(theirs) == REVOKED
        assert theirs.expect("session_revoked") == {"code": "session_revoked"}
        mine.quiet("session_revoked", seconds=0.3)
        elsewhere.quiet("session_revoked", seconds=0.1)


class TestOtherAudiences:
    def test_clients_do_not_get_into_the_sockets_of_staff(
        self, app: Application, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        from core.auth.sessions import opening

        member = agency.newcomer("agent")
        assert member.user_id is not None
        with app.test_request_context():
            opened = opening.open_session(member.user_id, agency=agency.slug, methods=("pwd",), audience="portal")
        assert inside().connect(token=opened.access_token)["code"] == "invalid_token"
