"""An agency that trusts an identity provider on the loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import dns.rcode
import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from core.actor import system
from core.auth.models import AuthSession
from core.config import Settings
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.oidc import domains
from core.oidc.discovery import Directory
from core.testing import databases
from core.testing.clients import ApiClient, ok
from core.testing.databases import Server
from core.testing.factories import AgencyUnderTest
from core.users.models import User
from tests.core.oidc.provider import CLIENT_ID, CLIENT_SECRET, Provider
from tests.core.oidc.zone import Zone

Claim = Callable[[], dict[str, Any]]


@pytest.fixture(scope="module")
def name_server() -> Iterator[Zone]:
    running = Zone()
    yield running
    running.close()


@pytest.fixture
def zone(name_server: Zone) -> Zone:
    """What the name server that is asked says: nothing yet."""
    name_server.records.clear()
    name_server.asked.clear()
    name_server.rcode = dns.rcode.NOERROR
    return name_server


@pytest.fixture(scope="module")
def settings(database_server: Server, name_server: Zone) -> Iterator[Settings]:
    with database_server.clone() as urls:
        yield databases.settings_for(
            urls,
            outbound_allow_networks="127.0.0.0/8",
            dns_servers=name_server.address,
            rate_limit_login="100000/minute",
            rate_limit_anonymous="100000/minute",
        )


@pytest.fixture
def provider(app: Application) -> Iterator[Provider]:
    app.extensions["tripfile.oidc"] = Directory()
    running = Provider()
    yield running
    running.close()


class Trusting:
    """An agency with a provider, and a browser that signs in through it."""

    def __init__(self, app: Application, agency: AgencyUnderTest, provider: Provider) -> None:
        self.app = app
        self.agency = agency
        self.owner = agency.member("owner")
        self.provider = provider
        self.nobody = ApiClient(app)
        self.id = ""

    def trust(self, *, proven: bool = True, **changes: Any) -> dict[str, Any]:
        """Set the provider up, and its domains as the agency's own."""
        draft = {
            "name": "Sunrise",
            "issuer": self.provider.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "email_domains": [self.provider.domain],
        }
        found: dict[str, Any] = ok(self.owner.post("/oidc/providers", draft | changes), 201)
        self.id = found["id"]
        for domain in found["email_domains"] if proven else ():
            self.prove(domain)
        return found

    def prove(self, domain: str) -> None:
        """By the operator's word."""
        with self.app.app_context(), unit_of_work(), acting_as(system(self.agency.id)):
            domains.vouch(domain)

    def change(self, **changes: Any) -> dict[str, Any]:
        """Change the provider."""
        found: dict[str, Any] = ok(self.owner.patch(f"/oidc/providers/{self.id}", changes, version="*"), 200)
        return found

    def member(self, role: str = "agent", *, agency: AgencyUnderTest | None = None) -> UUID:
        """A member with the address the provider tells."""
        user_id = (agency or self.agency).newcomer(role).user_id
        assert user_id is not None
        with self.app.app_context(), apart() as session:
            session.execute(update(User).where(User.id == user_id).values(email=f"ana@{self.provider.domain}"))
        return user_id

    def begin(self, **start: Any) -> dict[str, Any]:
        """Where to go, and what to keep."""
        found: dict[str, Any] = ok(self.nobody.post(f"/oidc/{self.id}/start", start), 200)
        return found

    def back(self, begun: dict[str, Any], **changes: Any) -> TestResponse:
        """Visit the provider and come back."""
        came = self.provider.visit(begun["authorization_url"])
        return self.finish(came | {"binding": begun["binding"]} | changes)

    def finish(self, came: dict[str, Any]) -> TestResponse:
        """What the page sends that people are sent back to."""
        sent = {name: value for name, value in came.items() if value is not None}
        return self.nobody.post("/oidc/callback", sent)

    def sign_in(self, **start: Any) -> TestResponse:
        """All of it."""
        return self.back(self.begin(**start))

    def client(self, answer: TestResponse) -> ApiClient:
        """The API as the one who signed in."""
        return ApiClient(self.app, ok(answer, 200)["access_token"], agency_id=self.agency.id)

    def failures(self) -> list[str]:
        """Why people were not let in, the latest first."""
        found = ok(self.owner.get("/audit?name=oidc.sign_in_failed"))["items"]
        return [each["payload"]["because"] for each in found]


@pytest.fixture
def trusting(app: Application, agency: AgencyUnderTest, provider: Provider) -> Trusting:
    """An agency that trusts the provider."""
    found = Trusting(app, agency, provider)
    found.trust()
    return found


@pytest.fixture
def claim(trusting: Trusting, zone: Zone) -> Claim:
    """Puts the provider's domain on the list, and its record into the zone."""

    def put() -> dict[str, Any]:
        listed: dict[str, Any] = ok(trusting.owner.post("/oidc/domains", {"domain": trusting.provider.domain}), 201)
        zone.records[listed["record_name"]] = ["v=spf1 -all", listed["record_value"]]
        return listed

    return put


def check(trusting: Trusting, listed: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = ok(trusting.owner.post(f"/oidc/domains/{listed['id']}/check"), 200)
    return found


def shown(trusting: Trusting, listed: dict[str, Any]) -> tuple[str | None, str | None]:
    found = ok(trusting.owner.get(f"/oidc/domains/{listed['id']}"))
    return found["proven_by"], found["last_check"]


@pytest.fixture
def sessions_of(app: Application) -> Callable[[UUID], list[AuthSession]]:
    """The sessions of a person."""

    def find(user_id: UUID) -> list[AuthSession]:
        with app.app_context(), apart() as session:
            return session.query(AuthSession).where(AuthSession.user_id == user_id).all()

    return find
