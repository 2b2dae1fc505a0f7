"""Tokens on open connections: their end, their successors, and revocations."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from unittest.mock import patch
from uuid import UUID

import pytest

from core import ids
from core.auth.models import AuthSession
from core.auth.sessions.principals import principals
from core.auth.tokens import access
from core.clock import now
from core.db.session import apart
from core.http.application import Application
from core.plugins.manager import installed
from core.revocations.api import Revoked
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.testing.servers import wait_for
from gateway.gateway import Gateway
from gateway.sessions import Session
from tests.gateway.talk import Inside

Connect = Callable[..., Inside]
EXPIRED, REVOKED = "The token has ended", "The session was ended"


def token_for(app: Application, member: ApiClient, *, seconds: float) -> str:
    """A token of the same session that ends in so many seconds."""
    with app.app_context():
        actor = principals().actor_of(str(member.token))
        assert actor.session_id is not None
        assert actor.user_id is not None
        assert actor.agency_id is not None
        return access.make(
            user_id=actor.user_id,
            session_id=actor.session_id,
            agency_id=actor.agency_id,
            extra={},
            lasting=timedelta(seconds=seconds),
        )


def another_session(app: Application, member: ApiClient, agency: AgencyUnderTest) -> tuple[str, UUID]:
    """A token of a second session of somebody, and its id."""
    session_id, user_id = ids.new(), member.user_id
    assert user_id is not None
    with app.app_context():
        with apart() as session:
            ends = now().replace(year=9000)
            session.add(AuthSession(id=session_id, user_id=user_id, agency_id=agency.id, counter=0, expires_at=ends))
        token = access.make(user_id=user_id, session_id=session_id, agency_id=agency.id, extra={})
    return token, session_id


def session_of(gateway: Gateway, client: Inside) -> Session:
    session = gateway.sessions.get(client.sid)
    assert session is not None
    return session


def reason(client: Inside, seconds: float = 2) -> str:
    """Why the server closes the transport, which it does in time."""
    wait_for(lambda: client.farewell, seconds, what="The end")
    assert client.farewell is not None
    return client.farewell[1]


class TestExpiry:
    def test_the_client_is_warned_a_minute_ahead_once(
        self, app: Application, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        token = token_for(app, agency.member("agent"), seconds=30)
        client = inside()
        client.connect(token=token)
        with app.app_context():
            end = access.verify(token).exp
        assert client.expect("auth.expiring", seconds=2) == {"expires_at": end}
        client.quiet("auth.expiring", seconds=1.2)
        assert client.farewell is None

    def test_nobody_is_warned_before(self, inside: Connect, agency: AgencyUnderTest) -> None:
        client = inside()
        client.connect(token=agency.member("agent").token)
        client.quiet("auth.expiring", seconds=1.2)

    def test_at_the_end_the_transport_is_closed(
        self, app: Application, gateway: Gateway, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        client = inside()
        client.connect(token=token_for(app, agency.member("agent"), seconds=1))
        assert reason(client, 4) == EXPIRED
        assert gateway.sessions.get(client.sid) is None
        client.quiet("session_revoked", seconds=0.1)
        client.quiet("disconnected", seconds=0.1)

    def test_who_is_in_a_plugins_namespace_alone_is_warned_there(
        self, app: Application, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        client = inside()
        client.connect("/leads", token=token_for(app, agency.member("agent"), seconds=30))
        client.expect("auth.expiring", namespace="/leads", seconds=2)


class TestRefresh:
    def test_keeps_the_connection_with_its_rooms(
        self, app: Application, gateway: Gateway, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        member = agency.member("agent")
        client = inside()
        client.connect(token=token_for(app, member, seconds=2))
        client.ok("stream.follow", {"topic": "notifications"})
        client.expect("auth.expiring", seconds=2)
        answer = client.ok("auth.refresh", {"token": member.token})
        with app.app_context():
            assert answer == {"expires_at": access.verify(str(member.token)).exp}
        time.sleep(2.5)
        assert client.farewell is None
        assert session_of(gateway, client).follows

    def test_is_warned_of_again(self, app: Application, inside: Connect, agency: AgencyUnderTest) -> None:
        member = agency.member("agent")
        client = inside()
        client.connect(token=token_for(app, member, seconds=20))
        client.expect("auth.expiring", seconds=2)
        client.ok("auth.refresh", {"token": token_for(app, member, seconds=40)})
        client.expect("auth.expiring", seconds=2)

    def test_with_another_persons_token_is_refused(
        self, inside: Connect, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        client = inside()
        client.connect(token=agency.member("agent").token)
        for other in (agency.member("owner"), other_agency.member("agent")):
            assert client.refused("auth.refresh", {"token": other.token}) == "another_person"
        assert client.refused("auth.refresh", {"token": "nonsense"}) == "invalid_token"
        assert client.farewell is None

    def test_works_in_every_namespace(self, inside: Connect, agency: AgencyUnderTest) -> None:
        client = inside()
        client.connect("/leads", token=agency.member("agent").token)
        assert client.ok("auth.refresh", {"token": agency.member("agent").token}, namespace="/leads")

    def test_with_an_older_token_shortens_nothing(
        self, app: Application, gateway: Gateway, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        member = agency.member("agent")
        client = inside()
        client.connect(token=member.token)
        before = session_of(gateway, client).expires
        client.ok("auth.refresh", {"token": token_for(app, member, seconds=5)})
        assert session_of(gateway, client).expires == before


class TestRevocation:
    def test_of_the_session_that_was_gone_on_with_counts_before_its_rights_are_known(
        self,
        app: Application,
        gateway: Gateway,
        inside: Connect,
        agency: AgencyUnderTest,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        member = agency.newcomer("agent")
        client = inside()
        client.connect(token=token_for(app, member, seconds=300))
        monkeypatch.setattr(gateway.credentials, "_check_later", lambda session: None)
        first, (again, second) = session_of(gateway, client).session_id, another_session(app, member, agency)
        client.ok("auth.refresh", {"token": again})
        assert first is not None
        gateway.credentials.revoked(Revoked("session", agency.id, first, ids.new()))
        assert client.farewell is None
        gateway.credentials.revoked(Revoked("session", agency.id, second, ids.new()))
        assert reason(client) == REVOKED

    def test_who_signs_out_is_told_and_their_transport_is_closed(
        self, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        member = agency.newcomer("agent")
        client = inside()
        client.connect("/leads", token=member.token)
        client.connect(token=member.token)
        ok(member.post("/auth/logout"), 204)
        assert reason(client) == REVOKED
        assert client.expect("session_revoked") == {"code": "session_revoked"}
        client.quiet("disconnected", seconds=0.1)

    def test_nobody_elses_connection_is_closed(self, inside: Connect, agency: AgencyUnderTest) -> None:
        member = agency.newcomer("agent")
        client = inside()
        client.connect(token=agency.member("agent").token)
        ok(member.post("/auth/logout"), 204)
        client.quiet("session_revoked", seconds=0.3)
        assert client.ok("stream.follow", {"topic": "notifications"})

    def test_who_is_disabled_is_out_within_two_seconds(self, inside: Connect, agency: AgencyUnderTest) -> None:
        member = agency.newcomer("agent")
        client = inside()
        client.connect(token=member.token)
        ok(agency.member("owner").patch(f"/users/{member.user_id}", {"state": "suspended"}, version="*"))
        assert reason(client) == REVOKED

    def test_a_changed_role_counts_within_two_seconds(
        self, inside: Connect, agency: AgencyUnderTest, gateway: Gateway
    ) -> None:
        member = agency.newcomer("agent")
        client = inside()
        client.connect("/leads", token=member.token)
        lead = ok(member.post("/leads", {"contact": {"name": "Ana"}}))["id"]
        client.ok("typing", {"lead_id": lead}, namespace="/leads")
        ok(agency.member("owner").patch(f"/users/{member.user_id}", {"roles": ["read_only"]}, version="*"))
        deadline = time.monotonic() + 2
        wait_for(
            lambda: client.call("typing", {"lead_id": lead}, namespace="/leads").get("code") == "forbidden",
            2, what="The change",
        )  # fmt: skip
        assert time.monotonic() < deadline
        wait_for(lambda: session_of(gateway, client).actor.scope_of("leads.write") is None, 2, what="The change")

    def test_a_topic_that_is_no_longer_allowed_is_left_and_told(
        self, inside: Connect, agency: AgencyUnderTest, follows_leads: None, gateway: Gateway
    ) -> None:
        member = agency.newcomer("agent")
        client = inside()
        client.connect(token=member.token)
        client.ok("stream.follow", {"topic": "leads_log"})
        ok(agency.member("owner").post("/roles", {"code": "guide", "name": "Guide", "permissions": {}}))
        ok(agency.member("owner").patch(f"/users/{member.user_id}", {"roles": ["guide"]}, version="*"))
        assert client.expect("stream.left", seconds=2) == {"topic": "leads_log", "code": "forbidden"}
        assert not session_of(gateway, client).follows

    def test_one_who_cannot_be_checked_does_not_stay(
        self, inside: Connect, agency: AgencyUnderTest, gateway: Gateway
    ) -> None:
        client = inside()
        client.connect(token=agency.newcomer("agent").token)
        with patch("core.auth.sessions.principals.Principals.actor_of", side_effect=OSError("no database")):
            gateway.credentials.check(session_of(gateway, client))
        assert reason(client) == "Your rights could not be checked"

    @pytest.fixture
    def follows_leads(self, app: Application) -> Iterator[None]:
        """A topic that takes a permission."""
        from dataclasses import replace

        from core.realtime.spec import Topic, TopicPage
        from plugins.leads.schemas import LeadRow

        plugins = app.extensions["tripfile.plugins"]
        topic = Topic(
            name="leads_log", summary="For tests.", item=LeadRow, scope=lambda _actor: "leads_log",
            pull=lambda after, _limit: TopicPage(items=[], upto=after, more=False), permission="leads.read",
        )  # fmt: skip
        changed = replace(plugins.plugins["leads"], topics=(topic,))
        app.extensions["tripfile.plugins"] = replace(plugins, plugins={**plugins.plugins, "leads": changed})
        with app.app_context():
            assert installed().plugins["leads"].topics
        yield
        app.extensions["tripfile.plugins"] = plugins
