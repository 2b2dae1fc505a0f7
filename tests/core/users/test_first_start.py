"""The first start, and administrators from the command line."""

from __future__ import annotations

from collections.abc import Callable

from click.testing import CliRunner, Result

from core.agencies.models import Agency
from core.db.session import apart, unit_of_work
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from core.users import first_start
from core.users.commands import admin


def run(app: Application, *words: str) -> Result:
    with app.app_context(), unit_of_work():
        return CliRunner().invoke(admin, words)


def told(result: Result) -> dict[str, str]:
    """E-mail address and password as they were printed."""
    assert result.exit_code == 0, result.output
    lines = dict(line.split(":", 1) for line in result.output.splitlines())
    return {"email": lines["E-mail"].strip(), "password": lines["Password"].strip()}


def log_in(app: Application, credentials: dict[str, str], **more: str) -> int:
    return ApiClient(app).post("/auth/login", credentials | more).status_code


class TestFirstStart:
    def test_an_agency_with_an_owner_is_made_once(self, app: Application) -> None:
        # The only test of this module's database that starts from nothing: keep it the first.
        with app.app_context(), apart() as session:
            assert session.query(Agency).count() == 0
        first = first_start.ensure_admin(app)
        assert first is not None
        assert len(first.password or "") > 30
        assert first_start.ensure_admin(app) is None
        tokens = ok(ApiClient(app).post("/auth/login", {"email": first.email, "password": first.password}))
        client = ApiClient(app, tokens["access_token"])
        assert ok(client.get("/agencies/current"))["slug"] == "my-agency"
        me = ok(client.get("/auth/me"))
        assert me["permissions"]["users.manage"] == "all"
        assert [row["email"] for row in ok(client.get("/users?q=admin"))["items"]] == [first.email]

    def test_no_well_known_password_opens_it(self, app: Application) -> None:
        for password in ("admin", "password", "tripfile", "changeme", first_start.FIRST_EMAIL):
            assert log_in(app, {"email": first_start.FIRST_EMAIL, "password": password}) == 401


class TestReset:
    def test_the_first_administrator_gets_a_new_password_and_every_session_ends(self, app: Application) -> None:
        before = told(run(app, "reset"))
        assert before["email"] == first_start.FIRST_EMAIL
        tokens = ok(ApiClient(app).post("/auth/login", before))
        after = told(run(app, "reset"))
        assert after["password"] != before["password"]
        assert (log_in(app, before), log_in(app, after)) == (401, 200)
        client = ApiClient(app, tokens["access_token"])
        assert problem(client.get("/auth/me")) == (401, "invalid_token")

    def test_an_unknown_address_is_one_sentence(self, app: Application) -> None:
        result = run(app, "reset", "--email", "nobody@example.com")
        assert result.exit_code != 0
        assert "Nobody has the e-mail address nobody@example.com" in str(result.exception or result.output)


class TestCreate:
    def test_the_first_one_is_the_owner(self, app: Application, make_agency: Callable[..., AgencyUnderTest]) -> None:
        agency = make_agency()
        first, second = (
            ApiClient(app, ok(ApiClient(app).post("/auth/login", told(made)))["access_token"])
            for made in (
                run(app, "create", "--agency", agency.slug, "--email", "ana@sunrise.example", "--name", "Ana Duarte"),
                run(app, "create", "--agency", agency.slug, "--email", "rui@sunrise.example"),
            )
        )
        mine, theirs = (ok(each.get("/auth/me"))["user"] for each in (first, second))
        assert (mine["name"], theirs["name"]) == ("Ana Duarte", "rui")
        assert ok(first.get(f"/users/{mine['id']}"))["roles"] == ["owner"]
        assert ok(first.get(f"/users/{theirs['id']}"))["roles"] == ["admin"]
        # Who may make owners: what no administrator can.
        ok(first.patch(f"/users/{theirs['id']}", {"roles": ["owner"]}, version="*"))

    def test_once_the_account_of_the_last_owner_is_closed_it_makes_another_owner(
        self, app: Application, make_agency: Callable[..., AgencyUnderTest]
    ) -> None:
        agency = make_agency()
        assert run(app, "create", "--agency", agency.slug, "--email", "gone@example.com").exit_code == 0
        assert run(app, "disable", "--email", "gone@example.com").exit_code == 0
        assert "owner" in run(app, "create", "--agency", agency.slug, "--email", "next@example.com").output

    def test_a_name_is_one_line(self, app: Application, agency: AgencyUnderTest) -> None:
        result = run(app, "create", "--agency", agency.slug, "--email", "two@example.com", "--name", "Two\nlines")
        assert result.exit_code != 0
        assert "is not a name" in str(result.exception or result.output)

    def test_another_administrator_is_made(self, app: Application, agency: AgencyUnderTest) -> None:
        agency.member()
        made = told(run(app, "create", "--agency", agency.slug, "--email", "Rui@example.com"))
        tokens = ok(ApiClient(app).post("/auth/login", made))
        assert tokens["agency"]["slug"] == agency.slug
        assert ok(ApiClient(app, tokens["access_token"]).get("/auth/me"))["permissions"]["users.manage"] == "all"

    def test_who_has_left_may_be_made_one(self, app: Application, api: ApiClient, agency: AgencyUnderTest) -> None:
        eva = agency.newcomer("agent")
        email = ok(eva.get("/auth/me"))["user"]["email"]
        ok(api.post(f"/users/{eva.user_id}/leave", {"successors": []}, version="*"))
        result = run(app, "create", "--agency", agency.slug, "--email", email)
        assert result.exit_code == 0, result.output
        back = ok(api.get(f"/users/{eva.user_id}"))
        assert (back["state"], back["roles"]) == ("active", ["admin"])

    def test_an_unknown_agency_is_one_sentence(self, app: Application) -> None:
        result = run(app, "create", "--agency", "nowhere", "--email", "eva@example.com")
        assert result.exit_code != 0
        assert "There is no agency nowhere" in str(result.exception or result.output)

    def test_a_member_keeps_their_password_and_is_refused(self, app: Application, agency: AgencyUnderTest) -> None:
        made = told(run(app, "create", "--agency", agency.slug, "--email", "lia@example.com"))
        result = run(app, "create", "--agency", agency.slug, "--email", "lia@example.com")
        assert result.exit_code != 0
        assert "member already" in str(result.exception or result.output)
        assert log_in(app, made) == 200


class TestAttach:
    def test_a_member_gets_the_role_besides_their_own(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        ana = agency.newcomer("admin")
        email = ok(ana.get("/auth/me"))["user"]["email"]
        result = run(app, "attach", "--agency", agency.slug, "--email", email, "--role", "owner")
        assert result.exit_code == 0, result.output
        assert ok(api.get(f"/users/{ana.user_id}"))["roles"] == ["admin", "owner"]

    def test_nobody_comes_to_an_agency_without_an_owner_but_its_owner(
        self, app: Application, agency: AgencyUnderTest, make_agency: Callable[..., AgencyUnderTest]
    ) -> None:
        email = ok(agency.newcomer("agent").get("/auth/me"))["user"]["email"]
        empty = make_agency()
        refused = run(app, "attach", "--agency", empty.slug, "--email", email, "--role", "admin")
        assert "give somebody the role owner first" in str(refused.exception or refused.output)
        assert run(app, "attach", "--agency", empty.slug, "--email", email, "--role", "owner").exit_code == 0
