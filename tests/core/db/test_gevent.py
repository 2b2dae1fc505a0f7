"""Reads in a gevent process: waiting for the database lets everybody else go on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.config import Settings
from core.testing.factories import AgencyUnderTest

pytest.importorskip("gevent")

SCRIPT = """
from gevent import monkey
monkey.patch_all()
import json, sys
import gevent
from uuid import UUID
from sqlalchemy import Double, bindparam, func, select
from core.actor import system
from core.app import create_app
from core.config import load
from core.db.read import Query
from core.db.session import dispose
from core.db.tenancy import acting_as

given = json.loads(sys.stdin.read())
app = create_app(load(_env_file=None, **given["settings"]))
agency_id = UUID(given["agency"])
SLEEP = Query(select(func.pg_sleep(bindparam("seconds", type_=Double()))), lambda _: "awake")

def read():
    with app.app_context(), acting_as(system(agency_id)):
        return SLEEP.rows(seconds=0.3)

read()
ticks = 0
def tick():
    global ticks
    while True:
        gevent.sleep(0.01)
        ticks += 1

ticking = gevent.spawn(tick)
readers = [gevent.spawn(read) for _ in range(3)]
gevent.joinall(readers, raise_error=True)
ticking.kill()

late = gevent.spawn(read)
gevent.sleep(0.1)
late.kill()
after = read()
print(json.dumps({"ticks": ticks, "after": after}))
with app.app_context():
    dispose()
"""


def test_a_waiting_read_stops_nobody(settings: Settings, agency: AgencyUnderTest) -> None:
    urls = {
        name: getattr(settings, name).get_secret_value()
        for name in ("database_url", "database_owner_url", "database_system_url", "jwt_secret")
    }
    given = json.dumps(
        {"settings": {**urls, "log_level": "WARNING", "database_pool_size": 4}, "agency": str(agency.id)}
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=given, capture_output=True, text=True, timeout=60, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    # Blocked, it would not have ticked at all; how often is the machine's business.
    assert found["ticks"] >= 5
    # A greenlet killed half-way leaves no answer behind for the next one.
    assert found["after"] == ["awake"]
