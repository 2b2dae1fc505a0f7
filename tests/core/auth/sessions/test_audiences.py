"""People of an agency and its clients: what lets the ones in never lets in the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Request

from core.actor import Actor, Audience, current_actor
from core.app import create_app
from core.auth.errors import InvalidToken
from core.auth.schemas import Tokens
from core.auth.sessions import opening, rotation
from core.auth.tokens import refresh
from core.config import Settings
from core.db.session import dispose
from core.http.application import Application
from core.http.blueprint import Blueprint
from core.http.structs import View
from core.plugins import manager
from core.plugins.hookspecs import hookimpl
from core.plugins.spec import Plugin
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.auth.conftest import Person
from tests.core.auth.forging import claims_of

REFUSED = (401, "invalid_token")
Open = Callable[[Audience], Tokens]


class Seen(View):
    """Whom a route saw."""

    audience: str
    rights: int


def _seen() -> Seen:
    actor = current_actor()
    return Seen(actor.audience, len(actor.grants))


def window() -> Plugin:
    """A plugin with routes for clients."""
    blueprint = Blueprint("window", description="What clients see.")

    @blueprint.get("/trip", signed_in=True, audience="portal")
    @blueprint.response(200, Seen)
    def trip() -> Seen:
        """For clients."""
        return _seen()

    @blueprint.get("/desk", signed_in=True)
    @blueprint.response(200, Seen)
    def desk() -> Seen:
        """For people of the agency, as every route that says nothing."""
        return _seen()

    @blueprint.get("/leads", permission="leads.read", audience="portal")
    @blueprint.response(200, Seen)
    def leads() -> Seen:
        """Asks clients for a right that only roles grant."""
        return _seen()

    return Plugin(name="window", version="1.0.0", core=">=1.0,<2", summary="For tests.", blueprints=(blueprint,))


@pytest.fixture(scope="module")
def app(settings: Settings) -> Iterator[Application]:
    """The application with routes for clients."""
    load = manager.load

    def load_with_window(given: Settings) -> manager.Plugins:
        loaded = load(given)
        return replace(loaded, plugins={**loaded.plugins, "window": window()})

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(manager, "load", load_with_window)
        application = create_app(settings)
    yield application
    with application.app_context():
        dispose()


@pytest.fixture
def opened(app: Application, person: Person, agency: AgencyUnderTest) -> Open:
    """Opens a session of the person for an audience."""

    def open_one(audience: Audience) -> Tokens:
        with app.test_request_context():
            return opening.open_session(person.user_id, agency=agency.slug, methods=("pwd",), audience=audience)

    return open_one


class TestRoutes:
    def test_let_in_whom_they_are_for(self, app: Application, opened: Open) -> None:
        client, staff = opened("portal"), opened("staff")
        assert ok(ApiClient(app, client.access_token).get("/window/trip")) == {"audience": "portal", "rights": 0}
        assert ok(ApiClient(app, staff.access_token).get("/window/desk"))["audience"] == "staff"

    @pytest.mark.parametrize("path", ["/window/desk", "/auth/me", "/leads", "/users", "/auth/sessions"])
    def test_for_staff_refuse_clients(self, app: Application, opened: Open, path: str) -> None:
        client = ApiClient(app, opened("portal").access_token)
        ok(client.get("/window/trip"))
        assert problem(client.get(path)) == REFUSED
        assert problem(client.get(path)) == REFUSED

    def test_for_clients_refuse_staff(self, app: Application, opened: Open) -> None:
        staff = ApiClient(app, opened("staff").access_token)
        ok(staff.get("/window/desk"))
        assert problem(staff.get("/window/trip")) == REFUSED
        assert problem(staff.get("/window/trip")) == REFUSED

    def test_give_clients_no_right_of_a_role(self, app: Application, opened: Open) -> None:
        client = ApiClient(app, opened("portal").access_token)
        assert problem(client.get("/window/leads")) == (403, "forbidden")

    def test_refuse_whomever_a_plugin_lets_in_for_the_others(self, app: Application, agency: AgencyUnderTest) -> None:
        class Keys:
            @staticmethod
            @hookimpl(tryfirst=True)
            def authenticate(request: Request) -> Actor | None:
                sent = request.headers.get("X-Test-Key")
                return Actor(kind="user", agency_id=agency.id, user_id=agency.id) if sent else None

        relay = app.extensions["tripfile.plugins"].relay
        relay.register(Keys, "keys")
        try:
            headers = {"X-Test-Key": "yes"}
            ok(ApiClient(app).get("/window/desk", headers=headers))
            assert problem(ApiClient(app).get("/window/trip", headers=headers)) == (401, "unauthorized")
        finally:
            relay.unregister(name="keys")


class TestTokens:
    def test_name_whom_they_are_for(self, opened: Open) -> None:
        assert claims_of(opened("portal").access_token)["aud"] == "tripfile-portal"
        assert claims_of(opened("staff").access_token)["aud"] == "tripfile-staff"

    def test_are_refreshed_by_their_own_kind_only(self, app: Application, opened: Open) -> None:
        client, staff = opened("portal"), opened("staff")
        with app.test_request_context():
            for token, audience in ((client.refresh_token, "staff"), (staff.refresh_token, "portal")):
                with pytest.raises(InvalidToken):
                    rotation.refresh(token, audience=audience)  # type: ignore[arg-type] # one of the two
            again = rotation.refresh(client.refresh_token, audience="portal")
        assert claims_of(again.access_token)["aud"] == "tripfile-portal"

    def test_of_a_clients_session_cannot_be_made_into_staffs(self, app: Application, opened: Open) -> None:
        """Even with the key: what a session is for stands in its row."""
        from uuid import UUID

        from core.auth.tokens import access

        claims = claims_of(opened("portal").access_token)
        session_id, user_id, agency_id = (UUID(claims[name]) for name in ("sid", "sub", "agency"))
        with app.test_request_context():
            made = access.make(user_id=user_id, session_id=session_id, agency_id=agency_id, extra={})
            with pytest.raises(InvalidToken):
                rotation.refresh(refresh.make(session_id, counter=0))
        assert problem(ApiClient(app, made).get("/auth/me")) == REFUSED
