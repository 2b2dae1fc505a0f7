"""Sending through an SMTP server, encrypted unless the operator says otherwise."""

from __future__ import annotations

import re
import smtplib
import ssl
from email.message import EmailMessage

from core.config import Settings
from core.mail.messages import Unsendable

TIMEOUT = 10.0
"""Seconds one exchange with the server may take."""


_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
"""RFC 3463."""


class Undelivered(Exception):
    """The server did not take the letter this time."""


def deliver(message: EmailMessage, settings: Settings) -> None:
    """Hand a letter to the server. Raises Undelivered for what may pass, Unsendable for what never will."""
    to = [message["To"].addresses[0].addr_spec]
    try:
        with _connected(settings) as server:
            server.send_message(message, to_addrs=to)
    except smtplib.SMTPRecipientsRefused as refused:
        raise _judged(*next(iter(refused.recipients.values()))) from None
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
        raise _judged(refused.smtp_code, refused.smtp_error) from None
    except smtplib.SMTPNotSupportedError as error:
        if "SMTPUTF8" in str(error):
            raise Unsendable("The mail server takes no addresses beyond ASCII") from None
        raise Undelivered(str(error)) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered(_said(error)) from None


def probe(settings: Settings) -> None:
    """Say hello, encrypt and sign in, as for a letter. Raises Undelivered."""
    try:
        with _connected(settings) as server:
            server.noop()
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered(_said(error)) from None


def _connected(settings: Settings) -> smtplib.SMTP:
    host, port = settings.smtp_host, settings.smtp_port
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=_context(settings))
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    try:
        if settings.smtp_security == "starttls":
            # Refused by a server without STARTTLS: a letter with a link never goes in clear by accident.
            server.starttls(context=_context(settings))
        if settings.smtp_user:
            password = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
            server.login(settings.smtp_user, password)
    except BaseException:
        server.close()
        raise
    return server


def _context(settings: Settings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.smtp_ca_file or None)


def _judged(code: int, said: bytes | str) -> Exception:
    """4xx is for now, 5xx is for good (RFC 5321, section 4.2.1)."""
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    # The rest of what servers say usually repeats the address.
    status = _STATUS.match(text)
    answer = f"{code} {status[0]}" if status else str(code)
    return Undelivered(answer) if code < 500 else Unsendable(f"The mail server refused: {answer}")


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        # What a server says here may repeat the name it was given.
        return f"SMTP_USER or SMTP_PASSWORD is refused ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__}: {error.smtp_code}"
    return f"{type(error).__name__}: {error}"
