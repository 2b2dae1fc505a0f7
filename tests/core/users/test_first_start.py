"""The first start, and administrators from the command line."""

from __future__ import annotations

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
    def test_another_administrator_is_made(self, app: Application, agency: AgencyUnderTest) -> None:
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
