"""Requests in a gevent process: waiting for a slow server lets everybody else go on, and ends at the deadline."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytest.importorskip("gevent")

SCRIPT = """
from gevent import monkey
monkey.patch_all()
import json, socket, time
import gevent
from flask import Flask
from core.config import load
from core.outbound.api import SafeClient, TimedOut

def serve(server):
    while True:
        gevent.spawn(drip, server.accept()[0])

def drip(connection):
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\n")
        try:
            while True:
                connection.sendall(b"x")
                gevent.sleep(0.02)
        except OSError:
            pass

app = Flask("outbound")
app.extensions["tripfile.settings"] = load(_env_file=None, outbound_allow_networks="127.0.0.0/8")
server = socket.create_server(("127.0.0.1", 0))
gevent.spawn(serve, server)
url = f"http://127.0.0.1:{server.getsockname()[1]}/"

def send():
    began = time.monotonic()
    with app.app_context():
        try:
            SafeClient.for_addresses_of_users("webhooks").send("GET", url, seconds=0.5)
        except TimedOut:
            return time.monotonic() - began

ticks = 0
def tick():
    global ticks
    while True:
        gevent.sleep(0.01)
        ticks += 1

ticking = gevent.spawn(tick)
sending = [gevent.spawn(send) for _ in range(5)]
gevent.joinall(sending, raise_error=True)
print(json.dumps({"ticks": ticks, "took": [each.value for each in sending]}))
"""


@pytest.mark.alone
def test_slow_servers_hold_nobody_up() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["ticks"] >= 20
    assert all(0.4 < took < 1.5 for took in told["took"]), told
