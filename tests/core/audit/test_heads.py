"""Seals that are noted outside the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.app import create_app
from core.audit import heads, jobs
from core.config import Settings
from core.db.session import dispose
from core.http.application import Application
from core.testing.factories import AgencyUnderTest
from tests.core.audit.conftest import Owner, damage, seal, verify


class TestNotedElsewhere:
    @pytest.fixture
    def noting(self, settings: Settings, tmp_path: Path) -> Iterator[Application]:
        """The application with a file that heads are noted in."""
        other = create_app(settings.model_copy(update={"audit_head_file": tmp_path / "heads"}))
        yield other
        with other.app_context():
            dispose()

    @staticmethod
    def note(app: Application) -> Path:
        file: Path = app.settings.audit_head_file  # type: ignore[assignment] # the fixture sets it
        with app.app_context():
            jobs.note_heads()
        return file

    def test_the_head_of_each_chain_goes_to_the_log_and_to_the_file(
        self, noting: Application, agency: AgencyUnderTest, sealed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        logs: list[dict[str, Any]] = []
        monkeypatch.setattr(heads.log, "info", lambda event, **fields: logs.append({"event": event, **fields}))
        file = self.note(noting)
        (told,) = [each for each in logs if each["agency_id"] == str(agency.id)]
        assert (told["event"], told["seq"]) == ("audit.head", sealed)
        assert f"{agency.id} {sealed} {told['hash']}\n" in file.read_text()
        self.note(noting)
        assert file.read_text().count(str(agency.id)) == 2
        assert verify(noting, agency).exit_code == 0

    def test_a_chain_that_was_rewritten_as_a_whole_is_noticed(
        self, noting: Application, agency: AgencyUnderTest, sealed: int, owner: Owner
    ) -> None:
        self.note(noting)
        owner.execute("UPDATE core_event SET actor_id = NULL WHERE agency_id = %s", (agency.id,))
        owner.execute("DELETE FROM core_event_seal WHERE agency_id = %s", (agency.id,))
        owner.execute("UPDATE core_follower SET seq = 0 WHERE agency_id = %s", (agency.id,))
        seal(noting, agency)
        wanted = f"event {sealed} has another seal than was noted: the chain was rewritten"
        assert damage(noting, agency) == wanted
        # What is noted the next night, too, does not excuse it.
        self.note(noting)
        assert damage(noting, agency) == wanted

    def test_a_log_that_was_cut_with_everything_about_it_is_noticed(
        self, noting: Application, agency: AgencyUnderTest, sealed: int, owner: Owner
    ) -> None:
        self.note(noting)
        owner.execute("DELETE FROM core_event WHERE agency_id = %s AND seq > 7", (agency.id,))
        owner.execute("DELETE FROM core_event_seal WHERE agency_id = %s AND seq > 7", (agency.id,))
        owner.execute("UPDATE core_stream_head SET seq = 7 WHERE agency_id = %s AND scope = 'events'", (agency.id,))
        assert damage(noting, agency) == f"event 8 and its seal are gone: the seal of event {sealed} was noted"

    def test_a_file_that_is_none_of_ours_is_named(
        self, noting: Application, agency: AgencyUnderTest, sealed: int
    ) -> None:
        self.note(noting).write_text("once upon a time\n")
        result = verify(noting, agency)
        assert result.exit_code == 1
        assert "AUDIT_HEAD_FILE cannot be used: Line 1 of" in result.output

    def test_an_agency_that_is_gone_is_noticed(self, noting: Application, agency: AgencyUnderTest, sealed: int) -> None:
        file = self.note(noting)
        with file.open("a") as more:
            more.write(f"2026-01-01T00:00:00+00:00 {'0' * 8}-0000-7000-8000-{'0' * 12} 3 {'a' * 64}\n")
        result = verify(noting)
        assert result.exit_code == 1
        assert "the agency is gone, and with it a log that was noted elsewhere" in result.output
