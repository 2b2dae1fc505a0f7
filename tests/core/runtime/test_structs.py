"""What msgspec knows of Structs before there are threads."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core import structs
from core.http.application import Application
from core.http.contract import contract_of


class TestSettling:
    def test_learns_every_struct_that_a_request_may_bring(
        self, app: Application, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        learned: list[Any] = []
        monkeypatch.setattr(msgspec.json, "Decoder", learned.append)
        structs.settle()
        bodies = {contract_of(view).body for view in app.view_functions.values()} - {None}
        assert bodies
        assert bodies <= set(learned)

    def test_is_done_when_an_application_is_made(self, app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
        from core.app import create_app

        class Settled(Exception):
            """It was asked for."""

        def settle() -> None:
            raise Settled

        monkeypatch.setattr(structs, "settle", settle)
        with pytest.raises(Settled):
            create_app(app.settings)
