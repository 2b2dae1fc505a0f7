"""How to call the routes of the core modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy import update

from core import clock, ids
from core.actor import system
from core.auth.models import AuthSession
from core.db import closing
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.jobs.models import JobEntry, NewJob
from core.testing.clients import ApiClient, ok
from core.users import service as users
from core.users.models import User
from tests.contract import factor_samples, files, import_samples, oidc_samples, privacy_samples
from tests.contract.sample import Sample


def _agency_slug(api: ApiClient, number: int) -> dict[str, str]:
    return {"agency": ok(api.get("/agencies/current"))["slug"]}


def _colleague(api: ApiClient) -> str:
    """Somebody new in the caller's agency."""
    person = ids.new()
    with api.app.app_context(), unit_of_work():
        with apart() as session:
            session.add(User(id=person, email=f"{person}@example.com", name="Ana", language="en", zone="UTC"))
        with acting_as(system(api.agency_id)) as actor:
            users.join(person, ["agent"], [], giver=actor)
    return str(person)


def _invitation(api: ApiClient, number: int) -> dict[str, object]:
    return {"email": f"{ids.new()}@example.com", "roles": ["agent"]}


def _impersonation(api: ApiClient, number: int) -> dict[str, str]:
    return {"user_id": _colleague(api), "reason": "She cannot find her lead"}


def _session(api: ApiClient) -> str:
    """A place where the caller is signed in besides."""
    made = AuthSession(
        id=ids.new(), user_id=api.user_id, agency_id=api.agency_id, counter=0, expires_at=clock.now().replace(year=9000)
    )  # fmt: skip
    with api.app.app_context(), apart() as session:
        session.add(made)
    return str(made.id)


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


def _api_key(api: ApiClient, number: int) -> dict[str, object]:
    return {"name": f"Website form {number}", "scopes": {"leads.read": "own"}, "networks": ["127.0.0.0/8"]}


def _calendar(api: ApiClient, number: int) -> dict[str, object]:
    """The hours of a new team, as each team has one calendar only."""
    team = ok(api.post("/users/teams", {"name": f"Desk {number}"}), 201)["id"]
    return {"team_id": team, "week": {"mon": [{"opens": "09:00", "closes": "18:00"}]}}


def _custom_field(api: ApiClient, number: int) -> dict[str, object]:
    """A field with a key of its own."""
    return {"entity": "leads.lead", "key": f"field_{number}", "label": "Loyalty number", "kind": "text"}


def _another_field(api: ApiClient) -> str:
    """A field of contacts: how many a kind of thing can have has an end, and those of leads may be a crowd."""
    body = {**_custom_field(api, 0), "entity": "contacts.contact", "key": f"field_{ids.new().hex[-12:]}"}
    return str(ok(api.post("/custom-fields", body), 201)["id"])


def _keys(api: ApiClient) -> list[str]:
    """The fields of leads there are."""
    asked = {"entity": "leads.lead", "archived": "false", "limit": 200}
    return [each["key"] for each in ok(api.get("/custom-fields", query_string=asked))["items"]]


def _view(api: ApiClient, number: int) -> dict[str, object]:
    """A view that shows a field of the agency's own, where there is one."""
    own = [f"custom.{key}" for key in _keys(api)[:1]]
    return {"entity": "leads.lead", "name": f"View {number}", "columns": ["reference", *own]}


def _allow_list(api: ApiClient, number: int) -> dict[str, object]:
    """A list of a new role, as each role has one only, with the network that tests come from."""
    role = f"listed_{number}"
    ok(api.post("/roles", {"code": role, "name": "Listed", "permissions": {}}), 201)
    return {"role": role, "networks": [{"network": "127.0.0.0/8", "note": "Here"}]}


