"""How contacts are reached and registered: what was sent, as it is stored."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from stdnum.eu import vat as european
from stdnum.exceptions import ValidationError
from stdnum.util import get_cc_module

from core.sdk import Fault, Invalid, fields, gather

from ..models import EmailAddress, PhoneNumber, PostalAddress
from ..schemas import EmailEntry, PhoneEntry
from ..schemas.addresses import AddressEntry

_GREECE, _GREEK = "GR", "EL"
"""Greek VAT numbers begin with another code than that of the country."""


def emails(entries: list[EmailEntry]) -> list[EmailAddress]:
    """E-mail addresses in small letters, each once."""
    labels = _once((entry.address.lower(), entry.label) for entry in entries)
    return [
        EmailAddress(position=position, address=address, label=label)
        for position, (address, label) in enumerate(labels.items())
    ]


def phones(entries: list[PhoneEntry], *, country: str | None) -> list[PhoneNumber]:
    """Phone numbers, E.164, each once. Raises Invalid with every fault."""
    numbers = gather(
        *(
            partial(fields.to_e164, entry.number, country=country, pointer=f"/phones/{position}/number")
            for position, entry in enumerate(entries)
        )
    )
    labels = _once(zip(numbers, (entry.label for entry in entries), strict=True))
    return [
        PhoneNumber(position=position, number=number, label=label)
        for position, (number, label) in enumerate(labels.items())
    ]


def _once(entries: Iterable[tuple[str, str | None]]) -> dict[str, str | None]:
    """The labels by what they are of, which may have come several times: files and forms have two columns for one."""
    labels: dict[str, str | None] = {}
    for what, label in entries:
        labels[what] = labels.get(what) or label
    return labels


def addresses(entries: list[AddressEntry]) -> list[PostalAddress]:
    """Postal addresses. Raises Invalid with every country there is not."""
    return gather(*(partial(_address, entry, position) for position, entry in enumerate(entries)))


def _address(entry: AddressEntry, position: int) -> PostalAddress:
    if entry.country is not None:
        fields.check_country(entry.country, pointer=f"/addresses/{position}/country")
    return PostalAddress(
        position=position,
        kind=entry.kind,
        lines="\n".join(entry.lines),
        postal_code=entry.postal_code,
        city=entry.city,
        region=entry.region,
        country=entry.country,
    )


def vat_number(number: str, *, country: str | None) -> str:
    """A VAT number as it is stored, its check digits looked at where its country is known to have them.

    It begins with the code of its country or is read by `country`. Raises Invalid.
    """
    begins = number[:2].upper()
    own = _GREECE if begins == _GREEK else begins
    module = get_cc_module(own.lower(), "vat") if begins.isalpha() else None
    code = own if module is not None else country
    if module is None and country is not None:
        module = get_cc_module(country.lower(), "vat")
    if code is None:
        raise Invalid(errors=[Fault("/vat_number", "country", "Begin it with the code of its country")])
    if module is None:
        # Of other countries there is nothing to check by.
        return number.replace(" ", "").upper()
    try:
        stored: str = module.validate(number)
    except ValidationError as error:
        raise Invalid(errors=[Fault("/vat_number", "vat_number", f"No VAT number of {code}")]) from error
    prefixed = f"{_GREEK if code == _GREECE else code}{stored}"
    return str(european.compact(prefixed)) if european.is_valid(prefixed) else stored
