"""How far whoever acts as another reaches: from where, to which rows, and to nothing that outlasts it."""

from __future__ import annotations

from typing import Any

from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.allow_lists.test_allow_lists import HOME, OFFICE, REFUSED, at, restrict
from tests.core.impersonation.test_impersonation import WHY, act_as, client

FORBIDDEN = (403, "forbidden")


class TestActingAsAnother:
    def test_brings_ones_own_networks_along(self, app: Application, api: ApiClient, agency: AgencyUnderTest) -> None:
        eva, admin = agency.newcomer("agent"), agency.newcomer("admin")
        ok(restrict(api, role="admin"), 201)
        draft = {"user_id": str(eva.user_id), "reason": WHY}
        assert problem(at(HOME, admin, "POST", "/impersonation", json=draft)) == REFUSED
        acting = client(app, at(OFFICE, admin, "POST", "/impersonation", json=draft), agency)
        ok(at(OFFICE, acting))
        assert problem(at(HOME, acting)) == REFUSED
        ok(at(HOME, eva))

    def test_reaches_no_rows_that_one_does_not_see_oneself(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        own = {"leads.read": "own", "leads.write": "own", "contacts.write": "own"}
        for code, more in (("near", {}), ("help", {"users.impersonate": "all"})):
            ok(api.post("/roles", {"code": code, "name": code, "permissions": {**own, **more}}), 201)
        eva, helper = agency.newcomer("near"), agency.newcomer("help")
        lead = ok(eva.post("/leads", {"contact": {"name": "Ben"}}), 201)
        for one in (helper, act_as(helper, eva, agency)):
            assert one.get(f"/leads/{lead['id']}").status_code in {403, 404}
        ok(act_as(api, eva, agency).get(f"/leads/{lead['id']}"))

    def test_leaves_nothing_behind_that_goes_on(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        """Nor does a key: an endpoint would go on receiving everything once they have ended."""
        scopes = {"webhooks.manage": "all", "plugins.manage": "all"}
        key = ok(api.post("/api-keys", {"name": "Sync", "scopes": scopes}), 201)["key"]
        endpoint: dict[str, Any] = {"url": "https://example.com/x", "events": ["*"]}
        for one in (act_as(api, agency.newcomer("admin"), agency), ApiClient(app, key, agency_id=agency.id)):
            assert problem(one.post("/webhooks/endpoints", endpoint)) == FORBIDDEN
            some = "/webhooks/endpoints/0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90"
            assert problem(one.patch(some, {"events": ["*"]}, version="*")) == FORBIDDEN
            assert problem(one.post(f"{some}/secret")) == FORBIDDEN
            assert problem(one.patch("/plugins/notifications", {"enabled": False})) == FORBIDDEN
