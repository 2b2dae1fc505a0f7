"""`tripfile jobs`: the operator sees and moves the work of every agency, and of none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.config import Settings
from core.jobs import commands, schedules

from .conftest import Acting, WorkerHere

Ask = Callable[..., Result]


@pytest.fixture
def ask(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Runs `tripfile jobs` on the module's database."""
    monkeypatch.setattr("core.config.load", lambda: settings)
    return lambda *words: CliRunner().invoke(commands.jobs, words)


def told(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


class TestLooking:
    def test_an_empty_ledger_says_so(self, ask: Ask, worker: WorkerHere) -> None:
        assert "Nothing waits" in told(ask())
        assert told(ask("list")) == "There are none\n"

    def test_what_waits_and_for_how_long_and_what_was_given_up(
        self, ask: Ask, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        with acting():
            chores.give_up.enqueue()
        worker.work()
        with acting():
            chores.nothing.enqueue_many([{"number": 1}] * 3)
        worker.ask("UPDATE core_job SET run_at = now() - interval '75 s' WHERE state = 'queued'")
        lines = told(ask()).splitlines()
        *words, seconds, unit = lines[0].split()
        assert (words, unit) == (["idle", "due", "3", "the", "oldest", "since"], "s")
        assert 75 <= int(seconds) < 90  # A busy machine takes its time to ask.
        assert lines[1].split() == ["chores.give_up", "1", "given", "up"]

    def test_lists_are_filtered_and_one_is_shown_whole(
        self, ask: Ask, acting: Acting, worker: WorkerHere, chores: Any, agency: Any
    ) -> None:
        with acting():
            job_id = chores.give_up.enqueue()
            chores.nothing.enqueue(7)
        worker.work("chores")
        listed = told(ask("list", "--state", "dead", "--agency", agency.slug))
        assert str(job_id) in listed
        assert "no spreadsheet" in listed
        assert "chores.nothing" not in listed
        assert told(ask("list", "--agency", "nobody")) == "There are none\n"
        shown = told(ask("show", str(job_id)))
        assert agency.slug in shown
        assert "in give_up" in shown
        assert ask("show", "01a20627-c325-73c1-bced-a54e1cb634b5").exit_code == 1

    def test_schedules(self, ask: Ask, worker: WorkerHere) -> None:
        with worker.app.app_context():
            schedules.align(worker.jobs)
        listed = told(ask("schedules"))
        assert "*/5 * * * *" in listed
        assert "(all)" in listed


class TestDoing:
    def test_dead_letters_are_repeated_one_by_one_or_all_of_a_name(
        self, ask: Ask, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        with acting():
            first, *_ = [chores.give_up.enqueue() for _ in range(3)]
        worker.work()
        assert told(ask("retry", str(first))) == "1 repeated\n"
        assert told(ask("retry", "--all", "chores.give_up")) == "2 repeated\n"
        assert worker.states() == {"queued": 3}
        refused = ask("retry", str(first))
        assert refused.exit_code == 1
        assert "runs or is due already" in refused.output
        assert ask("retry").exit_code == 2

    def test_discard_and_cancel(self, ask: Ask, acting: Acting, worker: WorkerHere, chores: Any) -> None:
        with acting():
            dead = chores.give_up.enqueue()
        worker.work()
        with acting():
            waiting = chores.nothing.enqueue()
        assert told(ask("discard", str(dead))) == "1 discarded\n"
        assert told(ask("cancel", str(waiting))) == "1 cancelled\n"
        assert worker.states() == {"cancelled": 2}
        assert "ended already" in ask("cancel", str(waiting)).output
