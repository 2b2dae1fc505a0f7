"""Every door that needs no sign-in, while the agency behind it is suspended: nobody comes in, nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest
from joserfc import jwt
from werkzeug.test import TestResponse

from core.actor import system
from core.agencies import suspension
from core.auth.accounts import identities
from core.config import Settings
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.oidc.discovery import Directory
from core.testing import databases
from core.testing.clients import ApiClient, ok, problem
from core.testing.databases import Server
from core.testing.factories import AgencyUnderTest
from core.testing.mailbox import mailbox
from tests.core.factors.authenticator import Authenticator
from tests.core.factors.conftest import PASSWORD, somebody
from tests.core.factors.test_requirements import ask_for_factor
from tests.core.files.conftest import put
from tests.core.oidc.conftest import Trusting
from tests.core.oidc.provider import Provider
from tests.security.conftest import Fingerprint
from tests.security.test_every_route import PUBLIC
from tests.worker import Worker

PERSONAL = {
    "auth_links.forgotten": "About a person, whatever agencies they are in.",
    "auth_links.reset": "About a person, whatever agencies they are in.",
    "auth_links.verify_email": "About a person, whatever agencies they are in.",
    "auth_links.undo_email_change": "About a person, whatever agencies they are in.",
    "auth_links.register": "Founds an agency of its own.",
    "auth_links.finish_registration": "Founds an agency of its own.",
    "auth_links.set_up": "Founds the first agency.",
    "auth_proofs.passkey_options": "The same for everybody.",
    "api_keys.report": "Ends a key, which would open again with the agency.",
}
USED_UP = {"core_one_time_token", "core_passkey", "core_throttle"}
"""What coming to a door may change: the secret that was shown, a device's own counter, and the count of who came."""
Answer = Callable[["House"], TestResponse]


class House:
    """An agency with a key to every door of it, each handed out before it was suspended."""

    def __init__(self, app: Application, agency: AgencyUnderTest, provider: Provider) -> None:
        self.app, self.agency, self.nobody = app, agency, ApiClient(app)
        self.owner = agency.member("owner")
        self.trusting = Trusting(app, agency, provider)
        self.trusting.trust(new_member_role="agent")
        self.agent, self.clerk = somebody(app, agency, "agent"), somebody(app, agency, "accountant")
        self.refresh_token = ok(self.clerk.log_in(), 200)["refresh_token"]
        self.agent.set_up_totp()
        self.device = self.agent.set_up_passkey()
        self.factor_asked = self.agent.challenge()["challenge"]
        self._enrol(somebody(app, agency, "agent"))
        self._invite()
        self._open_to_leads()
        brand = ok(self.owner.post("/agencies/brands", {"code": "dusk", "name": "Dusk"}), 201)["id"]
        place = f"/agencies/brands/{brand}/logo"
        ok(put(self.owner, brand))
        self.file = ok(self.owner.get(place))["url"]
        begun = self.trusting.begin()
        self.came = provider.visit(begun["authorization_url"]) | {"binding": begun["binding"]}

    def _enrol(self, newcomer: Any) -> None:
        ok(ask_for_factor(self.owner, "agent"))
        self.to_enrol = newcomer.challenge()["challenge"]
        self.seed = ok(self.nobody.post("/auth/enrolment/totp", {"challenge": self.to_enrol}), 201)
        asked = self.nobody.post("/auth/enrolment/passkey/options", {"challenge": self.to_enrol})
        self.new_device = Authenticator().create(ok(asked, 200)["options"])

    def _open_to_leads(self) -> None:
        form = {"name": "Website", "fields": [{"name": "email"}]}
        self.form: str = ok(self.owner.post("/capture/forms", form), 201)["key"]
        mapping = [{"type": "take", "field": "email", "path": "/email"}]
        hook = {"name": "Fair", "mapping": mapping, "auth": "header"}
        self.hook: dict[str, Any] = ok(self.owner.post("/capture/hooks", hook), 201)

    def _invite(self) -> None:
        self.invited = f"invited-{self.agency.slug}@example.com"
        with mailbox(self.app) as post:
            ok(self.owner.post("/invitations", {"email": self.invited, "roles": ["agent"]}), 201)
            Worker(self.app).work()
            self.invitation = post.token(self.invited)

    def post(self, place: str, **body: Any) -> TestResponse:
        """Come to a door without signing in."""
        return self.nobody.post(place, body)

    def suspend(self) -> None:
        """As the operator does."""
        with self.app.app_context(), unit_of_work(), acting_as(system(self.agency.id)):
            suspension.suspend()

    def resume(self) -> None:
        """As the operator does."""
        with self.app.app_context(), unit_of_work(), acting_as(system(self.agency.id)):
            suspension.resume()

    def look(self, address: str) -> TestResponse:
        """Look at a page without signing in."""
        return self.app.test_client().get(address)

    def send_form(self) -> TestResponse:
        """Send a form of the agency's website."""
        values = {"email": "somebody@example.com"}
        return self.app.test_client().post(f"/p/capture/forms/{self.form}", json={"values": values})

    def deliver(self) -> TestResponse:
        """Send something to a hook, with its secret."""
        proven = {"X-Webhook-Secret": self.hook["secret"]}
        return self.app.test_client().post(f"/p/capture/hooks/{self.hook['key']}", json={}, headers=proven)

    def first_code(self) -> TestResponse:
        """The last step of a sign-in that had to set up an authenticator app."""
        code = pyotp.TOTP(self.seed["secret"]).now()
        return self.post(
            "/auth/enrolment/totp/confirm", challenge=self.to_enrol, enrolment=self.seed["enrolment"], code=code
        )

    def passkey(self) -> TestResponse:
        """Sign in with a device alone."""
        options = ok(self.post("/auth/passkey/options"), 200)["options"]
        return self.post("/auth/passkey", passkey=self.device.get(options))


