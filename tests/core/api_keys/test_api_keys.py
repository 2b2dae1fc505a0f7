from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from core import clock
from core.api_keys import form
from core.config import Settings
from core.http.application import Application
from core.roles import builtin
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.contract.statements import Statements
from tests.core.api_keys.conftest import LEADS, Key, in_days
from tests.core.auth.conftest import eventually

INVALID = (401, "invalid_token")
FORBIDDEN = (403, "forbidden")
Make = Callable[..., Key]


class TestMaking:
    def test_shows_the_secret_once(self, key: Key, api: ApiClient) -> None:
        shown = ok(api.get(f"/api-keys/{key.id}"))
        assert shown["prefix"] == key.text[: len(shown["prefix"])]
        assert key.text not in str(ok(api.get("/api-keys"))) + str(shown)
        assert shown["user_id"] == str(api.user_id)

    def test_answers_what_no_cache_may_keep(self, api: ApiClient) -> None:
        answer = api.post("/api-keys", {"name": "x", "scopes": LEADS}, headers={"Idempotency-Key": "twice"})
        assert answer.headers["Cache-Control"] == "no-store"
        again = api.post("/api-keys", {"name": "x", "scopes": LEADS}, headers={"Idempotency-Key": "twice"})
        assert ok(again, 201)["key"] != ok(answer, 201)["key"]

    def test_leaves_nothing_usable_in_the_database(self, key: Key, settings: Settings) -> None:
        secret = key.text.rsplit("_", 1)[1][:33]
        assert settings.database_owner_url is not None
        with psycopg.connect(settings.database_owner_url.get_secret_value()) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            rows = [connection.execute(f'SELECT t::text FROM "{name}" t').fetchall() for (name,) in tables]
        assert secret not in str(rows)
        assert key.id in str(rows)

    def test_refuses_more_than_one_may_do(self, agent: ApiClient) -> None:
        scopes = {"leads.read": "all", "users.manage": "all", "no.such": "all", "api_keys.read": "own"}
        found = faults(agent.post("/api-keys", {"name": "x", "scopes": scopes}))
        assert found == {
            "/scopes/leads.read": "beyond_your_own",
            "/scopes/users.manage": "beyond_your_own",
            "/scopes/no.such": "unknown_permission",
            "/scopes/api_keys.read": "not_for_keys",
        }

    def test_refuses_everything_wrong_at_once(self, api: ApiClient) -> None:
        draft = {"name": "x", "scopes": {"no.such": "all"}, "networks": ["10.0.0.0/8", "office"]}
        found = faults(api.post("/api-keys", {**draft, "expires_at": in_days(-1)}))
        assert found == {"/scopes/no.such": "unknown_permission", "/networks/1": "network", "/expires_at": "value"}

    def test_refuses_to_last_for_ever(self, api: ApiClient) -> None:
        found = faults(api.post("/api-keys", {"name": "x", "scopes": LEADS, "expires_at": in_days(367)}))
        assert found == {"/expires_at": "value"}

    def test_wants_a_fresh_proof_of_the_person(self, app: Application, key: Key) -> None:
        for method, path in (("POST", "/api-keys"), ("POST", f"/api-keys/{key.id}/rotate")):
            assert problem(key.api.call(method, path, json={}))[0] == 403

    def test_counts_against_the_days_quota(self, api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
        make = {"name": "x", "scopes": LEADS}
        before = ok(api.get("/quotas"))
        ok(api.post("/api-keys", make), 201)
        after = ok(api.get("/quotas"))
        used = [{view["name"]: view["used"] for view in views}["api_keys.made"] for views in (before, after)]
        assert used == [0, 1]


class TestUsing:
    def test_acts_in_the_name_of_the_owner(self, key: Key, api: ApiClient) -> None:
        lead = ok(key.api.post("/leads", {"contact": {"name": "Ana"}}), 201)
        assert ok(api.get(f"/leads/{lead['id']}"))["id"] == lead["id"]
        event = next(each for each in ok(api.get("/audit?limit=50"))["items"] if each["name"] == "leads.lead_created")
        assert (event["actor_kind"], event["actor_id"]) == ("key", str(api.user_id))

    def test_costs_no_question_for_a_second(self, key: Key, statements: Statements) -> None:
        ok(key.api.get("/leads"))
        ok(key.api.get("/leads"))
        statements.clear()
        ok(key.api.get("/leads"))
        assert len(statements.system) <= 1
        assert not [each for each in statements.system if "core_revocation" not in each]

    @pytest.mark.parametrize("scope", ["own", "all"])
    def test_reaches_as_far_as_the_scope(self, make_key: Make, agency: AgencyUnderTest, scope: str) -> None:
        owner = agency.newcomer("owner")
        theirs = ok(agency.newcomer("owner").post("/leads", {"contact": {"name": "Bea"}}), 201)
        program = make_key(owner, {"leads.read": scope}).api
        assert program.get(f"/leads/{theirs['id']}").status_code == (200 if scope == "all" else 404)

    def test_never_reaches_further_than_its_owner_does_now(
        self, make_key: Make, agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        owner = agency.newcomer("manager")
        key = make_key(owner, {"leads.read": "own", "leads.write": "own", "contacts.write": "own"})
        ok(key.api.post("/leads", {"contact": {"name": "Ana"}}), 201)
        ok(api.patch(f"/users/{owner.user_id}", {"roles": ["read_only"]}, version="*"))
        eventually(lambda: problem(key.api.post("/leads", {"contact": {"name": "Bea"}})) == FORBIDDEN)

    def test_may_do_nothing_its_scopes_do_not_name(self, key: Key) -> None:
        assert problem(key.api.get("/contacts")) == FORBIDDEN
        assert problem(key.api.get("/users")) == FORBIDDEN

    def test_never_touches_accounts_sessions_and_keys(self, app: Application, make_key: Make, api: ApiClient) -> None:
        permissions = app.extensions["tripfile.plugins"].permissions.values()
        scopes = {name: str(scope) for name, scope in builtin.grants("owner", permissions).items()}
        key = make_key(api, {name: scope for name, scope in scopes.items() if not name.startswith("api_keys.")})
        calls = [("GET", "/api-keys"), ("POST", "/api-keys"), ("GET", f"/api-keys/{key.id}"), ("GET", "/auth/me")]
        calls += [("POST", "/auth/logout"), ("POST", "/auth/switch"), ("POST", "/auth/password")]
        calls += [("POST", f"/api-keys/{key.id}/{verb}") for verb in ("rotate", "revoke")]
        for method, path in calls:
            assert key.api.call(method, path, json={}).status_code == 403, path
        ok(key.api.get("/leads"))

    def test_is_not_taken_from_the_address(self, app: Application, key: Key) -> None:
        assert ApiClient(app).get(f"/leads?token={key.text}").status_code in {401, 422}
        assert ApiClient(app).get(f"/leads?access_token={key.text}").status_code in {401, 422}


class TestWhatIsNoKey:
    @pytest.mark.parametrize("change", ["checksum", "secret", "environment", "shape"])
    def test_is_refused_without_a_question(
        self, app: Application, key: Key, statements: Statements, change: str
    ) -> None:
        wrong = {
            "checksum": key.text[:-1] + ("0" if key.text[-1] != "0" else "1"),
            "secret": key.text[:40] + ("0" if key.text[40] != "0" else "1") + key.text[41:],
            "environment": key.text.replace("tripfile_test_", "tripfile_live_"),
            "shape": key.text + "0",
        }[change]
        assert problem(key.at(app, wrong).get("/leads")) == INVALID
        assert not [each for each in statements.system + statements.others if "core_api_key" in each]

    def test_is_refused_where_only_the_secret_differs(self, app: Application, key: Key) -> None:
        forged = form.make(form.id_of(key.text, within="test"), within="test")  # type: ignore[arg-type] # it is one
        assert problem(key.at(app, forged).get("/leads")) == INVALID

    def test_counts_by_address_as_every_guess(self, settings: Settings, key: Key, guesses: list[str]) -> None:
        for guess in ("tripfile_test_x", key.text[:-1] + "_"):
            assert problem(key.at(key.owner.app, guess).get("/leads")) == INVALID
        assert guesses == ["public", "public"]

    @pytest.fixture
    def guesses(self, app: Application, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The kind of caller each request was counted as."""
        counted: list[str] = []
        limits = app.extensions["tripfile.limits"]
        count = limits.count

        def seen(request: Any, rule: Any) -> None:
            from flask import g

            counted.append(g.actor.kind)
            count(request, rule)

        monkeypatch.setattr(limits, "count", seen)
        return counted


class TestLookingAfter:
    def test_colleagues_see_their_own_and_administrators_all(
        self, make_key: Make, agent: ApiClient, agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        key = make_key(agent, {"leads.read": "own"})
        other = agency.newcomer("agent")
        assert ok(other.get("/api-keys"))["items"] == []
        assert problem(other.post(f"/api-keys/{key.id}/revoke")) == (404, "not_found")
        assert [each["id"] for each in ok(api.get("/api-keys"))["items"]] == [key.id]
        ok(api.post(f"/api-keys/{key.id}/revoke"))
        assert problem(key.api.get("/leads")) == INVALID
        assert problem(agency.newcomer("read_only").get("/api-keys")) == FORBIDDEN

    def test_nobody_opens_a_colleagues_key(self, make_key: Make, agency: AgencyUnderTest, api: ApiClient) -> None:
        grants = {"api_keys.read": "all", "api_keys.manage": "all"}
        ok(api.post("/roles", {"code": "keeper", "name": "Keeper", "permissions": grants}), 201)
        key, keeper = make_key(api, networks=["192.0.2.0/24"]), agency.newcomer("keeper")
        assert problem(keeper.patch(f"/api-keys/{key.id}", {"networks": []}, version="*")) == (409, "not_your_key")
        ok(keeper.post(f"/api-keys/{key.id}/revoke"))

    def test_changes_count_at_once(self, key: Key, api: ApiClient) -> None:
        ok(key.api.get("/leads"))
        changed = ok(api.patch(f"/api-keys/{key.id}", {"scopes": {"contacts.read": "all"}}, version="*"))
        assert (changed["name"], changed["scopes"]) == ("Website form", {"contacts.read": "all"})
        assert problem(key.api.get("/leads")) == FORBIDDEN
        ok(key.api.get("/contacts"))
        found = faults(api.patch(f"/api-keys/{key.id}", {"scopes": {"api_keys.read": "all"}}, version="*"))
        assert found == {"/scopes/api_keys.read": "not_for_keys"}

    def test_tells_the_moment_of_the_use_and_none_after_the_revocation(
        self, app: Application, key: Key, api: ApiClient
    ) -> None:
        before = clock.now()
        ok(key.api.get("/leads"))
        uses = app.extensions["tripfile.api_keys"]._uses
        after = clock.now()
        ok(api.post(f"/api-keys/{key.id}/revoke"))
        with app.app_context():
            uses.write()
        shown = ok(api.get(f"/api-keys/{key.id}"))
        used, revoked = (datetime.fromisoformat(shown[each]) for each in ("last_used_at", "revoked_at"))
        assert before <= used <= after <= revoked
        # Let in by a process that had not heard of it yet.
        with app.app_context():
            uses.note(UUID(key.id))
            uses.write()
        assert ok(api.get(f"/api-keys/{key.id}"))["last_used_at"] == shown["revoked_at"]

    def test_tells_when_a_key_was_used_without_a_write_in_the_request(
        self, app: Application, key: Key, api: ApiClient, statements: Statements
    ) -> None:
        assert ok(api.get(f"/api-keys/{key.id}"))["last_used_at"] is None
        ok(key.api.get("/leads"))
        statements.clear()
        ok(key.api.get("/leads"))
        assert not [each for each in statements.others + statements.system if "last_used" in each]
        with app.app_context():
            app.extensions["tripfile.api_keys"]._uses.write()
        shown = ok(api.get(f"/api-keys/{key.id}"))
        assert shown["last_used_at"] is not None
        assert shown["version"] == key.view["version"]
        statements.clear()
        with app.app_context():
            app.extensions["tripfile.api_keys"]._uses.write()
        assert statements.system == []

    def test_stands_in_the_log(self, key: Key, api: ApiClient) -> None:
        key.rotate(overlap_hours=1)
        key.revoke()
        told = [each["name"] for each in ok(api.get("/audit?limit=50"))["items"]]
        assert told[-3:] == ["api_keys.api_key_created", "api_keys.api_key_rotated", "api_keys.api_key_revoked"] or set(
            told
        ) >= {"api_keys.api_key_created", "api_keys.api_key_rotated", "api_keys.api_key_revoked"}
        assert key.text not in str(ok(api.get("/audit?limit=50")))


class TestItsOwnBounds:
    def test_a_network_it_was_not_made_for_is_refused(self, make_key: Make, api: ApiClient) -> None:
        key = make_key(api, networks=["192.0.2.0/24", "2001:db8::/32"])
        for address, status in (
            ("192.0.2.9", 200),
            ("2001:db8::1", 200),
            ("::ffff:192.0.2.9", 200),
            ("192.0.3.9", 403),
        ):
            answer = key.api.get("/leads", environ_base={"REMOTE_ADDR": address})
            assert answer.status_code == status, address
        assert problem(key.api.get("/leads")) == (403, "address_not_allowed")

    def test_its_limit_is_its_own(self, make_key: Make, api: ApiClient) -> None:
        key, other = make_key(api, rate_limit="2/hour"), make_key(api)
        answers = [key.api.get("/leads") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert '"key";q=2;w=3600' in answers[0].headers["RateLimit-Policy"]
        ok(other.api.get("/leads"))
        ok(api.get("/leads"))

    def test_a_limit_that_is_none_is_refused(self, api: ApiClient) -> None:
        assert "/rate_limit" in faults(api.post("/api-keys", {"name": "x", "scopes": LEADS, "rate_limit": "often"}))


class TestIdempotency:
    def test_a_key_never_gets_the_answer_of_its_owner(self, key: Key, api: ApiClient) -> None:
        body, headers = {"contact": {"name": "Ana"}}, {"Idempotency-Key": "same"}
        first = ok(api.post("/leads", body, headers=headers), 201)
        second = ok(key.api.post("/leads", body, headers=headers), 201)
        assert first["id"] != second["id"]
