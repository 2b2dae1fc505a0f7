"""A real mail server on the loopback, with a certificate of an authority of the test's own."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from email.message import Message as ParsedMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from core.config import Settings
from core.http.application import Application
from core.testing.servers import free_port

USER, PASSWORD = "office", "only-for-tests"


class Inbox:
    """Takes what comes, unless it was told to refuse."""

    def __init__(self) -> None:
        self.messages: list[ParsedMessage] = []
        self.recipients: list[str] = []
        self.encrypted: list[bool] = []
        self.refuse = ""

    async def handle_RCPT(  # noqa: N802 - the name the library calls
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """A recipient."""
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        """A letter."""
        self.messages.append(BytesParser(policy=default).parsebytes(envelope.content))
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        return "250 OK"


class Server:
    """A running mail server."""

    def __init__(self, inbox: Inbox, port: int, ca_file: Path) -> None:
        self.inbox = inbox
        self.port = port
        self.ca_file = ca_file


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts mail servers."""
    running: list[Controller] = []
    authority = trustme.CA()
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)

    def start(*, offers_tls: bool = True, wants_password: bool = False, name: str = "127.0.0.1") -> Server:
        inbox, port = Inbox(), free_port()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(name).configure_cert(context)
        options: dict[str, Any] = {"tls_context": context, "require_starttls": True} if offers_tls else {}
        if wants_password:
            options |= {"authenticator": _judge, "auth_required": True}
        controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return Server(inbox, port, ca_file)

    yield start
    for controller in running:
        controller.stop()


def _judge(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=right, handled=False)


@pytest.fixture
def configure(app: Application, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Sets settings of the running application for the length of a test."""

    def change(**values: Any) -> Settings:
        for name, value in values.items():
            monkeypatch.setattr(app.settings, name, value)
        return app.settings

    return change


@pytest.fixture
def through(configure: Callable[..., Settings]) -> Callable[..., Server]:
    """Has the application send through a server."""

    def point(server: Server, **more: Any) -> Server:
        configure(
            smtp_host="127.0.0.1", smtp_port=server.port, smtp_ca_file=str(server.ca_file),
            mail_from="Sunrise Travel <office@sunrise.example>", **more,
        )  # fmt: skip
        return server

    return point