NO_MEMBERSHIP, OVER = (403, "no_membership"), (401, "invalid_challenge")
DOORS: dict[str, tuple[Answer, tuple[int, str]]] = {
    "auth.login": (lambda house: house.clerk.log_in(agency=house.agency.slug), NO_MEMBERSHIP),
    "auth.refresh": (
        lambda house: house.post("/auth/refresh", refresh_token=house.refresh_token),
        (401, "invalid_token"),
    ),
    "auth_proofs.second_factor": (
        lambda house: house.agent.show(house.factor_asked, totp=house.agent.code()),
        OVER,
    ),
    "auth_proofs.begin_totp": (lambda house: house.post("/auth/enrolment/totp", challenge=house.to_enrol), OVER),
    "auth_proofs.confirm_totp": (House.first_code, OVER),
    "auth_proofs.passkey_creation": (
        lambda house: house.post("/auth/enrolment/passkey/options", challenge=house.to_enrol),
        OVER,
    ),
    "auth_proofs.add_passkey": (
        lambda house: house.post(
            "/auth/enrolment/passkey", challenge=house.to_enrol, name="Phone", credential=house.new_device
        ),
        OVER,
    ),
    "auth_proofs.passkey_sign_in": (House.passkey, NO_MEMBERSHIP),
    "capture_pages.page": (lambda house: house.look(f"/app/capture/{house.form}"), (404, "not_found")),
    "capture_pages.thanks": (lambda house: house.look(f"/app/capture/{house.form}/thanks"), (404, "not_found")),
    "capture_public.draw": (lambda house: house.look(f"/p/capture/forms/{house.form}"), (404, "not_found")),
    "capture_public.begin": (lambda house: house.look(f"/p/capture/forms/{house.form}/token"), (404, "not_found")),
    "capture_public.send": (lambda house: house.send_form(), (404, "not_found")),
    "capture_public.receive": (lambda house: house.deliver(), (404, "not_found")),
    "files.download": (lambda house: house.app.test_client().get(house.file), (404, "not_found")),
    "invitations.look": (
        lambda house: house.post("/invitations/look", token=house.invitation),
        (404, "no_invitation"),
    ),
    "invitations.accept": (
        lambda house: house.post("/invitations/accept", token=house.invitation, name="Eva", password=PASSWORD),
        (404, "no_invitation"),
    ),
    "oidc.list_choices": (lambda house: house.nobody.get(f"/oidc/agencies/{house.agency.slug}/choices"), (200, "")),
    "oidc.start": (lambda house: house.post(f"/oidc/{house.trusting.id}/start"), (404, "not_found")),
    "oidc.finish": (lambda house: house.trusting.finish(house.came), (401, "oidc_state_unknown")),
}
"""How one comes to each door with what was good, and what is answered."""


