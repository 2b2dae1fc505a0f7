"""Everything that is known about a person, put together for them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from core import clock
from core.actor import acting_user_id, current_actor, current_user_id
from core.db.tenancy import current_agency_id
from core.errors import Fault, Invalid, NotFound
from core.events.log import publish
from core.http.structs import encode
from core.privacy import collecting, identities, permissions
from core.privacy.errors import BundleExpired, NotReady
from core.privacy.events import ExportHandedOut, ExportMade, ExportRequested
from core.privacy.models import OPEN, LegalHold, PrivacyRequest
from core.privacy.repository import is_erased, requests
from core.privacy.schemas import BundleView, HoldingView, PersonRef, RequestView
from core.privacy.subjects import USER, Holding, Subject
from core.quotas import api as quotas
from core.vault.columns import Secret, reveal
from core.vault.errors import SubjectErased

KEPT_FOR = timedelta(days=7)
_WITHHELD = frozenset({LegalHold.__tablename__})
"""That somebody is held to account is not for them to learn here."""


def request(person: PersonRef) -> RequestView:
    """Have everything about a person put together in the background. Raises Invalid, SubjectErased, QuotaExceeded."""
    check(person)
    made = requests.add(
        PrivacyRequest(
            kind="export", subject=person.kind, subject_id=person.id, state="queued", requested_by=acting_user_id()
        )
    )
    publish(ExportRequested(request_id=made.id, person=person.kind, person_id=person.id))
    quotas.spend(permissions.EXPORTS.name)
    return requests.shown(made.id)


def make(request_id: UUID) -> None:
    """Put it together and keep it under the person's own key; nothing where that is done."""
    wanted = requests.locked(request_id)
    if wanted.state not in OPEN:
        return
    bundle = _bundle(wanted.subject, wanted.subject_id)
    tables: dict[str, int] = {}
    for each in bundle.holdings:
        tables[each.table] = tables.get(each.table, 0) + 1
    wanted.bundle = Secret(encode(bundle).decode())
    wanted.manifest = {"rows": tables, "not_asked": bundle.not_asked}
    wanted.state, wanted.finished_at, wanted.expires_at = "done", clock.now(), clock.now() + KEPT_FOR
    requests.save()
    publish(ExportMade(request_id=wanted.id, rows=len(bundle.holdings)))


def hand_out(request_id: UUID) -> bytes:
    """The bundle, which the log notes: whoever may export could have asked for it. Raises NotReady, BundleExpired."""
    wanted = requests.get(request_id)
    if wanted.kind != "export":
        raise NotFound
    if wanted.state != "done":
        raise NotReady
    if wanted.bundle is None or wanted.expires_at is None or wanted.expires_at <= clock.now():
        raise BundleExpired
    text = reveal(wanted, PrivacyRequest.bundle)
    publish(ExportHandedOut(request_id=wanted.id))
    return (text or "").encode()


def of_oneself() -> BundleView:
    """Everything the acting agency knows about the signed-in person."""
    return _bundle(USER, current_user_id())


def check(person: PersonRef) -> tuple[Subject, list[Holding]]:
    """The person and what is held. Raises SubjectErased where they were taken out, Invalid where there is nothing."""
    subject, holdings = collecting.collect(person.kind, person.id)
    if is_erased(person.kind, person.id) and not collecting.said(holdings):
        raise SubjectErased
    if not holdings:
        raise Invalid(errors=[Fault("/subject/id", "unknown", "Nothing is known about such a person")])
    return subject, holdings


def _bundle(kind: str, subject_id: UUID) -> BundleView:
    _, holdings = collecting.collect(kind, subject_id)
    found = [
        HoldingView(each.table, each.row_id, dict(each.values)) for each in holdings if each.table not in _WITHHELD
    ]
    agency_id = current_actor().agency_id or current_agency_id()
    if kind == USER:
        sign_ins = identities.sign_ins(subject_id, agency_id)
        found += [HoldingView("core_auth_session", each.id, msgspec.to_builtins(each)) for each in sign_ins]
    return BundleView(kind, subject_id, clock.now(), found, collecting.not_asked())
