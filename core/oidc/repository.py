"""Queries for identity providers and links."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, delete, func, select

from core.agencies.models import Agency
from core.db import read
from core.db.query import Filter, Listing, ListQuery, Page
from core.db.repository import Repository
from core.extensions import db
from core.oidc.models import EmailDomain, IdentityLink, IdentityProvider
from core.oidc.schemas import Choice, DomainView, LinkView, ProviderView, Trust
from core.users.models import Membership, User

RECORD_AT, RECORD_HOLDS = "_tripfile.", "tripfile-domain="
PROVIDER = select(*read.columns(ProviderView, IdentityProvider, has_secret=IdentityProvider.client_secret.is_not(None)))
LINK = select(*read.columns(LinkView, IdentityLink))
DOMAIN = select(
    *read.columns(
        DomainView,
        EmailDomain,
        record_name=func.concat(RECORD_AT, EmailDomain.domain),
        record_value=func.concat(RECORD_HOLDS, EmailDomain.token),
    )
)
# Through a provider of a suspended agency nobody comes in, whoever knows its address.
_OF_AGENCY = (Agency.id == IdentityProvider.agency_id) & Agency.suspended_at.is_(None)
_TRUST = read.SystemQuery(
    select(*read.columns(Trust, IdentityProvider, agency=Agency.slug))
    .join(Agency, _OF_AGENCY)
    .where(IdentityProvider.id == bindparam("provider_id", type_=Uuid()), IdentityProvider.enabled),
    Trust,
)
_CHOICES = read.SystemQuery(
    select(IdentityProvider.id, IdentityProvider.name)
    .join(Agency, _OF_AGENCY)
    .where(Agency.slug == bindparam("slug", type_=Text()), IdentityProvider.enabled)
    .order_by(IdentityProvider.name),
    Choice,
)


class Providers(Repository[IdentityProvider]):
    """An agency's identity providers."""

    model = IdentityProvider
    permission = "oidc.manage"
    listing = Listing(
        filters={"enabled": Filter(IdentityProvider.enabled, bool, "Whether one can sign in through it.")},
        sorts={"created_at": IdentityProvider.created_at},
        default_sort="created_at",
    )

    def rows(self, query: ListQuery) -> Page[ProviderView]:
        """A page of providers."""
        return self.page(query, PROVIDER, ProviderView)

    def shown(self, provider_id: UUID) -> ProviderView:
        """A provider. Raises NotFound."""
        return self.view(provider_id, PROVIDER, ProviderView)

    def has_name(self, name: str) -> bool:
        """Whether a provider has this name."""
        return db.session.scalar(select(IdentityProvider.id).where(IdentityProvider.name == name)) is not None


class Domains(Repository[EmailDomain]):
    """The domains an agency says are its own."""

    model = EmailDomain
    permission = "oidc.manage"
    listing = Listing(
        filters={"domain": Filter(EmailDomain.domain, str, "The domain, in lower case.")},
        sorts={"created_at": EmailDomain.created_at},
        default_sort="created_at",
    )

    def rows(self, query: ListQuery) -> Page[DomainView]:
        """A page of domains."""
        return self.page(query, DOMAIN, DomainView)

    def shown(self, domain_id: UUID) -> DomainView:
        """A domain. Raises NotFound."""
        return self.view(domain_id, DOMAIN, DomainView)

    def named(self, domain: str) -> EmailDomain | None:
        """A domain of the list."""
        return db.session.scalar(select(EmailDomain).where(EmailDomain.domain == domain))

    def is_proven(self, domain: str) -> bool:
        """Whether a domain is known to be the agency's."""
        proven = select(EmailDomain.id).where(EmailDomain.domain == domain, EmailDomain.proven_by.is_not(None))
        return db.session.scalar(proven) is not None

    def proven_by(self, word: str) -> list[UUID]:
        """The domains that were proven in a way."""
        return list(db.session.scalars(select(EmailDomain.id).where(EmailDomain.proven_by == word)))

    def waiting(self, *, since: datetime, most: int) -> list[UUID]:
        """The domains without a proof that were listed or found since, the latest of them."""
        latest = func.greatest(EmailDomain.created_at, EmailDomain.found_at)
        waiting = select(EmailDomain.id).where(EmailDomain.proven_by.is_(None), latest > since)
        return list(db.session.scalars(waiting.order_by(latest.desc(), EmailDomain.id).limit(most)))


class Links(Repository[IdentityLink]):
    """Who is who with an agency's providers."""

    model = IdentityLink
    permission = "oidc.manage"
    listing = Listing(
        filters={
            "provider_id": Filter(IdentityLink.provider_id, UUID, "Id of the provider."),
            "user_id": Filter(IdentityLink.user_id, UUID, "Id of the member."),
        },
        sorts={"created_at": IdentityLink.created_at},
    )

    def rows(self, query: ListQuery) -> Page[LinkView]:
        """A page of links."""
        return self.page(query, LINK, LinkView)

    def shown(self, link_id: UUID) -> LinkView:
        """A link. Raises NotFound."""
        return self.view(link_id, LINK, LinkView)

    def user_of(self, provider_id: UUID, subject: str) -> UUID | None:
        """The member a provider knows by a subject."""
        known = IdentityLink.provider_id == provider_id, IdentityLink.subject == subject
        return db.session.scalar(select(IdentityLink.user_id).where(*known))

    def of_user(self, provider_id: UUID, user_id: UUID) -> UUID | None:
        """The link by which a provider knows a member."""
        known = IdentityLink.provider_id == provider_id, IdentityLink.user_id == user_id
        return db.session.scalar(select(IdentityLink.id).where(*known))

    def users_of(self, provider_id: UUID) -> list[UUID]:
        """The members a provider knows."""
        return list(db.session.scalars(select(IdentityLink.user_id).where(IdentityLink.provider_id == provider_id)))

    def forget(self, provider_id: UUID) -> None:
        """Remove every link of a provider."""
        db.session.execute(delete(IdentityLink).where(IdentityLink.provider_id == provider_id))


providers = Providers()
domains = Domains()
links = Links()


def trust(provider_id: UUID) -> Trust | None:
    """A provider that one can sign in through, whatever its agency; none of one that is suspended."""
    return _TRUST.first(provider_id=provider_id)


def choices(slug: str) -> list[Choice]:
    """The providers of the agency with that slug; none where it is suspended."""
    return _CHOICES.rows(slug=slug)


def member_with(email: str) -> UUID | None:
    """The member of the acting agency with an e-mail address, suspended ones included."""
    statement = select(Membership.user_id).join(User, User.id == Membership.user_id).where(User.email == email)
    return db.session.scalar(statement)


def is_disabled(user_id: UUID) -> bool:
    """Whether a member of the acting agency has been shut out as a person."""
    return db.session.scalar(select(User.disabled_at).where(User.id == user_id)) is not None