@pytest.fixture(scope="module")
def settings(database_server: Server) -> Iterator[Settings]:
    with database_server.clone() as urls:
        yield databases.settings_for(urls, outbound_allow_networks="127.0.0.0/8")


@pytest.fixture(scope="module")
def provider(app: Application) -> Iterator[Provider]:
    app.extensions["tripfile.oidc"] = Directory()
    running = Provider()
    yield running
    running.close()


@pytest.fixture(scope="module")
def suspended(app: Application, make_agency: Callable[..., AgencyUnderTest], provider: Provider) -> House:
    made = House(app, make_agency(), provider)
    made.suspend()
    return made


@pytest.fixture
def house(app: Application, agency: AgencyUnderTest, provider: Provider) -> House:
    return House(app, agency, provider)


def told(answer: TestResponse) -> tuple[int, str]:
    """The status, and the code where it is a problem."""
    if answer.status_code < 400:
        assert answer.get_json() == {"items": []}
        return answer.status_code, ""
    return problem(answer)


class TestEveryPublicDoor:
    def test_is_tried_or_is_nothing_of_the_agency_s(self) -> None:
        assert PUBLIC.keys() - PERSONAL.keys() == DOORS.keys()

    @pytest.mark.parametrize("door", DOORS)
    def test_lets_nobody_in_and_writes_nothing(self, suspended: House, stored: Fingerprint, door: str) -> None:
        come, refusal = DOORS[door]
        before = stored()
        assert told(come(suspended)) == refusal
        after = stored()
        assert {table for table in after if after[table] != before[table]} <= USED_UP

    def test_opens_again_with_the_agency(self, house: House) -> None:
        house.suspend()
        house.resume()
        assert house.app.test_client().get(house.file).status_code == 200
        assert ok(house.post("/invitations/look", token=house.invitation))["email"] == house.invited
        ok(house.post("/invitations/accept", token=house.invitation, name="Eva", password=PASSWORD))
        assert ok(house.nobody.get(f"/oidc/agencies/{house.agency.slug}/choices"))["items"]


class TestWhoeverIsSignedInElsewhere:
    def test_joins_no_suspended_agency(
        self, house: House, other_agency: AgencyUnderTest, stored: Fingerprint, app: Application
    ) -> None:
        eva = somebody(app, other_agency, "agent")
        with mailbox(app) as post:
            ok(house.owner.post("/invitations", {"email": eva.email, "roles": ["agent"]}), 201)
            Worker(app).work()
            token = post.token(eva.email)
        house.suspend()
        before = stored()
        assert problem(eva.api.post("/invitations/join", {"token": token})) == (404, "no_invitation")
        assert stored()["core_membership"] == before["core_membership"]


class TestASignInUnderWay:
    def test_makes_nobody_a_member_of_an_agency_that_is_suspended_meanwhile(
        self, house: House, provider: Provider, app: Application
    ) -> None:
        """The provider is asked for seconds, while nobody looks at the agency."""
        email = f"meanwhile@{provider.domain}"
        provider.claims["email"] = email

        def sign(header: dict[str, Any], claims: dict[str, Any]) -> str:
            house.suspend()
            return jwt.encode(header, claims, provider.keys[-1], algorithms=[provider.alg])

        begun = house.trusting.begin()
        provider.sign = sign
        answer = house.trusting.back(begun)
        provider.sign = None
        assert problem(answer) == (403, "oidc_not_a_member")
        with app.app_context():
            assert identities.find(email) is None
