"""What can be done with the agency and its brands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from msgspec import UNSET

from core import fields, ids
from core.actor import system
from core.agencies import repository
from core.agencies.errors import CodeTaken
from core.agencies.events import AgencyChanged, AgencyCreated, BrandChanged, BrandCreated, BrandDeleted
from core.agencies.models import Agency, Brand
from core.agencies.repository import brands
from core.agencies.schemas import AgencyPatch, AgencyView, BrandDraft, BrandPatch, BrandView
from core.db.query import ListQuery, Page
from core.db.tenancy import acting_as
from core.errors import NotFound, gather
from core.events.log import publish
from core.files import api as files
from core.money import check_currency
from core.plugins.manager import installed
from core.roles import service as roles
from core.uploads.receiving import Upload


def view() -> AgencyView:
    """The acting agency."""
    return repository.agency_view()


def change(patch: AgencyPatch, *, version: int | None) -> AgencyView:
    """Change the acting agency. Raises Invalid for an unknown currency, zone, language or country."""
    changes = patch.changes()
    _check(changes)
    agency = repository.current_agency(version=version)
    for name, value in changes.items():
        setattr(agency, name, value)
    publish(AgencyChanged(agency_id=agency.id, fields=sorted(changes)), of=agency)
    brands.save()
    return repository.agency_view()


def found(*, slug: str, name: str, currency: str, zone: str, language: str) -> UUID:
    """Make an agency with its built-in roles and every plugin's defaults. Raises SlugTaken, Invalid."""
    _check({"currency": currency, "zone": zone, "language": language})
    agency_id = ids.new()
    # Acting in the agency before it exists: its own row passes the row policy like every other row of it.
    with acting_as(system(agency_id)):
        repository.add_agency(
            Agency(id=agency_id, slug=slug, name=name, currency=currency, zone=zone, language=language)
        )
        roles.seed()
        publish(AgencyCreated(agency_id=agency_id, slug=slug))
        installed().hook.agency_created(agency_id=agency_id)
        brands.save()
    return agency_id


def brand_rows(query: ListQuery) -> Page[BrandView]:
    """A page of brands."""
    return brands.rows(query)


def brand(brand_id: UUID) -> BrandView:
    """A brand. Raises NotFound."""
    return brands.shown(brand_id)


def create_brand(draft: BrandDraft) -> BrandView:
    """Take up a trading name. Raises CodeTaken, Invalid."""
    if brands.by_code(draft.code):
        raise CodeTaken
    language = repository.agency_view().language if draft.language is UNSET else draft.language
    _check({"phone": draft.phone, "language": language})
    made = Brand(
        code=draft.code,
        name=draft.name,
        email=draft.email,
        phone=fields.to_e164(draft.phone) if draft.phone else None,
        website=draft.website,
        language=language,
    )
    brands.add(made)
    publish(BrandCreated(brand_id=made.id, code=made.code))
    return brands.shown(made.id)


def change_brand(brand_id: UUID, patch: BrandPatch, *, version: int | None) -> BrandView:
    """Change a brand. Raises Invalid."""
    changes = patch.changes()
    _check(changes)
    if changes.get("phone"):
        changes["phone"] = fields.to_e164(changes["phone"])
    changed = brands.get(brand_id, version=version)
    for name, value in changes.items():
        setattr(changed, name, value)
    publish(BrandChanged(brand_id=changed.id), of=changed)
    brands.save()
    return brands.shown(changed.id)


def delete_brand(brand_id: UUID, *, version: int | None) -> None:
    """Give up a trading name."""
    gone = brands.get(brand_id, version=version)
    publish(BrandDeleted(brand_id=gone.id, code=gone.code))
    brands.remove(gone)
    if gone.logo_id:
        files.forget(gone.logo_id)


def logo(brand_id: UUID) -> files.FileLink:
    """A link to a brand's logo. Raises NotFound."""
    logo_id = brands.shown(brand_id).logo_id
    if logo_id is None:
        raise NotFound
    return files.link(logo_id)


def change_logo(brand_id: UUID, upload: Upload, *, version: int | None) -> BrandView:
    """Give a brand a logo, in the place of the one it has. Raises StorageFull, StorageDown."""
    changed = brands.get(brand_id, version=version)
    before, changed.logo_id = changed.logo_id, files.keep(upload, purpose="agencies.logo")
    publish(BrandChanged(brand_id=changed.id), of=changed)
    brands.save()
    if before:
        files.forget(before)
    return brands.shown(changed.id)


def delete_logo(brand_id: UUID, *, version: int | None) -> None:
    """Take a brand's logo away. Raises NotFound where it has none."""
    changed = brands.get(brand_id, version=version)
    before = changed.logo_id
    if before is None:
        raise NotFound
    changed.logo_id = None
    publish(BrandChanged(brand_id=changed.id), of=changed)
    brands.save()
    files.forget(before)


def _check(changes: dict[str, str | None]) -> None:
    checks: dict[str, Callable[[str], str]] = {
        "currency": check_currency,
        "zone": fields.check_zone,
        "language": fields.check_language,
        "country": fields.check_country,
        "phone": fields.to_e164,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    gather(*(partial(check, given[name]) for name, check in checks.items() if name in given))
