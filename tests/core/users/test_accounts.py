"""Accounts on the command line: closed, opened, and made operators."""

from __future__ import annotations

from click.testing import CliRunner, Result

from core.db.session import unit_of_work
from core.http.application import Application
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.users.accounts import is_operator
from core.users.commands import admin


def run(app: Application, *words: str) -> Result:
    with app.app_context(), unit_of_work():
        return CliRunner().invoke(admin, list(words))


def email_of(person: ApiClient) -> str:
    email: str = ok(person.get("/auth/me"))["user"]["email"]
    return email


class TestCommands:
    def test_close_and_open_an_account(self, app: Application, agency: AgencyUnderTest) -> None:
        person = agency.newcomer("agent")
        email = email_of(person)
        assert "is closed" in run(app, "disable", "--email", email.upper()).output
        assert person.get("/auth/me").status_code == 401
        assert "is open" in run(app, "enable", "--email", email).output

    def test_make_an_operator_and_take_it_back(self, app: Application, agency: AgencyUnderTest) -> None:
        person = agency.newcomer("agent")
        email = email_of(person)
        assert person.user_id is not None
        for word, is_one in (("grant", True), ("grant", True), ("revoke", False), ("revoke", False)):
            assert run(app, "operator", word, "--email", email).exit_code == 0
            with app.app_context():
                assert is_operator(person.user_id) is is_one

    def test_list_who_administers_and_who_is_an_operator(self, app: Application, agency: AgencyUnderTest) -> None:
        owner, admin, agent = (email_of(agency.newcomer(role)) for role in ("owner", "admin", "agent"))
        run(app, "operator", "grant", "--email", agent)
        lines = {line.rpartition("<")[2].rstrip(">"): line.split()[:2] for line in run(app, "list").output.splitlines()}
        assert lines[owner] == [agency.slug, "owner"]
        assert lines[admin] == [agency.slug, "admin"]
        assert lines[agent] == ["(platform)", "operator"]
        only = run(app, "list", "--agency", agency.slug).output
        assert owner in only
        assert "operator" not in only
        assert run(app, "list", "--agency", "nowhere").exit_code != 0

    def test_know_nobody_without_an_account(self, app: Application) -> None:
        for words in (["disable"], ["enable"], ["operator", "grant"], ["operator", "revoke"]):
            result = run(app, *words, "--email", "nobody@example.com")
            assert result.exit_code != 0, words


class TestAClosedAccount:
    def test_is_nobody_who_counts(self, app: Application, api: ApiClient, agency: AgencyUnderTest) -> None:
        """Neither as an owner who could still act, nor as a superior, a successor or somebody to act as."""
        second = agency.newcomer("owner")
        run(app, "disable", "--email", email_of(second))
        answer = api.patch(f"/users/{api.user_id}", {"roles": ["agent"]}, version="*")
        assert answer.json["code"] == "last_owner"  # type: ignore[index]
        agent = agency.newcomer("agent")
        body = {"reports_to": str(second.user_id)}
        assert api.patch(f"/users/{agent.user_id}", body, version="*").status_code == 422
        successors = {"successors": [str(second.user_id)]}
        assert api.post(f"/users/{agent.user_id}/leave", successors, version="*").status_code == 422
        body = {"user_id": str(second.user_id), "reason": "Ticket 4711: she cannot find it"}
        assert api.post("/impersonation", body).status_code == 404
