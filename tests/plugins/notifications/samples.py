"""How the contract tests call the routes of notifications."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.testing.clients import ApiClient, ok
from plugins.notifications import api as notifications
from tests.contract.sample import Sample


def _told(api: ApiClient) -> str:
    """Tell somebody something; the id of what they were told."""
    assert api.user_id is not None
    with api.app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
        notifications.notify("leads.assigned", [api.user_id], words={"reference": "L-1"})
    found: str = ok(api.get("/notifications?limit=1"))["items"][0]["id"]
    return found


def _lead(api: ApiClient) -> str:
    found: str = ok(api.post("/leads", {"contact": {"name": "Ana"}}), 201)["id"]
    return found


def _mute(api: ApiClient, address: str) -> None:
    ok(api.call("PUT", address))


# An address of the public internet that needs no name server.
_ADDRESS = {"url": "https://8.8.8.8/push"}


def _push(api: ApiClient, address: str) -> None:
    ok(api.call("PUT", "/notifications/push", json=_ADDRESS))


SAMPLES: Mapping[str, Sample] = {
    "notifications.search": Sample(before=lambda api, address: _told(api)),
    "notifications.search_mutes": Sample(before=lambda api, address: _mute(api, f"{address}/{_lead(api)}")),
    "notifications.unmute": Sample(before=_mute),
    "notifications.show_push": Sample(before=_push),
    "notifications.set_up_push": Sample(body=lambda api, number: _ADDRESS),
    "notifications.take_away_push": Sample(before=_push),
}
ROWS: Mapping[str, Callable[[ApiClient], str]] = {
    "/notifications/<uuid:notification_id>": _told,
    "/notifications/mutes/<uuid:subject_id>": _lead,
}
