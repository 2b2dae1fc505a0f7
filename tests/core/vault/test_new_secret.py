"""JWT_SECRET is changed: the rings are sealed under it, and nothing else has to follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from core import ids, sealing
from core.app import create_app
from core.config import Settings
from core.crypto import Unreadable
from core.db.session import dispose
from core.keyring.rings import ring
from core.streams import PLATFORM
from core.testing.databases import Server, settings_for
from core.vault.commands import vault as command

COLUMN = "webhooks_endpoint.secret"


class TestANewSecretOfTheInstallation:
    @pytest.fixture
    def installation(self, database_server: Server) -> Iterator[Settings]:
        with database_server.clone() as urls:
            yield settings_for(urls)

    def test_opens_the_rings_once_they_are_sealed_anew(self, installation: Settings, tmp_path: Path) -> None:
        row_id = ids.new()
        before = create_app(installation)
        with before.app_context():
            text = sealing.sealed("a word", column=COLUMN, row_id=row_id, agency_id=PLATFORM)
            dispose()
        changed = installation.model_copy(update={"jwt_secret": SecretStr("quite another secret of this installation")})
        vars(changed).pop("master_secret", None)  # Worked out once, and copied with the rest.
        after = create_app(changed)
        with after.app_context():
            with pytest.raises(Unreadable):
                sealing.opened(text, column=COLUMN, row_id=row_id, agency_id=PLATFORM)
            assert installation.jwt_secret is not None
            file = tmp_path / "old-secret"
            file.write_text(installation.jwt_secret.get_secret_value() + "\n")
            ran = CliRunner().invoke(command, ["reseal", "--old-secret-file", str(file)])
            assert ran.exit_code == 0, ran.output
            assert sealing.opened(text, column=COLUMN, row_id=row_id, agency_id=PLATFORM) == "a word"
            assert "0 keys" in CliRunner().invoke(command, ["reseal", "--old-secret-file", str(file)]).output
            dispose()

    def test_changes_nothing_where_the_old_one_is_wrong(self, installation: Settings, tmp_path: Path) -> None:
        before = create_app(installation)
        with before.app_context():
            ring("vault").current()
            dispose()
        changed = installation.model_copy(update={"jwt_secret": SecretStr("quite another secret of this installation")})
        vars(changed).pop("master_secret", None)
        after = create_app(changed)
        file = tmp_path / "old-secret"
        file.write_text("no secret that was ever used here")
        with after.app_context():
            ran = CliRunner().invoke(command, ["reseal", "--old-secret-file", str(file)])
            assert ran.exit_code == 1
            assert "nothing was changed" in ran.output
            dispose()
