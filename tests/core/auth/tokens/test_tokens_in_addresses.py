"""A token in an address is refused: addresses are written to logs, histories and referrers."""

from __future__ import annotations

from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from tests.core.auth.conftest import Person


class TestAddress:
    def test_a_token_in_it_is_refused_whatever_else_came(self, app: Application, person: Person) -> None:
        pair = person.tokens()
        for token in (pair["access_token"], pair["refresh_token"], "access_token=anything"):
            query = token if "=" in token else f"t={token}"
            for client in (ApiClient(app), ApiClient(app, pair["access_token"])):
                answer = client.get(f"/auth/me?{query}")
                assert problem(answer) == (401, "token_in_address")
            assert problem(ApiClient(app).post(f"/auth/login?{query}", {})) == (401, "token_in_address")

    def test_also_where_it_is_hidden_in_per_cents(self, app: Application, person: Person) -> None:
        token = person.tokens()["access_token"].replace(".", "%2E")
        assert problem(ApiClient(app).get(f"/auth/me?x={token}")) == (401, "token_in_address")

    def test_what_merely_looks_odd_is_let_through(self, app: Application, api: ApiClient) -> None:
        ok(api.get("/leads?q=eyJhbGciOiJIUzI1NiJ9"))
        ok(api.get("/leads?q=access%20token"))
