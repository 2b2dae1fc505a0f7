"""Letters of an installation without a mail server, shown where its developer looks."""

from __future__ import annotations

from email.message import EmailMessage

import click


def show(message: EmailMessage) -> None:
    """Print a letter: whoever runs Tripfile on their own machine opens its links from there."""
    # Printed, not logged: the log masks secrets, and the link is one.
    body = message.get_body(("plain",))
    lines = [f"To: {message['To']}", f"Subject: {message['Subject']}", "", *_lines(body)]
    framed = "\n".join(f"│ {line}" for line in lines)
    click.echo(f"┌─ Mail: SMTP_HOST is empty, so it is shown here\n{framed}\n└─", err=True)


def _lines(body: object) -> list[str]:
    text = str(body.get_content()) if isinstance(body, EmailMessage) else ""
    return text.rstrip().splitlines()
