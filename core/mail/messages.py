"""A letter, and what it becomes on the wire: headers that cannot be forged, one recipient."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

import msgspec

from core import clock
from core.crypto import digest
from core.jobs.job import Discard

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


class Message(msgspec.Struct, frozen=True):
    """A letter to one person."""

    to: str
    subject: str
    text: str
    html: str | None = None


class Unsendable(Discard):
    """The letter can never be sent as it is: an address that is none, or a line break in a header."""


def compose(message: Message, *, sender: str, key: str) -> EmailMessage:
    """The letter as RFC 5322 wants it; the same `key` and words give the same Message-ID. Raises Unsendable."""
    composed = EmailMessage(policy=SMTP)
    composed["From"] = _mailbox(sender)
    composed["To"] = address_of(message.to)
    composed["Subject"] = _line(message.subject, "subject")
    composed["Date"] = format_datetime(clock.now())
    # A repeated job says the same letter again, and mail systems can tell. One with another link is no repetition: the
    # copy that a mail system dropped would be the one that works.
    said = "\0".join((key, message.to, message.subject, message.text, message.html or ""))
    unique = digest(said.encode("utf-8", "surrogatepass")).hex()[:32]
    composed["Message-ID"] = f"<{unique}@{composed['From'].addresses[0].domain}>"
    composed["Auto-Submitted"] = "auto-generated"
    composed.set_content(message.text)
    if message.html is not None:
        composed.add_alternative(message.html, subtype="html")
    return composed


def address_of(text: str) -> Address:
    """One address and nothing beside it. Raises Unsendable."""
    try:
        # Parsed as one `addr-spec`: a comma or a name in brackets would reach people nobody wrote to.
        found = Address(addr_spec=_line(text.strip(), "address"))
    except (ValueError, HeaderParseError, IndexError):
        raise Unsendable("The recipient is not one e-mail address") from None
    if not found.domain:
        raise Unsendable("The recipient is not one e-mail address")
    return found


def _mailbox(text: str) -> Address:
    name, plain = parseaddr(_line(text, "sender"))
    found = address_of(plain)
    return Address(display_name=name, username=found.username, domain=found.domain)


def _line(text: str, what: str) -> str:
    if _CONTROL.search(text):
        raise Unsendable(f"The {what} has a line break or another control character in it")
    return text
