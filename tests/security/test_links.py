"""Links in letters lead to the configured address, whatever host a request named."""

from __future__ import annotations

import pytest

from core.auth.accounts import identities
from core.db.session import unit_of_work
from core.http.application import Application
from core.testing.chores import run_due
from core.testing.clients import ApiClient, problem
from core.testing.mailbox import Mailbox

EMAIL = "known@example.com"


@pytest.fixture(scope="module", autouse=True)
def _known(app: Application) -> None:
    with app.app_context(), unit_of_work():
        identities.create(email=EMAIL, name="Ana", password="a long and quiet passphrase", language="en", zone="UTC")


class TestASpoofedHost:
    @pytest.fixture(autouse=True)
    def _configured(self, app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(app.settings, "base_url", "https://trips.example.com")

    @pytest.mark.parametrize(
        "headers",
        [
            {"Host": "evil.example"},
            {"X-Forwarded-Host": "evil.example"},
            {"Forwarded": "host=evil.example"},
            {"Origin": "https://evil.example", "Referer": "https://evil.example/"},
        ],
    )
    def test_is_in_no_link(self, app: Application, letters: Mailbox, headers: dict[str, str]) -> None:
        ApiClient(app).post("/auth/password/forgotten", {"email": EMAIL}, headers=headers)
        run_due(app, "auth.send_letter")
        link = letters.link(EMAIL)
        assert link.startswith("https://trips.example.com/app/new-password#token=")
        assert "evil" not in letters.text(EMAIL)

    def test_is_refused_where_the_operator_names_the_hosts(
        self, app: Application, letters: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app.settings, "trusted_hosts", ("trips.example.com",))
        answer = ApiClient(app).post("/auth/password/forgotten", {"email": EMAIL}, headers={"Host": "evil.example"})
        assert problem(answer)[0] == 400
        run_due(app, "auth.send_letter")
        assert letters.of(EMAIL) == []
