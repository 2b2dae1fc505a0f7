"""Fan-out: the real web process beside node's socket.io, both with the same stock clients, in interleaved rounds."""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import common
from core.app import create_app
from core.config import Settings
from core.db.session import dispose
from core.testing.factories import agency_maker
from core.testing.servers import WebProcess, environment_for, free_port

SETTLE_SECONDS = 1.0


@dataclass
class Target:
    """A server with its clients connected."""

    name: str
    emit_url: str
    pid: int
    clients: list[subprocess.Popen[str]]
    token: str = ""
    kb_per_connection: float = 0.0
    per_s: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def burst(self, messages: int) -> tuple[float, float]:
        """Emit so many events; messages a second until the last has arrived, and the server's time for each in us."""
        for client in self.clients:
            common.say(client, {"expect": messages})
        wanted = sum(common.hear(client)["ready"] for client in self.clients)
        before, started = common.cpu_seconds(self.pid), time.time()
        self.emit(messages)
        answers = [common.hear(client) for client in self.clients]
        if any(answer["disorder"] or answer["lost"] for answer in answers):
            raise common.Broken(f"{self.name}: {answers}")
        seconds = max(answer["at"] for answer in answers) / 1000 - started
        return wanted / seconds, (common.cpu_seconds(self.pid) - before) / wanted * 1e6

    def emit(self, messages: int) -> None:
        """Have the server send so many events to everybody."""
        headers = {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"{self.emit_url}?n={messages}", method="POST", headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()


@contextmanager
def tripfile(settings: Settings) -> Iterator[tuple[str, int]]:
    """The web process as `tripfile run` starts it; its address, and the process that serves."""
    with tempfile.TemporaryDirectory() as folder:
        server = WebProcess(environment_for(settings, PLUGINS=settings.plugins), Path(folder) / "server.log")
        server.start()
        try:
            yield server.url, server.worker_pid()
        except common.Broken as broken:
            raise common.Broken(f"{broken}\n{server.log[-3000:]}") from None
        finally:
            server.kill()


@contextmanager
def node() -> Iterator[tuple[str, int]]:
    """The peer."""
    port = free_port()
    with common.process([common.NODE, common.SCRIPTS / "fanout_server.js"], PORT=str(port)) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield f"http://127.0.0.1:{port}", child.pid


@contextmanager
def clients(url: str, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes for the clients of one server."""
    with ExitStack() as stack:
        command: list[str | Path] = [common.NODE, common.SCRIPTS / "fanout_client.js", url]
        yield [stack.enter_context(common.process(command)) for _ in range(count)]


def people(settings: Settings, count: int) -> list[str]:
    """Access tokens of so many members of one agency."""
    app = create_app(settings)
    agency = agency_maker(app)()
    tokens = [str(agency.newcomer("agent").token) for _ in range(count)]
    with app.app_context():
        dispose()
    return tokens


def connect(target: Target, tokens: list[str]) -> None:
    """Open every connection, and see what that took."""
    before = common.memory_kb(target.pid)
    share = -(-len(tokens) // len(target.clients))
    for number, client in enumerate(target.clients):
        common.say(client, {"connect": tokens[number * share : (number + 1) * share]})
    for client in target.clients:
        common.hear(client)
    time.sleep(SETTLE_SECONDS)
    target.kb_per_connection = (common.memory_kb(target.pid) - before) / len(tokens)


def measure(settings: Settings, tokens: list[str], options: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of both servers at one number of connections."""
    with ExitStack() as stack:
        targets = []
        for name, server in (("tripfile", tripfile(settings)), ("node", node())):
            url, pid = stack.enter_context(server)
            path = f"{settings.api_prefix}/loadtest/emit" if name == "tripfile" else "/emit"
            processes = stack.enter_context(clients(url, options.client_processes))
            targets.append(Target(name, url + path, pid, processes, tokens[0]))
        for target in targets:
            # What a first request loads is not the connections'.
            target.emit(1)
            connect(target, tokens)
        messages = max(1, options.deliveries // len(tokens))
        for number in range(options.rounds + 1):
            for target in targets if number % 2 else reversed(targets):
                per_s, cpu = target.burst(messages)
                if number:  # The first warms both up.
                    target.per_s.append(per_s)
                    target.cpu_us.append(cpu)
        return [row(target, len(tokens)) for target in targets]


def row(target: Target, connections: int) -> dict[str, Any]:
    """The result of a server."""
    return {
        "target": target.name,
        "case": "fanout",
        "connections": connections,
        "messages_per_s": round(common.median(target.per_s)),
        "kb_per_connection": round(target.kb_per_connection, 1),
        "server_cpu_us_per_message": round(common.median(target.cpu_us), 1),
        "rounds": [round(value) for value in target.per_s],
    }


def main() -> None:
    """Measure, and write bench/results/gateway.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, nargs="+", default=[500, 1000])
    parser.add_argument("--deliveries", type=int, default=50_000, help="messages that arrive in one burst")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--client-processes", type=int, default=1, help="for each server")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with common.installation() as (settings, _):
        tokens = people(settings, max(options.connections))
        for count in options.connections:
            rows += measure(settings, tokens[:count], options)
    common.write("gateway", rows)
    for ours, theirs in zip(rows[::2], rows[1::2], strict=True):
        ratio = ours["messages_per_s"] / theirs["messages_per_s"]
        print(f"{ours['connections']} connections: {ratio:.2f} x node, {ours['kb_per_connection']} kB a connection")


if __name__ == "__main__":
    main()
