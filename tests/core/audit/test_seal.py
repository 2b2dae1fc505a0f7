from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from click.testing import CliRunner, Result

from core.app import create_app
from core.audit import chain, commands, heads, jobs, repository, verification
from core.audit.chain import GENESIS
from core.config import Settings
from core.db.session import dispose, unit_of_work
from core.events.following import follow_once
from core.events.models import EventEntry
from core.http.application import Application
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest

Owner = psycopg.Connection[Any]
EVENT = "core_event WHERE agency_id = %s AND seq = %s"


@pytest.fixture
def owner(settings: Settings) -> Iterator[Owner]:
    """A connection as the role that owns the tables: an intruder who can do anything in the database."""
    assert settings.database_owner_url is not None
    with psycopg.connect(settings.database_owner_url.get_secret_value(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def sealed(app: Application, agency: AgencyUnderTest, api: ApiClient) -> int:
    """An agency whose log is sealed; how many events it has."""
    for number in range(4):
        ok(api.post("/leads", {"contact": {"name": f"Zoë {number}"}, "adults": number + 1}), 201)
    seal(app, agency)
    return head(app, agency)


def seal(app: Application, agency: AgencyUnderTest) -> None:
    follow_once(app, names=["audit.seal"], agencies=[agency.id])


def head(app: Application, agency: AgencyUnderTest) -> int:
    with app.app_context():
        return next(each.seq or 0 for each in repository.heads() if each.agency_id == agency.id)


def verify(app: Application, agency: AgencyUnderTest | None = None) -> Result:
    with app.app_context(), unit_of_work():
        return CliRunner().invoke(commands.audit, ["verify", *(["--agency", agency.slug] if agency else [])])


def damage(app: Application, agency: AgencyUnderTest) -> str:
    result = verify(app, agency)
    assert result.exit_code == 1, result.output
    line, last = result.output.splitlines()
    assert last == "Error: The log was touched in 1 of 1 agencies"
    return line.removeprefix(f"{agency.slug}: ")


class TestForm:
    def test_it_is_what_its_description_says(self, app: Application, agency: AgencyUnderTest, owner: Owner) -> None:
        """Recomputed from the table alone, by somebody who has only read the description."""
        seal(app, agency)
        row = owner.execute(
            "SELECT form::text, agency_id::text, seq::text, id::text, name, schema_version::text,"
            " to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), subject, subject_id::text,"
            " actor_kind, actor_id::text, request_id, payload::text, before::text, after::text, ip, user_agent,"
            " impersonator_id::text, key_id::text, reason"
            f" FROM {EVENT}",
            (agency.id, 1),
        ).fetchone()
        assert row is not None
        fields = ["~" if each is None else f"{len(each.encode())}:{each}" for each in row]
        expected = sha256((GENESIS + "".join(fields)).encode()).hexdigest()
        found = owner.execute("SELECT hash FROM core_event_seal WHERE agency_id = %s AND seq = 1", (agency.id,))
        assert found.fetchone() == (expected,)

    def test_no_two_events_share_one(self) -> None:
        nothing: dict[str, Any] = dict.fromkeys(chain.Sealable.__struct_fields__)
        event = chain.Sealable(**nothing | {"form": 2, "actor_kind": "a", "payload": "b"})
        forms = {chain.form(event)}
        for kind, payload in (("ab", ""), ("", "ab"), ("a1:b", ""), ("~", "b")):
            forms.add(chain.form(msgspec.structs.replace(event, actor_kind=kind, payload=payload)))
        assert len(forms) == 5

    def test_what_was_sealed_before_there_was_an_address_still_verifies(
        self, app: Application, agency: AgencyUnderTest, owner: Owner
    ) -> None:
        """Sealed by the release before, as far as anybody can tell from the rows."""
        owner.execute("UPDATE core_event SET form = 1 WHERE agency_id = %s", (agency.id,))
        row = owner.execute(
            "SELECT agency_id::text, seq::text, id::text, name, schema_version::text,"
            " to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), subject, subject_id::text,"
            " actor_kind, actor_id::text, request_id, payload::text, before::text, after::text"
            f" FROM {EVENT}",
            (agency.id, 1),
        ).fetchone()
        assert row is not None
        fields = ["~" if each is None else f"{len(each.encode())}:{each}" for each in row]
        old = sha256((GENESIS + "".join(fields)).encode()).hexdigest()
        seal(app, agency)
        found = owner.execute("SELECT hash FROM core_event_seal WHERE agency_id = %s AND seq = 1", (agency.id,))
        assert found.fetchone() == (old,)
        assert verify(app, agency).exit_code == 0
        # And nobody gives it an address afterwards.
        for change in ("ip = '192.0.2.1'", "reason = 'because'", "form = 2", "key_id = gen_random_uuid()"):
            owner.execute(f"UPDATE core_event SET {change} WHERE agency_id = %s AND seq = 1", (agency.id,))
            assert damage(app, agency) == "event 1 is not what was sealed"
            undo = "form = 1, ip = NULL, reason = NULL, key_id = NULL"
            owner.execute(f"UPDATE core_event SET {undo} WHERE agency_id = %s AND seq = 1", (agency.id,))


class TestVerify:
    def test_an_untouched_log_is_what_was_sealed(self, app: Application, agency: AgencyUnderTest, sealed: int) -> None:
        result = verify(app, agency)
        assert (result.exit_code, result.output.splitlines()) == (
            0,
            [f"{agency.slug}: sealed up to event {sealed}", "The log of 1 agency is what was sealed."],
        )
        assert sealed > 8

    def test_the_unsealed_tail_is_told(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, sealed: int
    ) -> None:
        ok(api.post("/leads", {"contact": {"name": "Ana"}}), 201)
        result = verify(app, agency)
        assert result.exit_code == 0
        assert f"sealed up to event {sealed}; 2 after it are not sealed yet" in result.output

    def test_sealing_goes_on_where_it_ended(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, sealed: int
    ) -> None:
        ok(api.post("/leads", {"contact": {"name": "Ana"}}), 201)
        seal(app, agency)
        assert f"sealed up to event {sealed + 2}\n" in verify(app, agency).output

    def test_it_goes_on_from_batch_to_batch(
        self, app: Application, agency: AgencyUnderTest, sealed: int, owner: Owner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(verification, "BATCH", 3)
        assert verify(app, agency).exit_code == 0
        owner.execute("UPDATE core_event SET name = 'x' WHERE agency_id = %s AND seq = %s", (agency.id, 8))
        assert damage(app, agency) == "event 8 is not what was sealed"

    def test_every_agency_is_verified_where_none_is_named(
        self, app: Application, agency: AgencyUnderTest, other_agency: AgencyUnderTest, sealed: int, owner: Owner
    ) -> None:
        owner.execute("UPDATE core_event SET name = 'x' WHERE agency_id = %s AND seq = %s", (agency.id, 4))
        result = verify(app)
        assert result.exit_code == 1
        assert f"{agency.slug}: event 4 is not what was sealed" in result.output
        assert f"{other_agency.slug}: sealed up to" in result.output


class TestDamage:
    def test_every_column_is_sealed(self) -> None:
        """A column that is added later must not be one that anybody may change."""
        assert {column.name for column in EventEntry.__table__.columns} == set(chain.Sealable.__struct_fields__)

    @pytest.mark.parametrize(
        "change",
        [
            "name = name || 'x'",
            "schema_version = schema_version + 1",
            "occurred_at = occurred_at + interval '1 microsecond'",
            "subject = 'leads.lease'",
            "subject_id = gen_random_uuid()",
            "actor_kind = 'system'",
            "actor_id = gen_random_uuid()",
            "actor_id = NULL",
            "request_id = 'another'",
            'payload = payload || \'{"reference": "L-1"}\'',
            "payload = payload - 'source'",
            "before = '{}'",
            "after = jsonb_set(after, '{adults}', '3')",
            "after = NULL",
            "id = gen_random_uuid()",
            "form = 1",
            "form = 3",
            "ip = '192.0.2.1'",
            "ip = NULL",
            "user_agent = user_agent || ' '",
            "user_agent = NULL",
            "impersonator_id = gen_random_uuid()",
            "key_id = gen_random_uuid()",
            "reason = 'because'",
            "form = 1, ip = NULL, user_agent = NULL",
        ],
    )
    def test_a_changed_event_is_named(
        self, app: Application, agency: AgencyUnderTest, sealed: int, owner: Owner, change: str
    ) -> None:
        (seq,) = owner.execute(
            "SELECT seq FROM core_event WHERE agency_id = %s AND name = 'leads.lead_created' ORDER BY seq LIMIT 1",
            (agency.id,),
        ).fetchone() or (0,)
        owner.execute(f"UPDATE core_event SET {change} WHERE agency_id = %s AND seq = %s", (agency.id, seq))
        assert damage(app, agency) == f"event {seq} is not what was sealed"

    def test_a_changed_seal_is_named(
        self, app: Application, agency: AgencyUnderTest, sealed: int, owner: Owner
    ) -> None:
        owner.execute(
            "UPDATE core_event_seal SET hash = translate(hash, '0123', '1230') WHERE agency_id = %s AND seq = 5",
            (agency.id,),
        )
        assert damage(app, agency) == "event 5 is not what was sealed"

    def test_a_removed_event_is_named(
        self, app: Application, agency: AgencyUnderTest, sealed: int, owner: Owner
    ) -> None:
        owner.execute(f"DELETE FROM {EVENT}", (agency.id, 6))
        assert damage(app, agency) == "event 6 is gone"

    def test_a_removed_seal_is_named(
        self, app: Application, agency: AgencyUnderTest, sealed: int, owner: Owner
    ) -> None:
        owner.execute("DELETE FROM core_event_seal WHERE agency_id = %s AND seq = 6", (agency.id,))
        assert damage(app, agency) == "the seal of event 6 is gone"

    def test_exchanged_events_are_named(
        self, app: Application, agency: AgencyUnderTest, sealed: int, owner: Owner
    ) -> None:
        for before, after in ((3, -1), (4, 3), (-1, 4)):
            owner.execute(
                "UPDATE core_event SET seq = %s WHERE agency_id = %s AND seq = %s", (after, agency.id, before)
            )
        assert damage(app, agency) == "event 3 is not what was sealed"

    def test_an_inserted_event_is_named(
        self, app: Application, agency: AgencyUnderTest, sealed: int, owner: Owner
    ) -> None:
        for seq in range(sealed, 4, -1):
            owner.execute("UPDATE core_event SET seq = %s WHERE agency_id = %s AND seq = %s", (seq + 1, agency.id, seq))
        owner.execute(_FORGE, {"agency": agency.id, "seq": 5})
        assert damage(app, agency) == "event 5 is not what was sealed"

    def test_an_event_that_is_gone_before_it_was_sealed_is_named(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, sealed: int, owner: Owner
    ) -> None:
        ok(api.post("/leads", {"contact": {"name": "Ana"}}), 201)
        owner.execute(f"DELETE FROM {EVENT}", (agency.id, sealed + 2))
        assert damage(app, agency) == f"event {sealed + 2} is gone, before it was sealed"

    def test_nothing_is_sealed_over_a_cut_chain(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, sealed: int, owner: Owner
    ) -> None:
        owner.execute("DELETE FROM core_event_seal WHERE agency_id = %s AND seq > 5", (agency.id,))
        ok(api.post("/leads", {"contact": {"name": "Ana"}}), 201)
        seal(app, agency)
        assert head(app, agency) == 5


_FORGE = """
INSERT INTO core_event (id, agency_id, seq, name, schema_version, occurred_at, subject, subject_id, actor_kind, payload)
VALUES (gen_random_uuid(), %(agency)s, %(seq)s, 'leads.lead_won', 1, now(), 'leads.lead', gen_random_uuid(), 'user',
    '{}')
"""


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
        assert damage(noting, agency) == f"event {sealed} has another seal than was noted: the chain was rewritten"

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
