"""Operators of the platform in agencies: by a second factor, on the record, and only as long as they are operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, update

from core.auth.models import AuthSession
from core.auth.sessions.principals import principals
from core.db.session import apart
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.users import accounts
from core.users.models import Operator
from tests.core.impersonation.test_impersonation import WHY, client, email_of, happened


@pytest.fixture
def operator(app: Application, other_agency: AgencyUnderTest) -> ApiClient:
    """Somebody who runs the platform with a second factor, and is a member of another agency."""
    person = bare_operator(app, other_agency)
    with app.app_context(), apart() as session:
        strong = update(AuthSession).where(AuthSession.user_id == person.user_id)
        session.execute(strong.values(methods=["pwd", "otp"]))
    with app.app_context():
        principals().forget()
    return person


def bare_operator(app: Application, agency: AgencyUnderTest) -> ApiClient:
    """Somebody who runs the platform with a password alone."""
    person = agency.newcomer("owner")
    with app.app_context():
        accounts.make_operator(email_of(person))
    return person


def enter(operator: ApiClient, agency: AgencyUnderTest, **who: Any) -> Any:
    return operator.post("/impersonation/support", {"agency": agency.slug, "reason": WHY, **who})


class TestAnOperator:
    def test_enters_as_a_member(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, operator: ApiClient
    ) -> None:
        eva = agency.newcomer("agent")
        lead = ok(eva.post("/leads", {"contact": {"name": "Ben"}}), 201)
        acting = client(app, enter(operator, agency, user_id=str(eva.user_id)), agency)
        ok(acting.get(f"/leads/{lead['id']}"))
        banner = ok(acting.get("/auth/me"))["impersonation"]
        assert (banner["by_operator"], banner["impersonator_id"]) == (True, str(operator.user_id))
        (begun,) = happened(api, "impersonation.impersonation_began")
        assert (begun["actor_id"], begun["reason"]) == (str(operator.user_id), WHY)

    def test_sees_the_views_of_a_member_and_leaves_them_as_they_are(
        self, app: Application, agency: AgencyUnderTest, operator: ApiClient
    ) -> None:
        eva = agency.newcomer("agent")
        wanted = {"entity": "leads.lead", "name": "Mine", "filter": {"status": "new"}}
        path = f"/views/{ok(eva.post('/views', wanted), 201)['id']}"
        acting = client(app, enter(operator, agency, user_id=str(eva.user_id)), agency)
        assert ok(acting.get(path))["name"] == "Mine"
        for answer in (
            acting.post("/views", wanted),
            acting.patch(path, {"name": "Theirs"}, version="*"),
            acting.delete(path, version="*"),
            acting.call("PUT", f"{path}/pin"),
            acting.delete(f"{path}/pin"),
        ):
            assert problem(answer) == (403, "forbidden")

    def test_enters_as_support_with_the_rights_of_a_role(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, operator: ApiClient
    ) -> None:
        lead = ok(api.post("/leads", {"contact": {"name": "Ben"}}), 201)
        acting = client(app, enter(operator, agency, role="read_only"), agency)
        me = ok(acting.get("/auth/me"))
        assert (me["user"]["id"], me["agency"]["slug"]) == (str(operator.user_id), agency.slug)
        assert (me["impersonation"]["role"], me["impersonation"]["reason"]) == ("read_only", WHY)
        ok(acting.get(f"/leads/{lead['id']}"))
        assert problem(acting.post("/leads", {"contact": {"name": "Eva"}})) == (403, "forbidden")
        assert str(operator.user_id) not in str(ok(api.get("/users")))
        ok(acting.delete("/impersonation"), 204)
        assert problem(acting.get("/leads")) == (401, "invalid_token")

    def test_is_nobody_else(self, api: ApiClient, agency: AgencyUnderTest, operator: ApiClient) -> None:
        assert problem(enter(api, agency, role="read_only")) == (404, "not_found")
        answer = operator.post("/impersonation/support", {"agency": "nowhere", "role": "read_only", "reason": WHY})
        assert problem(answer) == (404, "not_found")

    def test_shows_a_second_factor_first(
        self, app: Application, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        """Behind this door are all the others."""
        bare = bare_operator(app, other_agency)
        refused = (403, "operator_without_factor")
        assert problem(enter(bare, agency, role="read_only")) == refused
        assert problem(enter(bare, agency, user_id=str(agency.newcomer("agent").user_id))) == refused

    def test_is_let_go_on_as_support_with_a_second_factor_alone(
        self, app: Application, agency: AgencyUnderTest, operator: ApiClient
    ) -> None:
        support = client(app, enter(operator, agency, role="manager"), agency)
        ok(support.get("/leads"))
        with app.app_context():
            with apart() as session:
                theirs = update(AuthSession).where(AuthSession.impersonator_id == operator.user_id)
                session.execute(theirs.values(methods=["impersonation"]))
            principals().forget()
        assert problem(support.get("/leads")) == (401, "invalid_token")

    def test_comes_as_support_where_they_have_a_place_as_well(
        self, app: Application, operator: ApiClient, other_agency: AgencyUnderTest
    ) -> None:
        ok(client(app, enter(operator, other_agency, role="read_only"), other_agency).get("/leads"))

    def test_is_out_when_they_sign_out(self, app: Application, agency: AgencyUnderTest, operator: ApiClient) -> None:
        member = client(app, enter(operator, agency, user_id=str(agency.newcomer("agent").user_id)), agency)
        support = client(app, enter(operator, agency, role="manager"), agency)
        ok(operator.post("/auth/logout"), 204)
        for acting in (member, support):
            assert problem(acting.get("/leads")) == (401, "invalid_token")

    def test_says_as_whom(self, agency: AgencyUnderTest, operator: ApiClient) -> None:
        assert faults(enter(operator, agency)) == {"/user_id": "required"}
        both = enter(operator, agency, role="read_only", user_id=str(agency.newcomer("agent").user_id))
        assert faults(both) == {"/role": "either"}
        assert "/role" in faults(enter(operator, agency, role="owner"))

    @pytest.mark.parametrize("end", [accounts.unmake_operator, accounts.disable])
    def test_is_out_when_they_are_none_any_more(
        self, app: Application, agency: AgencyUnderTest, operator: ApiClient, end: Callable[[str], str]
    ) -> None:
        member = client(app, enter(operator, agency, user_id=str(agency.newcomer("agent").user_id)), agency)
        support = client(app, enter(operator, agency, role="manager"), agency)
        ok(member.get("/leads")), ok(support.get("/leads"))
        email = email_of(operator)
        with app.app_context():
            end(email)
        for acting in (member, support):
            assert problem(acting.get("/leads")) == (401, "invalid_token")

    def test_is_out_even_where_the_session_was_not_ended(
        self, app: Application, agency: AgencyUnderTest, operator: ApiClient
    ) -> None:
        """The flag is looked at, not only the sessions that were there when it was taken."""
        support = client(app, enter(operator, agency, role="manager"), agency)
        with app.app_context():
            with apart() as session:
                session.execute(delete(Operator).where(Operator.user_id == operator.user_id))
            principals().forget()
        assert problem(support.get("/leads")) == (401, "invalid_token")
