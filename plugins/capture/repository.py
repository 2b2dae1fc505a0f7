"""Queries for forms, hooks, and what came in by them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    true,
    type_coerce,
    update,
)

from core.sdk import (
    OPTIONAL,
    RANGE,
    Filter,
    Instant,
    Listed,
    Listing,
    ListQuery,
    Page,
    Repository,
    StructJSON,
    db,
    read,
)

from .models import Form, Hook, Sender, Submission
from .schemas.forms import FormCaptchaView, FormRow, FormView
from .schemas.hooks import HookRow, HookSecrets, HookView
from .schemas.submissions import Channel, State, SubmissionRow

_CAPTCHA = type_coerce(
    case(
        (
            Form.captcha_provider.is_not(None),
            func.jsonb_build_object(
                "provider",
                Form.captcha_provider,
                "site_key",
                Form.captcha_site_key,
                "verify_url",
                Form.captcha_url,
            ),
        ),
        else_=None,
    ),
    StructJSON(FormCaptchaView),
)
FORM_ROW = select(*read.columns(FormRow, Form))
FORM = select(*read.columns(FormView, Form, captcha=_CAPTCHA))
HOOK_ROW = select(*read.columns(HookRow, Hook))
HOOK = select(*read.columns(HookView, Hook))
SUBMISSION = select(*read.columns(SubmissionRow, Submission))
_FORM_OF_KEY = read.Query(FORM.where(Form.key == bindparam("key", type_=Text())), FormView)
_HOOK_OF_KEY = read.Query(HOOK.where(Hook.key == bindparam("key", type_=Text())), HookView)
_CAPTCHA_SECRET = read.Query(select(Form.captcha_secret).where(Form.id == bindparam("form_id", type_=Uuid())), str)
_SECRETS = read.Query(
    select(*read.columns(HookSecrets, Hook)).where(Hook.id == bindparam("hook_id", type_=Uuid())), HookSecrets
)
_MOST_AGAIN = 20
_MANY = {"synchronize_session": False}


class Forms(Repository[Form]):
    """An agency's forms."""

    model = Form
    permission = "capture.read"
    subject = "capture.form"
    listing = Listing(
        filters={"brand_id": Filter(Form.brand_id, UUID, "The brand that leads are of.", OPTIONAL)},
        sorts={"created_at": Form.created_at, "name": Form.name},
    )

    def rows(self, query: ListQuery) -> Page[FormRow]:
        """A page of forms."""
        return self.page(query, FORM_ROW, FormRow)

    def shown(self, form_id: UUID) -> FormView:
        """A form. Raises NotFound."""
        return self.view(form_id, FORM, FormView)

    def of_key(self, key: str) -> FormView | None:
        """The form at a public address."""
        return _FORM_OF_KEY.first(key=key)

    def captcha_secret(self, form_id: UUID) -> str:
        """What shows to whoever verifies answers that we ask, sealed. It opens no transaction: they take seconds."""
        return self._found(_CAPTCHA_SECRET.first(form_id=form_id))

    def count(self) -> int:
        """How many there are."""
        return db.session.scalar(select(func.count()).select_from(Form)) or 0


class Hooks(Repository[Hook]):
    """An agency's hooks."""

    model = Hook
    permission = "capture.read"
    subject = "capture.hook"
    listing = Listing(
        filters={"brand_id": Filter(Hook.brand_id, UUID, "The brand that leads are of.", OPTIONAL)},
        sorts={"created_at": Hook.created_at, "name": Hook.name},
    )

    def rows(self, query: ListQuery) -> Page[HookRow]:
        """A page of hooks."""
        return self.page(query, HOOK_ROW, HookRow)

    def shown(self, hook_id: UUID) -> HookView:
        """A hook. Raises NotFound."""
        return self.view(hook_id, HOOK, HookView)

    def of_key(self, key: str) -> HookView | None:
        """The hook at a public address."""
        return _HOOK_OF_KEY.first(key=key)

    def secrets(self, hook_id: UUID) -> HookSecrets:
        """What senders prove themselves with, sealed. It opens no transaction for who proves nothing."""
        return self._found(_SECRETS.first(hook_id=hook_id))

    def count(self) -> int:
        """How many there are."""
        return db.session.scalar(select(func.count()).select_from(Hook)) or 0


class Held(NamedTuple):
    """People about whom nothing may go, and the addresses and numbers they are known by."""

    contact_ids: Sequence[UUID]
    senders: Sequence[str]


