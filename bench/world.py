"""The world of the leads benchmark: agencies with their people and 100,000 leads, and the requests they send."""

from __future__ import annotations

import itertools
import json
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.engine import make_url

from core import clock
from core.actor import system
from core.app import create_app
from core.auth.tokens import access
from core.config import Settings, load
from core.db import migrate, roles
from core.db.session import dispose, unit_of_work
from core.db.tenancy import acting_as
from core.demo import api as demo
from core.demo import seeding
from core.extensions import db
from core.plugins import manager
from core.testing.factories import AgencyUnderTest, agency_maker
from core.users.models import TeamMember

DATABASE = "tripfile_bench"
PAGE = 50
_LASTING = timedelta(hours=12)
_DAYS = 730
_AT_ONCE = 3


class Request(NamedTuple):
    """One request of the load."""

    method: str
    path: str
    token: str
    body: str = ""


class Agency(NamedTuple):
    """An agency with its leads."""

    id: UUID
    token: str
    leads: int


def install(superuser_url: str, redis_host: str, **overrides: object) -> Settings:
    """A new, migrated installation in production mode, whose quotas are raised by its settings; nothing else is."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)".encode())
    urls = roles.ensure(superuser_url, DATABASE, passwords={role: secrets.token_hex(24) for role in roles.ROLES})
    values: dict[str, object] = {
        "mode": "production",
        "base_url": "https://bench.example",
        "trusted_hosts": ("127.0.0.1",),
        "database_url": SecretStr(urls.app),
        "database_owner_url": SecretStr(urls.owner),
        "database_system_url": SecretStr(urls.system),
        "jwt_secret": SecretStr(secrets.token_hex(32)),
        "redis_host": redis_host,
        "log_level": "WARNING",
        "web_processes": 2,
    }
    settings = load(_env_file=None, **(values | overrides))
    migrate.upgrade(settings, manager.load(settings))
    return settings


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make `tripfile api` this installation."""
    given = {
        "TRIPFILE_MODE": "production",
        "BASE_URL": settings.base_url,
        "TRUSTED_HOSTS": ",".join(settings.trusted_hosts),
        "DATABASE_URL": _told(settings.database_url),
        "DATABASE_SYSTEM_URL": _told(settings.database_system_url),
        "JWT_SECRET": _told(settings.jwt_secret),
        "REDIS_HOST": settings.redis_host,
        "LOG_LEVEL": settings.log_level,
        "WEB_PROCESSES": str(settings.web_processes),
        "RATE_LIMIT_USER": "100000000/minute",
        "RATE_LIMIT_AGENCY": "100000000/minute",
    }
    return given | {"PLUGINS": settings.plugins}


