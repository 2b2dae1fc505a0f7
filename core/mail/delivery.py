"""Which way a letter goes: through SMTP, or onto the console of a machine without a mail server."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage

import structlog
from flask import current_app
from prometheus_client import Counter

from core.config import Settings
from core.jobs.job import RetryAfter
from core.jobs.run import current_run
from core.mail import console, smtp
from core.mail.messages import Message, Unsendable, compose

log = structlog.get_logger()
letters_total = Counter("tripfile_mails", "Letters by what became of them.", ["outcome"])
_SENDER = "Tripfile <tripfile@localhost.localdomain>"
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 3600.0


def send(message: Message) -> None:
    """Send a letter, from a job. Raises RetryAfter where it may work later, Unsendable where it never will.

    It carries the job's key: a job that says the same twice says it with the same Message-ID.
    """
    settings: Settings = current_app.extensions["tripfile.settings"]
    run = current_run()
    try:
        _way(settings)(compose(message, sender=settings.mail_from or _SENDER, key=run.idempotency_key))
    except smtp.Undelivered as error:
        letters_total.labels("delayed").inc()
        log.warning("mail.delayed", reason=str(error), attempt=run.attempt)
        raise RetryAfter(_pause(run.attempt), str(error)) from error
    except Unsendable:
        letters_total.labels("refused").inc()
        raise
    letters_total.labels("sent").inc()


def missing(settings: Settings) -> str | None:
    """A sentence where letters cannot be sent at all."""
    if settings.smtp_host or not settings.production:
        return None
    return "SMTP_HOST is missing: nobody gets links to reset a password, invitations or warnings"


def _way(settings: Settings) -> Callable[[EmailMessage], None]:
    other: Callable[[EmailMessage], None] | None = current_app.extensions.get("tripfile.mail")
    if other is not None:
        return other
    if settings.smtp_host:
        return lambda message: smtp.deliver(message, settings)
    lacking = missing(settings)
    if lacking is not None:
        raise smtp.Undelivered(lacking)
    return console.show


def _pause(attempt: int) -> float:
    """Longer each time: eight attempts span an outage of about two hours."""
    doubled: float = _FIRST_PAUSE * 2**attempt
    return min(doubled, _LONGEST_PAUSE)