SAMPLES: Mapping[str, Sample] = {
    **factor_samples.SAMPLES,
    **oidc_samples.SAMPLES,
    **privacy_samples.SAMPLES,
    **import_samples.SAMPLES,
    "allow_lists.create": Sample(body=_allow_list),
    "allow_lists.change": Sample(body=lambda api, number: {"networks": [{"network": f"127.0.0.0/{number % 8 + 1}"}]}),
    "api_keys.create": Sample(body=_api_key),
    "api_keys.change": Sample(body=lambda api, number: {"name": f"Other form {number}"}),
    "api_keys.report": Sample(body=lambda api, number: {"key": "tripfile_live_none"}),
    "agencies.create_brand": Sample(body=lambda api, number: {"code": f"brand-{number}", "name": "Sunrise"}),
    "agencies.show_logo": Sample(before=_logo),
    "agencies.delete_logo": Sample(before=_logo),
    "calendars.create": Sample(body=_calendar),
    "calendars.change": Sample(body=lambda api, number: {"closures": [{"first": "2027-12-24", "last": "2027-12-24"}]}),
    "calendars.create_absence": Sample(
        body=lambda api, number: {"starts_at": "2027-08-01T00:00:00Z", "ends_at": "2027-08-15T00:00:00Z"}
    ),
    "custom_fields.create": Sample(body=_custom_field),
    "custom_fields.change": Sample(body=lambda api, number: {"label": "Loyalty"}),
    "custom_fields.reorder": Sample(body=lambda api, number: {"entity": "leads.lead", "keys": _keys(api)}),
    "views.create": Sample(body=_view),
    "roles.create": Sample(
        body=lambda api, number: {"code": f"desk_{number}", "name": "Night desk", "permissions": {"leads.read": "team"}}
    ),
    "roles.change": Sample(body=lambda api, number: {"name": "Day desk"}),
    "invitations.invite": Sample(body=_invitation),
    # Nobody but the job that mails it ever knows a token.
    "invitations.look": Sample(status=404),
    "invitations.accept": Sample(status=404),
    "invitations.join": Sample(status=404),
    "impersonation.begin": Sample(body=_impersonation),
    # An owner of an agency is no operator of the platform, and acts as themselves.
    "impersonation.enter": Sample(status=404),
    "impersonation.end": Sample(status=409),
    "roles.copy": Sample(body=lambda api, number: {"code": f"copy_{number}", "name": "Copy"}),
    "users.change_me": Sample(body=lambda api, number: {"name": f"Ana {number}"}),
    "users.change": Sample(body=lambda api, number: {"state": "suspended"}),
    "users.create_team": Sample(body=lambda api, number: {"name": f"Team {number}"}),
    "users.change_team": Sample(body=lambda api, number: {"name": f"Other team {number}"}),
    "plugins.change": Sample(body=lambda api, number: {"enabled": True}),
    "auth.login": Sample(status=401),
    "auth.refresh": Sample(body=lambda api, number: {"refresh_token": "tfr_nobodys"}, status=401),
    # Who follows it would sign the whole agency out under everybody else's feet.
    "auth.end_sessions_of_agency": Sample(body=lambda api, number: {"agency": "another-one"}, status=422),
    "auth.switch": Sample(body=_agency_slug, status=422),
    "jobs.search": Sample(before=_job("queued")),
    "jobs.search_mine": Sample(before=_job("queued")),
    "jobs.retry": Sample(before=_dead),
    "jobs.discard": Sample(before=_dead),
    # A link that nobody sent, and doors that are closed once there is an agency.
    "auth_links.verify_email": Sample(status=422),
    "auth_links.undo_email_change": Sample(status=422),
    "auth_links.reset": Sample(status=422),
    "auth_links.register": Sample(status=404),
    "auth_links.finish_registration": Sample(status=404),
    "auth_links.set_up": Sample(status=404),
    # The people of tests have no password.
    "auth.change_password": Sample(status=422),
}
ROWS: Mapping[str, Callable[[ApiClient], str]] = {
    "/custom-fields/<uuid:field_id>": _another_field,
    **factor_samples.ROWS,
    **oidc_samples.ROWS,
    **privacy_samples.ROWS,
    **import_samples.ROWS,
    "/factors/members/<uuid:user_id>": _colleague,
    "/users/<uuid:user_id>": _colleague,
    "/auth/members/<uuid:user_id>": _colleague,
    "/auth/sessions/<uuid:session_id>": _session,
    "/plugins/<name>": lambda api: "leads",
    "/jobs/<uuid:job_id>": _job("queued"),
    "/jobs/mine/<uuid:job_id>": _job("queued"),
}
SHARED = oidc_samples.SHARED | privacy_samples.SHARED | import_samples.SHARED | frozenset({"/plugins/<name>"})
