"""Leads over HTTP: `tripfile api` as in production beside the same workload on other stacks, in interleaved rounds."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench import common, peers, ratios, world
from bench.postgres import OverTcp
from bench.targets import Database, Sample, Target, written
from core.config import plugin_environment
from core.testing.servers import CommandProcess, HttpProcess

CASES = ("list", "get", "create", "search", "create-known-contact", "create-one-agency")
_CACHE = "~/.cache/tripfile-bench"
Measured = dict[tuple[str, str, int], list[Sample]]


@contextmanager
def served(server: HttpProcess) -> Iterator[HttpProcess]:
    """A server that runs as long as the block."""
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def tripfile(postgres: OverTcp, folder: Path, options: argparse.Namespace) -> Iterator[Target]:
    """`tripfile api` with two workers, PostgreSQL and Redis, in production mode."""
    with common.redis() as redis:
        settings = world.install(postgres.tcp_url, redis.url)
        agencies = world.populate(settings, agencies=options.agencies, leads=options.leads)
        common.tidy(postgres.tcp_url, world.DATABASE)
        load = world.Load(postgres.tcp_url, agencies, prefix=settings.api_prefix)
        asked = {"list": load.pages(), "get": load.singles(), "create": load.drafts(), "search": load.searches()}
        asked["create-known-contact"] = load.known()
        asked["create-one-agency"] = load.drafts(of=agencies[:1])
        files = {case: written(requests, folder / f"tripfile-{case}.txt") for case, requests in asked.items()}
        environment = {**plugin_environment(), **world.environment(settings)}
        with served(CommandProcess("api", environment, folder / "tripfile.log")) as server:
            yield Target("tripfile", world.DATABASE, server, postgres, files, redis_pid=redis.pid)


def others(
    stack: ExitStack, postgres: OverTcp, folder: Path, options: argparse.Namespace
) -> Iterator[Target | Database]:
    """The peers that can be started, and the database alone."""
    place = peers.Place(Path(options.peers).resolve(), Path(options.cache).expanduser().resolve())
    url = peers.fill(postgres.tcp_url, place.sources)
    common.tidy(postgres.tcp_url, peers.DATABASE)
    load = world.PeerLoad(postgres.tcp_url, peers.DATABASE, peers.token())
    asked = {"list": load.pages(), "get": load.singles(), "create": load.drafts()}
    files = {case: written(requests, folder / f"peer-{case}.txt") for case, requests in asked.items()}
    for name in peers.NAMES:
        if name not in options.targets:
            continue
        try:
            server = stack.enter_context(served(peers.Peer(name, place, url, folder / f"{name}.log")))
        except (common.Broken, AssertionError) as problem:
            print(f"Without {name}: {problem}")
            continue
        yield Target(name, peers.DATABASE, server, postgres, files)
    if "pgbench" in options.targets:
        yield Database(url, postgres, place.sources / "load")


def measure(targets: list[Target | Database], options: argparse.Namespace) -> Measured:
    """Rounds of everything, each target's turn beside the others'; the first ones only warm up."""
    found: Measured = defaultdict(list)
    for target in targets:
        for case in options.cases:
            if case in target.cases:
                target.burst(case, connections=max(options.connections), seconds=options.warm_up)
    for number in range(options.rounds):
        for case in options.cases:
            for connections in options.connections:
                for target in targets if number % 2 else targets[::-1]:
                    if case in target.cases:
                        sample = target.burst(case, connections=connections, seconds=options.seconds)
                        found[target.name, case, connections].append(sample)
        print(f"Round {number + 1} of {options.rounds}", flush=True)
    return found


def rows_of(targets: list[Target | Database], found: Measured) -> list[dict[str, Any]]:
    """The medians over the rounds."""
    rows = []
    memory = {target.name: target.memory_mb() for target in targets}
    sql = {(target.name, case): target.statements(case) for target in targets for case in target.cases}
    for (name, case, connections), samples in sorted(
        found.items(), key=lambda each: (CASES.index(each[0][1]), each[0][2])
    ):
        middle = {key: common.median(getattr(sample, key) for sample in samples) for key in vars(samples[0])}
        rows.append(
            {
                "target": name,
                "case": case,
                "connections": connections,
                "rps": round(middle["rps"]),
                "p50_ms": round(middle["p50_ms"], 2),
                "p99_ms": round(middle["p99_ms"], 2),
                "cpu_us": round(middle["cpu_us"]) or None,
                "db_cpu_us": round(middle["db_cpu_us"]),
                "sql": round(sql[name, case], 1),
                "memory_mb": round(memory[name] or 0) or None,
                "rounds": [round(sample.rps) for sample in samples],
            }
        )
    return rows


def main() -> None:
    """Measure, and write bench/results/leads.json and leads.svg, and the table of docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default=os.environ.get("BENCH_PEERS"), help="folder of the peers, or BENCH_PEERS")
    parser.add_argument("--cache", default=os.environ.get("BENCH_CACHE", _CACHE), help="where they are installed")
    parser.add_argument("--targets", nargs="+", default=[*peers.NAMES, "pgbench"], help="beside Tripfile")
    parser.add_argument("--cases", nargs="+", default=CASES, choices=CASES)
    parser.add_argument("--connections", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of one target in one case of a round")
    parser.add_argument("--warm-up", type=int, default=8, help="seconds for each target and case")
    parser.add_argument("--agencies", type=int, default=16)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--hold", action="store_true", help="serve until Enter is pressed, for a profiler; no results")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("wrk is missing: install it (Debian: apt install wrk)")
    begun = time.monotonic()
    # Ended from outside, it takes along what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        postgres = stack.enter_context(OverTcp(folder / "postgres"))
        ours = stack.enter_context(tripfile(postgres, folder, options))
        if options.hold:
            input(f"{ours.server.url} serves ({ours.server.pid}), {postgres.tcp_url}, requests in {folder} ")
            return
        targets = [ours, *(others(stack, postgres, folder, options) if options.peers else ())]
        if not options.peers:
            print("Without peers: name their folder with --peers or BENCH_PEERS")
        rows = rows_of(targets, measure(targets, options))
    common.write("leads", rows)
    ratios.tell(rows)
    ratios.draw(rows, common.RESULTS / "leads.svg")
    ratios.write_down(rows, common.ROOT / "docs" / "performance.md")
    print(f"{(time.monotonic() - begun) / 60:.0f} minutes")


if __name__ == "__main__":
    main()
