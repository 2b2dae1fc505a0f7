"""What another process tells the bus reaches the sockets of the web process, through Redis and without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from core.app import create_app
from core.bus import bus
from core.config import Settings
from core.db.session import dispose
from core.http.application import Application
from core.realtime import emit
from core.realtime.emit import Emission
from core.testing.factories import AgencyUnderTest
from core.testing.servers import RedisServer, WebProcess
from tests.gateway.rawclient import RawClient


@pytest.mark.parametrize("service", ["redis", "postgres"])
class TestAnEmission:
    def test_of_another_process_arrives_and_bursts_do_as_a_whole(
        self,
        service: str,
        request: pytest.FixtureRequest,
        settings: Settings,
        make_web: Callable[..., WebProcess],
        agency: AgencyUnderTest,
    ) -> None:
        host = ""
        if service == "redis":
            server: RedisServer = request.getfixturevalue("redis_server")
            host = server.url
        other = create_app(settings.model_copy(update={"redis_host": host}))
        web = make_web(REDIS_HOST=host)
        client = RawClient(web.port).open()
        try:
            assert client.join(agency.member("agent").token).startswith(b"40{")
            with other.app_context():
                bus().publish(emit.CHANNEL, [_emission(agency, number) for number in range(1_000)])
                bus().publish(emit.CHANNEL, [_emission(agency, 1_000, text="é" * 20_000)])
            data: dict[str, Any] = {}
            for number in range(1_001):
                event, data = msgspec.json.decode(client.packet()[2:])
                assert (event, data["number"]) == ("counted", number)
            assert data["text"] == "é" * 20_000
        finally:
            client.close()
            web.kill()
            with other.app_context():
                dispose()


class TestEmit:
    def test_of_more_than_is_sent_to_everybody_is_a_defect(self, app: Application, agency: AgencyUnderTest) -> None:
        """Some processes would pass it on and others not: the bus drops what is too large for it."""

        class Much(msgspec.Struct):
            text: str

        plugins = app.extensions["tripfile.plugins"]
        changed = replace(plugins.plugins["leads"], emits={"much": Much})
        altered = replace(plugins, plugins={**plugins.plugins, "leads": changed})
        with patch.dict(app.extensions, {"tripfile.plugins": altered}), app.app_context():
            emit.emit_now("leads.much", Much("x" * 60_000), room=f"a:{agency.id}")
            with pytest.raises(emit.TooLarge, match="64020 bytes; at most 64000"):
                emit.emit_now("leads.much", Much("x" * 64_009), room=f"a:{agency.id}")


def _emission(agency: AgencyUnderTest, number: int, *, text: str = "") -> bytes:
    data = msgspec.Raw(msgspec.json.encode({"number": number, "text": text}))
    return msgspec.json.encode(Emission("/", "counted", data, f"a:{agency.id}", "another process"))
