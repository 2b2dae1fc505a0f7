"""How long privacy keeps what it and the core have for a while: answers for repeated requests, and exports."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select

from core.extensions import db
from core.http.idempotency import KEPT_FOR as ANSWERS_KEPT_FOR
from core.http.models import KeptAnswer
from core.privacy.models import PrivacyRequest
from core.privacy.repository import all_on_hold, requests
from core.privacy.words import stand_in
from core.retention import Retention


def _remove_answers(before: datetime, most: int) -> int:
    old = select(KeptAnswer.id).where(*_old_answers(before)).limit(most).with_for_update(skip_locked=True)
    # Of a subquery PostgreSQL may run several times it would delete more than so many.
    found = db.session.scalars(old).all()
    gone = delete(KeptAnswer).where(KeptAnswer.id.in_(found))
    db.session.execute(gone, execution_options={"synchronize_session": False})
    return len(found)


def _count_answers(before: datetime) -> int:
    return db.session.scalar(select(func.count()).select_from(KeptAnswer).where(*_old_answers(before))) or 0


def _old_answers(before: datetime) -> tuple[ColumnElement[bool], ...]:
    held = all_on_hold()
    told = stand_in(func.encode(KeptAnswer.body, "escape"), held)
    return (KeptAnswer.created_at < before, KeptAnswer.principal.not_in(held), ~told)


def _remove_bundles(before: datetime, most: int) -> int:
    found = requests.with_bundles(*_old_bundles(before), most=most)
    for each in found:
        each.bundle = None
    db.session.flush()
    return len(found)


def _count_bundles(before: datetime) -> int:
    old = (PrivacyRequest.bundle.is_not(None), *_old_bundles(before))
    return db.session.scalar(select(func.count()).select_from(PrivacyRequest).where(*old)) or 0


def _old_bundles(before: datetime) -> tuple[ColumnElement[bool], ...]:
    held = [UUID(each) for each in all_on_hold()]
    return (PrivacyRequest.finished_at < before, PrivacyRequest.subject_id.not_in(held))


ANSWERS = Retention(
    name="privacy.answers",
    summary="Answers that are kept for repeated requests",
    apply=_remove_answers,
    count=_count_answers,
    days=lambda: ANSWERS_KEPT_FOR.days,
    least=ANSWERS_KEPT_FOR.days,
    most=ANSWERS_KEPT_FOR.days,
)
EXPORTS = Retention(
    name="privacy.exports",
    summary="Exports of people's data that were put together",
    apply=_remove_bundles,
    count=_count_bundles,
    days=lambda: 7,
    most=7,
)