def _told(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""


def populate(settings: Settings, *, agencies: int, leads: int, seed: int = 1) -> list[Agency]:
    """So many leads in so many agencies, the largest first, each several times as large as the smallest."""
    app = create_app(settings.model_copy(update={"redis_host": ""}))
    make = agency_maker(app)
    shares = [(rank + 1) ** -0.7 for rank in range(agencies)]
    sizes = [round(leads * share / sum(shares)) for share in shares]
    sizes[0] += leads - sum(sizes)
    until = clock.now().replace(microsecond=0)
    begun, written = time.monotonic(), itertools.count(1)

    def fill(rank: int) -> Agency:
        agency = make(slug=f"bench-{rank}")
        token, staff = _people(agency)
        filled = demo.World(
            agency_id=agency.id,
            slug=agency.slug,
            currency="EUR",
            language="en",
            zone="Europe/Lisbon",
            country="PT",
            staff=staff,
            leads=sizes[rank],
            since=until - timedelta(days=_DAYS),
            until=until,
            seed=seed,
            first=sum(sizes[:rank]),
            has_rules=False,
        )
        with app.app_context(), unit_of_work():
            seeding.fill(filled)
        print(f"{next(written):3} of {agencies} agencies after {time.monotonic() - begun:.0f} s", flush=True)
        return Agency(agency.id, token, sizes[rank])

    # While PostgreSQL writes one agency's rows, another's are made.
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        made = list(pool.map(fill, range(agencies)))
    with app.app_context():
        dispose()
    return made


def _people(agency: AgencyUnderTest) -> tuple[str, tuple[demo.Staff, ...]]:
    """A manager's token, which lasts for the whole run, and the agents who get leads."""
    staff = []
    for number in range(8):
        person = agency.newcomer("agent", team=("Tailor-made", "Groups")[number % 2])
        assert person.user_id is not None
        with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            team_id = db.session.scalar(select(TeamMember.team_id).where(TeamMember.user_id == person.user_id))
        staff.append(demo.Staff(person.user_id, f"Agent {number}", "agent", team_id, None))
    signed_in = agency.newcomer("manager").token
    assert signed_in
    with agency.app.app_context():
        claims = access.verify(signed_in)
        token = access.make(
            user_id=claims.sub, session_id=claims.sid, agency_id=claims.agency, extra={}, lasting=_LASTING
        )
    return token, tuple(staff)


class Load:
    """The requests to Tripfile: what is asked for is there, and every page of a list is full."""

    def __init__(self, superuser_url: str, agencies: Sequence[Agency], *, prefix: str, seed: int = 2) -> None:
        self._agencies = agencies
        self._by_id = {agency.id: agency for agency in agencies}
        self._prefix = f"{prefix}/leads"
        self._random = Random(seed)
        self._url = make_url(superuser_url).set(database=DATABASE).render_as_string(hide_password=False)

    def pages(self, count: int = 480) -> list[Request]:
        """Pages of leads in one status that came in before some instant."""
        rows = self._asked(
            "SELECT agency_id, status, created_at FROM (SELECT *, row_number() OVER (PARTITION BY agency_id, status"
            " ORDER BY created_at) AS place FROM leads_lead) l WHERE place > %s AND place %% 7 = 0",
            PAGE + 1,
        )
        return [
            self._get(agency_id, f"?status={status}&limit={PAGE}&created_at.lt={_instant(at)}")
            for agency_id, status, at in self._random.sample(rows, min(count, len(rows)))
        ]

    def singles(self, count: int = 1000) -> list[Request]:
        """Single leads."""
        rows = self._asked("SELECT agency_id, id FROM leads_lead ORDER BY md5(id::text) LIMIT %s", count)
        return [self._get(agency_id, f"/{lead_id}") for agency_id, lead_id in rows]

    def searches(self, count: int = 480) -> list[Request]:
        """What people type: a name, both names, a destination, an address, a reference."""
        rows = self._asked(
            "SELECT l.agency_id, l.reference, l.destinations->>0, c.given_name, c.family_name, e.address"
            " FROM leads_lead l JOIN contacts_contact c ON c.id = l.contact_id"
            " LEFT JOIN contacts_email e ON e.contact_id = c.id ORDER BY md5(l.id::text) LIMIT %s",
            count,
        )
        return [self._get(row[0], f"?limit={PAGE}&q={quote(self._typed(row[1:]))}") for row in rows]

    def known(self, count: int = 480) -> list[Request]:
        """New leads of people who are known."""
        rows = self._asked("SELECT agency_id, id FROM contacts_contact ORDER BY md5(id::text) LIMIT %s", count)
        drafts = [_draft(number) | {"contact_id": str(row[1])} for number, row in enumerate(rows)]
        for draft in drafts:
            del draft["contact"]
        return [
            Request("POST", self._prefix, self._by_id[row[0]].token, json.dumps(draft))
            for row, draft in zip(rows, drafts, strict=True)
        ]

    def drafts(self, count: int = 480, *, of: Sequence[Agency] | None = None) -> list[Request]:
        """New leads with the person who asks."""
        made = []
        for number in range(count):
            [agency] = self._random.choices(of or self._agencies, [each.leads for each in of or self._agencies])
            made.append(Request("POST", self._prefix, agency.token, json.dumps(_draft(number))))
        return made

    def _typed(self, row: Sequence[str | None]) -> str:
        reference, destination, given, family, email = row
        kind = self._random.choices(
            ("given", "family", "both", "place", "email", "reference"), (22, 22, 18, 16, 12, 10)
        )[0]
        if kind == "email" and email:
            return email.partition("@")[0].rpartition(".")[2] or email
        texts = {"given": given, "family": (family or "")[:5], "place": destination, "reference": reference}
        return texts.get(kind) or f"{given} {family}"

    def _get(self, agency_id: UUID, path: str) -> Request:
        return Request("GET", self._prefix + path, self._by_id[agency_id].token)

    def _asked(self, statement: str, *values: object) -> list[Any]:
        with psycopg.connect(self._url, row_factory=tuple_row) as connection:
            return connection.execute(statement.encode(), values).fetchall()


class PeerLoad:
    """The same requests as the peers take them."""

    def __init__(self, superuser_url: str, database: str, token: str, *, seed: int = 3) -> None:
        self._url = make_url(superuser_url).set(database=database).render_as_string(hide_password=False)
        self._token = token
        self._random = Random(seed)

    def pages(self, count: int = 480) -> list[Request]:
        """Pages of leads in one status that came in before some instant."""
        statuses = ("new", "contacted", "qualified", "proposal", "won", "lost")
        days = [datetime(2026, 2, 1, tzinfo=UTC) + timedelta(hours=9 * n) for n in range(count)]
        return [
            Request("GET", f"/leads?status={statuses[n % 6]}&limit={PAGE}&after={_instant(at)}", self._token)
            for n, at in enumerate(days)
        ]

    def singles(self, count: int = 1000) -> list[Request]:
        """Single leads."""
        with psycopg.connect(self._url) as connection:
            found = connection.execute("SELECT id FROM leads ORDER BY md5(id::text) LIMIT %s", (count,)).fetchall()
        return [Request("GET", f"/leads/{row[0]}", self._token) for row in found]

    def drafts(self, count: int = 480) -> list[Request]:
        """New leads."""
        return [Request("POST", "/leads", self._token, json.dumps(_peer_draft(number))) for number in range(count)]


def _draft(number: int) -> dict[str, Any]:
    person = {
        "given_name": "Load",
        "family_name": f"Test{number}",
        "emails": [{"address": "load@@@example.org"}],
        "phones": [{"number": "+4477@@"}],
    }
    trip = {"start_date": "2027-03-01", "end_date": "2027-03-12", "adults": 1 + number % 9}
    budget = {"amount": f"{1000 + number}.50", "currency": "EUR"}
    return {"contact": person, "source": "web_form", "destinations": ["Japan"], **trip, "budget": budget}


def _peer_draft(number: int) -> dict[str, Any]:
    person = {"first_name": "Load", "last_name": f"Test{number}", "email": "load@@@example.org", "phone": "+4477@@"}
    trip = {"travel_start": "2027-03-01", "travel_end": "2027-03-12", "pax": 1 + number % 9, "budget": 1000.5 + number}
    return {**person, "source": "web", "destination": "Kyoto, Japan", **trip}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
