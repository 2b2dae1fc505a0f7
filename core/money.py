"""Money: a decimal amount with its currency, exact to the currency's minor unit."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

import msgspec
from babel.numbers import list_currencies

from core.errors import Fault, Invalid

# ISO 4217, table A.1: the currencies whose minor unit is not a hundredth.
_EXPONENTS = dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0) | (
    dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)
)
_CURRENCIES = frozenset(list_currencies())

Currency = Annotated[
    str,
    msgspec.Meta(pattern="^[A-Z]{3}$", description="Currency, ISO 4217.", examples=["EUR"]),
]


class Money(msgspec.Struct, frozen=True):
    """An amount in a currency."""

    amount: Annotated[Decimal, msgspec.Meta(description="Decimal amount as a string.", examples=["2400.00"])]
    currency: Currency


def exponent(currency: str) -> int:
    """Decimal places of a currency's minor unit (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def check_currency(currency: str, *, pointer: str = "/currency") -> str:
    """The code itself; raises Invalid for one that is not a currency."""
    if currency not in _CURRENCIES:
        raise Invalid(errors=[Fault(pointer, "currency", f"{currency} is not a currency")])
    return currency


def to_minor(money: Money, *, pointer: str = "") -> int:
    """The amount in minor units. Raises Invalid for an unknown currency or digits finer than its minor unit."""
    check_currency(money.currency, pointer=f"{pointer}/currency")
    if not money.amount.is_finite() or abs(money.amount) > Decimal(10) ** 15:
        raise Invalid(errors=[Fault(f"{pointer}/amount", "value", "The amount is out of range")])
    minor = money.amount.scaleb(exponent(money.currency))
    if minor != minor.to_integral_value():
        places = exponent(money.currency)
        message = f"{money.currency} has {places} decimal places"
        raise Invalid(errors=[Fault(f"{pointer}/amount", "value", message)])
    return int(minor)


def from_minor(minor: int, currency: str) -> Money:
    """The money that so many minor units are, with all its decimal places."""
    places = exponent(currency)
    return Money((Decimal(minor)).scaleb(-places).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), currency)