class Submissions(Repository[Submission]):
    """What came in."""

    model = Submission
    permission = "capture.read"
    subject = "capture.submission"
    listing = Listing(
        filters={
            "state": Filter(Submission.state, State, "What became of it."),
            "channel": Filter(Submission.channel, Channel, "How it came in."),
            "form_id": Filter(Submission.form_id, UUID, "The form it came by.", OPTIONAL),
            "hook_id": Filter(Submission.hook_id, UUID, "The hook it came by.", OPTIONAL),
            "lead_id": Filter(Submission.lead_id, UUID, "The lead that was made of it.", OPTIONAL),
            "created_at": Filter(Submission.created_at, Instant, "When it came in.", RANGE),
        },
        sorts={"created_at": Submission.created_at},
    )

    def rows(self, query: ListQuery) -> Page[SubmissionRow]:
        """A page of what came in."""
        return self.page(query, SUBMISSION, SubmissionRow)

    def same(self, fingerprint: str, *, since: datetime | None) -> Sequence[Submission]:
        """What came by the same token or id since then, or ever, the latest first."""
        late = true() if since is None else Submission.created_at >= since
        mine = (Submission.fingerprint == fingerprint, late)
        latest = select(Submission).where(*mine).order_by(Submission.created_at.desc()).limit(_MOST_AGAIN)
        return db.session.scalars(latest).all()

    def locked(self, submission_id: UUID) -> Submission:
        """One that nobody else decides about before this unit of work ends. Raises NotFound."""
        self.require(submission_id)
        statement = select(Submission).where(Submission.id == submission_id).with_for_update(key_share=True)
        return db.session.scalars(statement, execution_options={"populate_existing": True}).one()

    def about(self, contact_ids: Collection[UUID], senders: Collection[str]) -> Sequence[Submission]:
        """What a contact sent, and what named one of these addresses or numbers and is nobody's."""
        nobodys = and_(Submission.contact_id.is_(None), Submission.id.in_(_named(senders)))
        theirs = or_(Submission.contact_id.in_(contact_ids), nobodys)
        return db.session.scalars(select(Submission).where(theirs).order_by(Submission.id)).all()

    def name(self, submission: Submission, senders: Collection[str]) -> Submission:
        """Say whom something names that was just stored."""
        db.session.add_all(Sender(submission_id=submission.id, address=each) for each in senders)
        return submission

    def senders(self, submission_ids: Collection[UUID]) -> Sequence[Sender]:
        """Everybody whom some of it names."""
        mine = select(Sender).where(Sender.submission_id.in_(submission_ids))
        return db.session.scalars(mine.order_by(Sender.id)).all()

    def forget_senders(self, submission_ids: Collection[UUID]) -> int:
        """Remove them; how many."""
        gone = delete(Sender).where(Sender.submission_id.in_(submission_ids)).returning(Sender.id)
        return len(db.session.scalars(gone, execution_options=_MANY).all())

    def sweep(self, before: datetime, states: Sequence[str], *, but: Held, most: int) -> int:
        """Remove what came in before an instant, what people of `but` sent left out; how many."""
        old = select(Submission.id).where(*_old(before, states, but)).order_by(Submission.created_at).limit(most)
        gone = delete(Submission).where(Submission.id.in_(old)).returning(Submission.id)
        return len(db.session.scalars(gone, execution_options=_MANY).all())

    def count_old(self, before: datetime, states: Sequence[str], *, but: Held) -> int:
        """How many those are."""
        counted = select(func.count()).select_from(Submission).where(*_old(before, states, but))
        return db.session.scalar(counted) or 0


def note_failing(source: type[Form | Hook], source_id: UUID, since: datetime | None) -> bool:
    """Say since when no lead can be made of what comes by it, or that one can; whether that is any news.

    Whoever is changing it is not disturbed by that.
    """
    is_news = source.failing_since.is_not(None) if since is None else source.failing_since.is_(None)
    told = update(source).where(source.id == source_id, is_news).returning(source.id)
    values = {"failing_since": since, "updated_at": source.updated_at}
    return bool(db.session.scalars(told.values(values), execution_options=_MANY).all())


def _named(senders: Collection[str]) -> Select[UUID]:
    return select(Sender.submission_id).where(Sender.address.in_(senders))


def _old(before: datetime, states: Sequence[str], but: Held) -> tuple[ColumnElement[Any], ...]:
    nobodys = and_(Submission.contact_id.is_(None), Submission.id.not_in(_named(but.senders)))
    free = or_(nobodys, Submission.contact_id.not_in(but.contact_ids))
    return (Submission.state.in_(states), Submission.created_at < before, free)


forms = Forms()
hooks = Hooks()
submissions = Submissions()
SUBMISSIONS = Listed("Submissions", submissions, SubmissionRow, submissions.rows)
