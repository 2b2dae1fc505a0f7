"""A mailbox for tests: what the application sends while it is open, and the links in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from flask import Flask

_LINK = re.compile(r"https?://\S+")


class Mailbox:
    """Letters that were sent, the first one first."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    def of(self, address: str) -> list[EmailMessage]:
        """The letters to one person."""
        return [each for each in self.messages if str(each["To"]) == address]

    def text(self, address: str) -> str:
        """The text of the last letter to a person; fails where there is none."""
        found = self.of(address)
        assert found, f"Nothing was sent to {address}, only to {[str(each['To']) for each in self.messages]}"
        body = found[-1].get_body(("plain",))
        assert isinstance(body, EmailMessage)
        return str(body.get_content())

    def link(self, address: str) -> str:
        """The first link in the last letter to a person."""
        found = _LINK.search(self.text(address))
        assert found, "There is no link in the letter"
        return found.group()

    def token(self, address: str) -> str:
        """The secret at the end of that link."""
        return self.link(address).partition("#")[2].rpartition("=")[2]


@contextmanager
def mailbox(app: Flask) -> Iterator[Mailbox]:
    """Collect what the application sends instead of sending it."""
    box = Mailbox()
    app.extensions["tripfile.mail"] = box.messages.append
    try:
        yield box
    finally:
        del app.extensions["tripfile.mail"]
