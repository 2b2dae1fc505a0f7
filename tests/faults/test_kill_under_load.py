"""The server is killed again and again while clients write: what was acknowledged is there, whole."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from core.extensions import db
from core.http.application import Application
from core.testing.factories import AgencyUnderTest
from tests.faults.conftest import ServerProcess

KILLS = 20
WRITERS = 4
ACKNOWLEDGED_PER_LIFE = 15


class Writer(threading.Thread):
    """A client that takes in leads until told to stop, repeating what was not acknowledged under the same key."""

    def __init__(self, port: int, token: str, number: int) -> None:
        super().__init__(daemon=True)
        self.port, self.token, self.number = port, token, number
        self.acknowledged: dict[str, str] = {}
        self.refused: list[str] = []
        self.stopping = False

    def run(self) -> None:
        count = 0
        while not self.stopping:
            key = f"writer-{self.number}-{count}"
            lead_id = self._write(key)
            if lead_id is None:
                time.sleep(0.02)
                continue
            self.acknowledged[key] = lead_id
            count += 1

    def _write(self, key: str) -> str | None:
        """The id of an acknowledged lead; None when no answer came, so that nobody knows."""
        body = json.dumps({"contact": {"name": key}, "destinations": ["Kenya"], "tags": ["load"], "note": key})
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/api/v1/leads", body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if answer.status == 409:
            # The killed server's transaction is still being rolled back.
            return None
        if answer.status != 201:
            self.refused.append(f"{answer.status} {content[:300]!r}")
            return None
        return str(json.loads(content)["id"])


@pytest.mark.slow
class TestKillUnderLoad:
    def test_every_acknowledged_write_is_there_with_its_event_and_none_is_half_there(
        self, app: Application, agency: AgencyUnderTest, server_process: Callable[..., ServerProcess]
    ) -> None:
        server = server_process(JWT_EXPIRATION="1h")
        token = agency.member("owner").token
        assert token is not None
        writers = [Writer(server.port, token, number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        for _ in range(KILLS):
            self._let_them_write(writers)
            server.kill()
            server.start()
        for writer in writers:
            writer.stopping = True
            writer.join(timeout=20)
        assert not [refusal for writer in writers for refusal in writer.refused]
        self._verify(app, agency, writers)

    def _let_them_write(self, writers: list[Writer]) -> None:
        before = sum(len(writer.acknowledged) for writer in writers)
        deadline = time.monotonic() + 20
        while sum(len(writer.acknowledged) for writer in writers) < before + ACKNOWLEDGED_PER_LIFE:
            assert time.monotonic() < deadline, "No writes are acknowledged"
            time.sleep(0.01)

    def _verify(self, app: Application, agency: AgencyUnderTest, writers: list[Writer]) -> None:
        acknowledged = {lead_id for writer in writers for lead_id in writer.acknowledged.values()}
        assert len(acknowledged) >= KILLS * ACKNOWLEDGED_PER_LIFE
        with app.app_context(), db.engines[None].begin() as connection:
            connection.execute(text("select set_config('app.agency_id', :id, true)"), {"id": str(agency.id)})
            rows = connection.execute(text(_WHOLE)).all()
        assert acknowledged <= {str(row.id) for row in rows}
        halves = [row for row in rows if (row.events, row.steps, row.notes, row.tags, row.contacts) != (1, 1, 1, 1, 1)]
        assert not halves
        # One lead per key, whatever was repeated: each key is its contact's name.
        assert len(rows) == len({row.name for row in rows})


_WHOLE = """
select l.id, (select name from contacts_contact c where c.id = l.contact_id) as name,
    (select count(*) from core_event e where e.subject_id = l.id and e.name = 'leads.lead_created') as events,
    (select count(*) from leads_status_change s where s.lead_id = l.id) as steps,
    (select count(*) from leads_note n where n.lead_id = l.id) as notes,
    (select count(*) from leads_tag t where t.lead_id = l.id) as tags,
    (select count(*) from contacts_contact c where c.id = l.contact_id) as contacts
from leads_lead l
"""
