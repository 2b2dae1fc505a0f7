from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec
import psycopg
import pytest

from core.audit import chain, verification
from core.audit.chain import GENESIS
from core.config import Settings
from core.events.models import EventEntry
from core.http.application import Application
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.core.audit.conftest import EVENT, Owner, damage, head, seal, verify


class TestForm:
    def test_it_is_what_its_description_says(self, app: Application, agency: AgencyUnderTest, owner: Owner) -> None:
        """Recomputed from the table alone, by somebody who has only read the description."""
        seal(app, agency)
        row = owner.execute(
            "SELECT form::text, agency_id::text, seq::text, id::text, name, schema_version::text,"
            " to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), subject, subject_id::text,"
            " actor_kind, actor_id::text, request_id, payload::text, before::text, after::text, origin,"
            " impersonator_id::text, key_id::text"
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

    def test_what_was_sealed_before_there_was_an_origin_still_verifies(
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
        # And nobody gives it an origin afterwards.
        for change in ("origin = 'ff'", "form = 2", "key_id = gen_random_uuid()"):
            owner.execute(f"UPDATE core_event SET {change} WHERE agency_id = %s AND seq = 1", (agency.id,))
            assert damage(app, agency) == "event 1 is not what was sealed"
            undo = "form = 1, origin = NULL, key_id = NULL"
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
            "origin = 'ff'",
            "origin = NULL",
            "impersonator_id = gen_random_uuid()",
            "key_id = gen_random_uuid()",
            "form = 1, origin = NULL",
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
        for before, after in ((3, 10**6), (4, 3), (10**6, 4)):
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


class TestTheApplicationsRole:
    """Whoever has taken over what serves requests, and nothing else."""

    @pytest.fixture
    def intruder(self, settings: Settings, agency: AgencyUnderTest) -> Iterator[Owner]:
        assert settings.database_url is not None
        with psycopg.connect(settings.database_url.get_secret_value()) as connection:
            connection.execute("SELECT set_config('app.agency_id', %s, true)", [str(agency.id)])
            yield connection

    def forge(self, connection: Owner, agency: AgencyUnderTest) -> None:
        connection.execute(
            "INSERT INTO core_event (id, agency_id, name, schema_version, occurred_at, subject, subject_id, actor_kind,"
            " payload, seq, form) VALUES (gen_random_uuid(), %s, 'leads.lead_won', 1, '2020-01-01', 'leads.lead',"
            " gen_random_uuid(), 'user', '{}', -1, 2)",
            [agency.id],
        )

    def test_puts_no_event_before_the_first(self, agency: AgencyUnderTest, sealed: int, intruder: Owner) -> None:
        with pytest.raises(psycopg.errors.CheckViolation):
            self.forge(intruder, agency)

    def test_cannot_seal(self, agency: AgencyUnderTest, sealed: int, intruder: Owner) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            intruder.execute("INSERT INTO core_event_seal VALUES (%s, %s, 'ff')", [agency.id, 10**9])

    def test_is_found_out_where_somebody_took_the_wall_down(
        self, app: Application, agency: AgencyUnderTest, sealed: int, owner: Owner
    ) -> None:
        wall = "core_event_seq_check"
        owner.execute(f"ALTER TABLE core_event DROP CONSTRAINT {wall}")
        self.forge(owner, agency)
        assert damage(app, agency) == "event -1 was put before the first"
        owner.execute("DELETE FROM core_event WHERE seq < 1")
        owner.execute(f"ALTER TABLE core_event ADD CONSTRAINT {wall} CHECK (seq > 0)")


class TestSealing:
    def test_goes_on_where_its_checkpoint_was_lost(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, sealed: int, owner: Owner
    ) -> None:
        owner.execute("UPDATE core_follower SET seq = 2 WHERE name = 'audit.seal' AND agency_id = %s", [agency.id])
        ok(api.post("/leads", {"contact": {"name": "Zoe"}}), 201)
        seal(app, agency)
        assert head(app, agency) > sealed
        assert verify(app, agency).exit_code == 0
