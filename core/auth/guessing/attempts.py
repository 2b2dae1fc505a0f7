"""Guesses at passwords, counted by account, by address and in all; a device that is known counts for itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from flask import request
from limits import parse

from core.auth.guessing import throttle
from core.auth.guessing.throttle import Keyed, Rule, Throttle
from core.auth.people import persons
from core.extensions import settings
from core.networks import network_of

MOST_IN_A_ROW = 100
"""NIST SP 800-63B-4, section 3.2.2: so many failures in a row, and each further guess waits an hour."""
_EASES = timedelta(hours=1)


@contextmanager
def guess(email: str, *, device_id: UUID | None) -> Iterator[None]:
    """Count a guess at an account's password that is looked at inside. Raises TooManyAttempts.

    Unknown accounts are counted like those there are. Whoever comes from a device that has signed in to the account
    before is counted by the device: strangers cannot keep the owner out. What was right was no guess: what was counted
    for the account goes, and this attempt for the address.
    """
    if device_id is not None:
        counted = throttle.looked_at((_DEVICE, str(device_id)))
    else:
        counted = throttle.looked_at(_account(email), beside=_others())
    with counted:
        yield


def waits(email: str) -> bool:
    """Whether strangers have to wait before they may guess at an account."""
    account, key = _account(email)
    return account.waits(key)


def forget(email: str) -> None:
    """Forget the failures of an account: its owner proved themselves by a link."""
    throttle.settle(forget=(_account(email),))


_DEVICE = Throttle("sign-in by device", Rule(10, timedelta(minutes=5), eases=_EASES, most_in_a_row=MOST_IN_A_ROW))


def _account(email: str) -> Keyed:
    rule = _rule(settings().login_failures_account, eases=_EASES, most_in_a_row=MOST_IN_A_ROW)
    return Throttle("sign-in by account", rule), persons.plain(email)


def _others() -> tuple[Keyed, Keyed]:
    present = settings()
    return (
        (Throttle("sign-in by address", _rule(present.login_failures_address)), network_of(request.remote_addr or "")),
        # Growing waits here would let anybody close the door to everybody.
        (Throttle("sign-in", _rule(present.login_failures_all, grows=False)), "all"),
    )


def _rule(limit: str, *, eases: timedelta | None = None, most_in_a_row: int | None = None, grows: bool = True) -> Rule:
    item = parse(limit)
    return Rule(item.amount, timedelta(seconds=item.get_expiry()), grows, eases, most_in_a_row)
