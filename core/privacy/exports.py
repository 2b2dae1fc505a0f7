"""Everything that is known about a person, put together for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain
from typing import NamedTuple, cast
from uuid import UUID

import msgspec

from core import clock
from core.actor import current_user_id
from core.crypto import Unreadable
from core.db.tenancy import current_agency_id
from core.errors import Fault, Invalid, NotFound
from core.events.log import publish
from core.http.structs import encode
from core.privacy import collecting, identities, own_rows
from core.privacy.errors import BundleExpired, NotReady
from core.privacy.events import ExportHandedOut, ExportMade
from core.privacy.models import OPEN, LegalHold, PrivacyRequest
from core.privacy.repository import is_erased, requests
from core.privacy.schemas import BundleView, HoldingView, PersonRef
from core.privacy.subjects import USER, Holding, Subject
from core.vault import keys
from core.vault.columns import Secret, reveal
from core.vault.errors import Erased, SubjectErased
from core.vault.keys import Person

KEPT_FOR = timedelta(days=7)
_KEPT = "kept"
"""What a manifest says where nothing could be kept."""
_WITHHELD = frozenset({LegalHold.__tablename__})
"""That somebody is held to account is not for them to learn here."""


def make(request_id: UUID) -> None:
    """Put it together and keep it under the person's own key, if there is one; nothing where that is done."""
    wanted = requests.locked(request_id)
    if wanted.state not in OPEN:
        return
    bundle = _bundle(wanted.subject, wanted.subject_id, _held(wanted.subject, wanted.subject_id))
    wanted.manifest = {"rows": bundle.rows, "not_asked": bundle.not_asked}
    try:
        keys.to_seal(Person(wanted.subject, wanted.subject_id))
        wanted.bundle = Secret(bundle.text.decode())
    except Unreadable:
        # Their key is lost, and in clear nothing is kept: it is put together once more for whoever takes it.
        wanted.manifest = {**wanted.manifest, _KEPT: False}
    wanted.state, wanted.finished_at, wanted.expires_at = "done", clock.now(), clock.now() + KEPT_FOR
    requests.save()
    publish(ExportMade(request_id=wanted.id, rows=sum(bundle.rows.values())))


def hand_out(request_id: UUID) -> bytes:
    """The bundle, which the log notes: whoever may export could have asked for it. Raises NotReady, BundleExpired."""
    wanted = requests.get(request_id)
    if wanted.kind != "export":
        raise NotFound
    if wanted.state != "done":
        raise NotReady
    if wanted.expires_at is None or wanted.expires_at <= clock.now():
        raise BundleExpired
    text = _taken(wanted)
    publish(ExportHandedOut(request_id=wanted.id))
    return text


def _taken(wanted: PrivacyRequest) -> bytes:
    is_kept = wanted.bundle is not None
    if not is_kept and ((wanted.manifest or {}).get(_KEPT, True) or is_erased(wanted.subject, wanted.subject_id)):
        raise BundleExpired
    try:
        text = reveal(wanted, PrivacyRequest.bundle)
    except Erased:
        raise BundleExpired from None
    except Unreadable:
        text = None
    if text is not None:
        return text.encode()
    return _bundle(wanted.subject, wanted.subject_id, _held(wanted.subject, wanted.subject_id)).text


def of_oneself() -> bytes:
    """Everything the acting agency knows about the signed-in person, and what belongs to them above the agencies."""
    user_id = current_user_id()
    return _bundle(USER, user_id, chain(_held(USER, user_id), identities.own(user_id))).text


def check(person: PersonRef) -> tuple[Subject, list[Holding]]:
    """The person and what is held. Raises SubjectErased where they were taken out, Invalid where there is nothing."""
    subject, holdings = collecting.collect(person.kind, person.id)
    if is_erased(person.kind, person.id) and not collecting.said(holdings):
        raise SubjectErased
    if not holdings:
        raise Invalid(errors=[Fault("/subject/id", "unknown", "Nothing is known about such a person")])
    return subject, holdings


class _Bundle(NamedTuple):
    text: bytes
    """A BundleView as JSON."""
    rows: dict[str, int]
    """How many there are of each table."""
    not_asked: list[str]


def _bundle(kind: str, subject_id: UUID, holdings: Iterable[Holding]) -> _Bundle:
    rows: dict[str, int] = {}
    # Row by row: of somebody who did much there are many, and as text they are a tenth of what they are as objects.
    text = bytearray(b"[")
    for each in holdings:
        rows[each.table] = rows.get(each.table, 0) + 1
        text += b"," if len(text) > 1 else b""
        text += encode(HoldingView(each.table, each.row_id, dict(each.values)))
    text += b"]"
    not_asked = collecting.not_asked()
    view = BundleView(kind, subject_id, clock.now(), cast("list[HoldingView]", msgspec.Raw(text)), not_asked)
    return _Bundle(encode(view), rows, not_asked)


def _held(kind: str, subject_id: UUID) -> Iterator[Holding]:
    """What the acting agency has about a person."""
    _, holdings = collecting.collect(kind, subject_id)
    yield from (each for each in holdings if each.table not in _WITHHELD)
    if kind == USER:
        yield from own_rows.written(subject_id)
        yield from own_rows.log_of(subject_id)
        yield from identities.here(subject_id, current_agency_id())
