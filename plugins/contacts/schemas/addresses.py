"""Postal addresses and what firms are registered by, on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from core.sdk import Country

Line = Annotated[
    str, Meta(pattern=r"^[^\r\n]{1,100}$", description="A line of the address.", examples=["Rua das Flores 12"])
]
Place = Annotated[str, Meta(pattern=r"^[^\r\n]{1,100}$", description="As written on an envelope.", examples=["Porto"])]
PostalCode = Annotated[
    str, Meta(pattern=r"^[^\r\n]{1,20}$", description="As the country writes it.", examples=["4050-262"])
]
AddressKind = Annotated[
    str,
    Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="What it is for: home, work, billing.", examples=["home"]),
]


class AddressEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A postal address of a contact."""

    lines: Annotated[list[Line], Meta(min_length=1, max_length=5, description="As written on an envelope.")]
    postal_code: PostalCode | None = None
    city: Place | None = None
    region: Place | None = None
    country: Country | None = None
    kind: AddressKind = "home"


Addresses = Annotated[list[AddressEntry], Meta(max_length=20, description="Postal addresses, the preferred one first.")]
VatNumber = Annotated[
    str,
    Meta(
        pattern="^[0-9A-Za-z][0-9A-Za-z .-]{1,29}$",
        description="VAT number, with the code of its country or read by `country`.",
        examples=["PT501964843"],
    ),
]
RegistrationNumber = Annotated[
    str,
    Meta(pattern=r"^[^\r\n]{1,60}$", description="Number in a register of companies.", examples=["HRB 12345"]),
]
Website = Annotated[
    str,
    Meta(pattern=r"^https?://[^\s<>\"]{1,200}$", description="Address of a website.", examples=["https://example.com"]),
]
