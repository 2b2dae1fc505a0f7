"""How to call the routes of the core modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy import update

from core import clock, ids
from core.actor import system
from core.db import closing
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.jobs.models import JobEntry, NewJob
from core.testing.clients import ApiClient, ok
from tests.contract import files
from tests.contract.sample import Sample


def _agency_slug(api: ApiClient, number: int) -> dict[str, str]:
    return {"agency": ok(api.get("/agencies/current"))["slug"]}


def _member(api: ApiClient, number: int) -> dict[str, object]:
    password = "a long and quiet passphrase"
    return {"email": f"ana{number}@example.com", "name": "Ana", "roles": ["agent"], "password": password}


def _job(state: str) -> Callable[..., str]:
    """Puts a job of the caller's into the ledger."""

    def make(api: ApiClient, address: str = "") -> str:
        job = NewJob(
            id=ids.new(), agency_id=api.agency_id, user_id=api.user_id, queue="default", name="contract.sample",
            payload={}, priority=0, run_at=clock.now(), due=False, max_attempts=8, unique_key=None, request_id=None,
            created_at=clock.now(), state=state,
        )  # fmt: skip
        with api.app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            closing.of(db.session()).enqueue(job, agency_id=api.agency_id)
        return str(job.id)

    return make


def _logo(api: ApiClient, address: str) -> None:
    """Give the brand at this address a logo."""
    logo = files.Example("logo.png", files.picture("PNG"))
    headers = {"Content-Type": "image/png"}
    ok(api.call("PUT", address, data=logo.data, query_string={"name": logo.name}, version="*", headers=headers))


def _dead(api: ApiClient, address: str) -> None:
    """Have the job at this address given up."""
    job_id = UUID(address.split("/")[-2])
    with api.app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
        db.session.execute(update(JobEntry).where(JobEntry.id == job_id).values(state="dead"))


SAMPLES: Mapping[str, Sample] = {
    "agencies.create_brand": Sample(body=lambda api, number: {"code": f"brand-{number}", "name": "Sunrise"}),
    "agencies.show_logo": Sample(before=_logo),
    "agencies.delete_logo": Sample(before=_logo),
    "roles.create": Sample(
        body=lambda api, number: {"code": f"desk_{number}", "name": "Night desk", "permissions": {"leads.read": "team"}}
    ),
    "roles.change": Sample(body=lambda api, number: {"name": "Day desk"}),
    "users.add": Sample(body=_member),
    "users.change": Sample(body=lambda api, number: {"state": "suspended"}),
    "users.create_team": Sample(body=lambda api, number: {"name": f"Team {number}"}),
    "users.change_team": Sample(body=lambda api, number: {"name": f"Other team {number}"}),
    "plugins.change": Sample(body=lambda api, number: {"enabled": True}),
    "auth.login": Sample(status=401),
    "auth.refresh": Sample(status=401),
    "auth.switch": Sample(body=_agency_slug),
    "jobs.search": Sample(before=_job("queued")),
    "jobs.search_mine": Sample(before=_job("queued")),
    "jobs.retry": Sample(before=_dead),
    "jobs.discard": Sample(before=_dead),
    # The people of tests have no password.
    "auth.change_password": Sample(status=422),
}
ROWS: Mapping[str, Callable[[ApiClient], str]] = {
    "/plugins/<name>": lambda api: "leads",
    "/jobs/<uuid:job_id>": _job("queued"),
    "/jobs/mine/<uuid:job_id>": _job("queued"),
}
