"""Random requests from the API's own description, as several roles and as nobody; `TRIPFILE_FUZZ=long` digs deeper."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from core.app import create_app
from core.config import Settings
from core.db.session import dispose
from core.testing import databases
from core.testing.clients import ApiClient
from core.testing.databases import Server
from core.testing.factories import AgencyUnderTest, agency_maker

LONG = os.environ.get("TRIPFILE_FUZZ") == "long"
EXAMPLES = 100 if LONG else 4
SCENARIOS = 200 if LONG else 20
SECONDS = 600
HERE = Path(__file__).parent
# Rules a document cannot tell are answered with these, and they are documented:
# 412 for a stale version, 422 for input that breaks a rule (fuzz_checks.py sees to it that no other input is refused).
CONFIGURATION = """
hooks = "{hooks}"
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "412", "422", "429"]
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "412", "414", "415", "422", "428", "429"]
[checks.missing_required_header]
expected-statuses = ["400", "401", "403", "404", "415", "422", "428"]
[phases.stateful]
generation = {{max-examples = {scenarios}}}
"""


class Lasting(WSGIRequestHandler):
    """Keeps connections: thousands of requests need not make one each."""

    protocol_version = "HTTP/1.1"


@pytest.fixture(scope="module")
def address(database_server: Server) -> Iterator[tuple[str, Callable[[], AgencyUnderTest]]]:
    """A real server with a database of its own: where it listens, and a maker of agencies on it."""
    with database_server.clone() as urls:
        settings: Settings = databases.settings_for(urls, jwt_expiration=timedelta(hours=24))
        app = create_app(settings)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Lasting)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", agency_maker(app)
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            dispose()


def fuzz(address: str, folder: Path, person: ApiClient | None, *options: str) -> None:
    """Run schemathesis in a process of its own; its report is the failure's message."""
    configuration = folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION.format(hooks=(HERE / "fuzz_checks.py").as_posix(), scenarios=SCENARIOS))
    signed_in = ["--header", f"Authorization: Bearer {person.token}"] if person else []
    # Signing out would leave the rest of the run with a dead token; tests/core/auth has it.
    left_out = ["--exclude-operation-id", "auth.logout"] if person else []
    steadiness = ["--max-time", str(SECONDS)] if LONG else ["--generation-deterministic"]
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={configuration}",
        "run",
        f"{address}/openapi.json",
        f"--max-examples={EXAMPLES}",
        "--generation-allow-x00=false",
        # Several workers share one AST parser under Python 3.11, which fails at random ("recursion depth mismatch").
        "--workers=1",
        "--no-shrink",
        "--no-color",
        "--continue-on-failure",
        "--warnings=off",
        *signed_in,
        *left_out,
        *steadiness,
        *options,
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS + 300, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]


@pytest.mark.slow
class TestDescribed:
    @pytest.mark.parametrize("role", ["owner", "agent", "read_only"])
    def test_every_answer_to_a_member_is_as_described(
        self, address: tuple[str, Callable[[], AgencyUnderTest]], tmp_path: Path, role: str
    ) -> None:
        where, make_agency = address
        # What a role may not do is refused at the gate, whatever is sent: fewer kinds of requests tell as much.
        phases = [] if role == "owner" or LONG else ["--phases=examples,fuzzing,stateful"]
        fuzz(where, tmp_path, make_agency().member(role, team="A"), *phases)

    def test_every_answer_to_a_stranger_is_as_described(
        self, address: tuple[str, Callable[[], AgencyUnderTest]], tmp_path: Path
    ) -> None:
        fuzz(address[0], tmp_path, None, *([] if LONG else ["--phases=examples,fuzzing"]))

    def test_every_answer_of_the_sign_in_is_as_described(
        self, address: tuple[str, Callable[[], AgencyUnderTest]], tmp_path: Path
    ) -> None:
        fuzz(address[0], tmp_path, None, "--include-tag=Signing in")
