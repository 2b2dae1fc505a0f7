"""Sign-ins beside everything else: how long a list takes while 50 people sign in, against an idle server."""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import common
from core.actor import system
from core.app import create_app
from core.auth.accounts import identities
from core.config import Settings
from core.db.session import dispose, unit_of_work
from core.db.tenancy import acting_as
from core.testing.factories import agency_maker
from core.testing.servers import CommandProcess, HttpProcess, WebProcess, environment_for
from core.users import service

PASSWORD = "a long and quiet passphrase"
COST = {"ARGON2_TIME_COST": "2", "ARGON2_MEMORY_KIB": "19456"}
"""What an installation has by default; tests have less."""


class Client:
    """One connection that is kept."""

    def __init__(self, url: str, token: str = "") -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, float]:
        """Status, and milliseconds to the last byte."""
        begun = time.perf_counter()
        self._connection.request(method, f"/api/v1{path}", json.dumps(body) if body else None, self._headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, (time.perf_counter() - begun) * 1000

    def list_leads(self) -> float:
        """Milliseconds for a page of leads."""
        status, took = self.call("GET", "/leads")
        if status != 200:
            raise common.Broken(f"The list answered {status}")
        return took


def people(settings: Settings, number: int) -> tuple[str, list[str]]:
    """A token for the list, and the addresses of people who can sign in."""
    app = create_app(settings)
    agency = agency_maker(app)()
    owner = agency.member("owner")
    for each in range(25):
        owner.post("/leads", {"contact": {"name": f"Person {each}"}, "source": "phone"})
    emails = [f"person-{each}@example.com" for each in range(number)]
    with app.app_context():
        for email in emails:
            with unit_of_work():
                user_id = identities.create(email=email, name="Ana", password=PASSWORD, language="en", zone="UTC")
                with acting_as(system(agency.id)) as actor:
                    service.join(user_id, ["agent"], [], giver=actor)
        dispose()
    assert owner.token
    return owner.token, emails


def idle(client: Client, requests: int) -> list[float]:
    """Milliseconds of lists while nothing else happens."""
    return [client.list_leads() for _ in range(requests)]


def busy(url: str, client: Client, emails: list[str], pool: ThreadPoolExecutor) -> tuple[list[float], dict[str, Any]]:
    """Milliseconds of lists while everybody signs in at once, and how that went."""
    begun = time.perf_counter()
    sign_ins = [pool.submit(sign_in, url, email) for email in emails]
    lists = []
    while any(not each.done() for each in sign_ins):
        lists.append(client.list_leads())
    return lists, outcome(sign_ins, time.perf_counter() - begun)


def sign_in(url: str, email: str) -> int:
    """The status of a sign-in; who is told to come back comes back."""
    client = Client(url)
    while True:
        status, _ = client.call("POST", "/auth/login", {"email": email, "password": PASSWORD})
        if status != 503:
            return status
        time.sleep(0.5)


def outcome(sign_ins: list[Future[int]], seconds: float) -> dict[str, Any]:
    """How many got in, and how many a second."""
    wait(sign_ins)
    statuses = [each.result() for each in sign_ins]
    if set(statuses) != {200}:
        raise common.Broken(f"Sign-ins were answered {sorted(set(statuses))}")
    return {"sign_ins_per_s": round(len(statuses) / seconds, 1)}


@contextmanager
def served(kind: str, settings: Settings) -> Iterator[str]:
    """The address of a running server."""
    environment = environment_for(settings, PLUGINS=settings.plugins, WEB_PROCESSES="1", **COST)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        server: HttpProcess = WebProcess(environment, log)
        if kind == "api":
            server = CommandProcess("api", environment, log)
        server.start()
        try:
            yield server.url
        finally:
            server.kill()


def quantile(values: list[float], share: float) -> float:
    """The value that so many stay below."""
    return statistics.quantiles(values, n=100)[int(share * 100) - 1]


def measured(kind: str, settings: Settings, token: str, emails: list[str], rounds: int) -> dict[str, Any]:
    """Medians over the rounds, each beside an idle one."""
    rows = []
    with served(kind, settings) as url, ThreadPoolExecutor(len(emails)) as pool:
        client = Client(url, token)
        idle(client, 100)
        for _ in range(rounds):
            alone = idle(client, 200)
            beside, told = busy(url, client, emails, pool)
            shares = {name: (quantile(alone, share), quantile(beside, share)) for name, share in SHARES.items()}
            rows.append(
                {f"{name}_idle_ms": round(one, 2) for name, (one, _) in shares.items()}
                | {f"{name}_busy_ms": round(other, 2) for name, (_, other) in shares.items()}
                | {f"{name}_ratio": round(other / one, 2) for name, (one, other) in shares.items()}
                | told
                | {"lists": len(beside)}
            )
    medians = {name: common.median(row[name] for row in rows) for name in rows[0]}
    return {"server": kind, **medians, "rounds": rows}


SHARES = {"p50": 0.5, "p95": 0.95}


def main() -> None:
    """Measure and write bench/results/logins.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logins", type=int, default=50, help="People who sign in at once.")
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    with common.installation(argon2_time_cost=2, argon2_memory_kib=19_456) as (settings, _):
        token, emails = people(settings, chosen.logins)
        rows = [measured(kind, settings, token, emails, chosen.rounds) for kind in ("web", "api")]
    common.write("logins", rows)


if __name__ == "__main__":
    main()
