"""Runs the jobs that are due, here and now, as a worker would: in their agency, with a lease, to their end."""

from __future__ import annotations

from datetime import timedelta

from core.http.application import Application
from core.jobs import ledger, registry
from core.jobs.ledger import Lease
from core.jobs.runner import Outcome, Runner

_LEASE = timedelta(seconds=30)


def run_due(app: Application, *names: str) -> list[Outcome]:
    """Run what is due (of these names, where some are given) until nothing is; how each attempt ended."""
    jobs = registry.known(app)
    runner = Runner(app, jobs, backoff=timedelta(seconds=1))
    ended: list[Outcome] = []
    for queue, known in registry.by_queue(jobs).items():
        wanted = [name for name in known if not names or name in names]
        while wanted and (claims := _claimed(app, queue, wanted)):
            ended += [_run(app, runner, claim) for claim in claims]
    return ended


def _claimed(app: Application, queue: str, names: list[str]) -> list[ledger.Claim]:
    with app.app_context():
        return ledger.claim(queue, names, most=10, lease=_LEASE)


def _run(app: Application, runner: Runner, claim: ledger.Claim) -> Outcome:
    lease = Lease(claim)
    ended = runner.run(claim, lease)
    if ended is Outcome.UNWRITTEN:
        with app.app_context():
            ledger.finish([lease])
    return ended
