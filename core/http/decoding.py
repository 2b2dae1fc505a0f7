"""Read a JSON body: whatever could hurt parser, database driver or reader is refused here, with its place named."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import msgspec
import structlog
from flask import Request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from core import clock, disclosure
from core.errors import Fault, Invalid, Problem
from core.http.faults import MAX_FAULTS, found, from_error, step_pointer

T = TypeVar("T")
log = structlog.get_logger()
MAX_DEPTH = 64
DECIMAL = r"^-?[0-9]{1,38}(\.[0-9]{1,38})?$"
"""How decimal numbers are written on the wire: text, without exponent."""
_LONGEST_NUMBER = 40
_INT64 = range(-(2**63), 2**63)
_UNSAFE_TEXT = re.compile("[\x00\ud800-\udfff]")
_SAYING_NOTHING = (b"", b"{}", b"null")
"""What clients send of themselves where there is nothing to send."""
_ENDS_LINE = re.compile(rb'\\(?:n|u000[aA])"')


class MalformedBody(Problem):
    """The body is not JSON (RFC 8259) in UTF-8."""

    status = 400
    code = "malformed_json"
    title = "The body is not valid JSON"


class UnsupportedMediaType(Problem):
    """The body comes in a form this route does not read."""

    status = 415
    code = "unsupported_media_type"
    title = "Send the body as application/json, without content encoding"


class _Refused(str):
    """Stands for a number outside 64 bits until the walk finds where it is."""

    __slots__ = ()


class _Repeated(dict[str, Any]):
    """An object in which a name came twice."""

    name = ""


def read(request: Request, kind: type[T]) -> T:
    """The body of a request as `kind`; raises MalformedBody, UnsupportedMediaType or Invalid with every fault."""
    if request.content_encoding not in (None, "", "identity"):
        raise UnsupportedMediaType(f"Content-Encoding {request.content_encoding} is not read here")
    data = body_of(request)
    if request.content_length is None and len(data) >= (request.max_content_length or math.inf):
        # A body of untold length is cut off at the limit without a word.
        raise RequestEntityTooLarge
    if not data:
        raise MalformedBody("A JSON body is required")
    if not request.is_json:
        raise UnsupportedMediaType
    value = decode(data, kind)
    disclosure.refuse_unsent(value, kind)
    return value


def refuse_body(request: Request) -> None:
    """Raise Invalid where a route that takes no body got one that says something: it would go unheard."""
    if not request.content_length and "Transfer-Encoding" not in request.headers:
        return
    if body_of(request).strip() not in _SAYING_NOTHING:
        message = "This takes no body; what it can be told, it is told in the address"
        raise Invalid(errors=[Fault("", "unexpected_body", message)])


def body_of(request: Request) -> bytes:
    """The whole body, kept for whoever asks again. Raises MalformedBody where it breaks off or is framed wrongly."""
    with whole():
        return request.get_data(cache=True)


@contextmanager
def whole() -> Iterator[None]:
    """Read from a request inside this. Raises MalformedBody where its body breaks off or is framed wrongly."""
    try:
        yield
    except HTTPException:
        raise
    except Exception as error:  # noqa: BLE001 - each server raises errors of its own for the same faults
        log.info("request.body_broken", cause=type(error).__name__)
        raise MalformedBody("The body broke off, or its chunks are not sound") from None


def decode(data: bytes, kind: type[T]) -> T:
    """JSON as `kind`; raises MalformedBody or Invalid with every fault."""
    plain = parse(data)
    wire: Any = kind
    try:
        value: T = _decoder(wire).decode(data)
    except msgspec.ValidationError:
        value = _converted(plain, wire)
    except (msgspec.DecodeError, UnicodeError):
        raise MalformedBody from None
    if _holds_odd(wire):
        refuse(odd(value, plain))
    if _ENDS_LINE.search(data):
        refuse(_past_the_end(plain, wire))
    return value


def _converted(plain: Any, kind: Any) -> Any:
    """What msgspec refused, with `2.0` for 2 where an integer is asked for, as JSON Schema has it. Raises Invalid."""
    faults = found(plain, kind)
    if faults:
        raise Invalid(errors=faults)
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise Invalid(errors=[from_error(error)]) from None


def parse(data: bytes) -> Any:
    """JSON as plain values; raises MalformedBody or Invalid. Costs some 10 us more than msgspec, on writes only."""
    # msgspec keeps the last of two equal keys, integers of any size and NUL: none of it may reach the database.
    try:
        plain = json.loads(
            data.decode(),
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_float,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise Invalid(errors=[_too_deep("")]) from None
    except UnicodeDecodeError:
        raise MalformedBody("The body is not UTF-8") from None
    except ValueError as error:
        raise MalformedBody(str(error)) from None
    refuse(_unsafe(plain, "", 1))
    return plain


def refuse(faults: Iterator[Fault]) -> None:
    """Raise Invalid when there is any fault."""
    listed = list(islice(faults, MAX_FAULTS))
    if listed:
        raise Invalid(errors=listed)


def unsafe_text(text: str, pointer: str) -> Iterator[Fault]:
    """The fault of a text that PostgreSQL cannot store."""
    if _UNSAFE_TEXT.search(text):
        yield Fault(pointer, "unsafe_text", "NUL and lone surrogates are not text")


def odd(value: Any, plain: Any) -> Iterator[Fault]:
    """What msgspec takes and nobody else would: decimals as NaN, `1e9`, ` 1 ` and `1_0`, and instants out of reach.

    `plain` is what the value was read from.
    """
    return _odd(msgspec.to_builtins(value, builtin_types=(Decimal, datetime)), plain, "")


def odd_instant(instant: datetime, pointer: str) -> Iterator[Fault]:
    """The fault of an instant that is none in UTC, where it would be read back."""
    if not clock.is_in_reach(instant):
        yield Fault(pointer, "range", "This instant is out of all reach")


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@cache
def _holds_odd(kind: Any) -> bool:
    schema = msgspec.json.encode(msgspec.json.schema(kind)).decode()
    return '"format":"decimal"' in schema or '"format":"date-time"' in schema


def _past_the_end(plain: Any, kind: Any) -> Iterator[Fault]:
    """What only fits its pattern because Python's `$` also matches before a last line break; JSON Schema's does not."""
    return (fault for fault in found(_with_line_breaks_doubled(plain), kind) if fault.code == "pattern")


def _with_line_breaks_doubled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_line_breaks_doubled(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_line_breaks_doubled(member) for member in value]
    return f"{value}\n" if isinstance(value, str) and value.endswith("\n") else value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    repeated = _Repeated(made)
    names = [name for name, _ in pairs]
    repeated.name = next(name for name in names if names.count(name) > 1)
    return repeated


def _integer(text: str) -> int | _Refused:
    if len(text) > _LONGEST_NUMBER or int(text) not in _INT64:
        return _Refused()
    return int(text)


def _float(text: str) -> float | _Refused:
    number = float(text) if len(text) <= _LONGEST_NUMBER else math.inf
    if not math.isfinite(number):
        return _Refused()
    return int(number) if number.is_integer() and int(number) in _INT64 else number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unsafe(value: Any, pointer: str, depth: int) -> Iterator[Fault]:
    if isinstance(value, _Refused):
        yield Fault(pointer, "number_out_of_range", "Numbers must fit 64 bits")
    elif isinstance(value, str):
        yield from unsafe_text(value, pointer)
    elif isinstance(value, (dict, list)):
        if depth > MAX_DEPTH:
            yield _too_deep(pointer)
            return
        yield from _unsafe_names(value, pointer) if isinstance(value, dict) else ()
        for step, member in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(member, (str, dict, list)):
                yield from _unsafe(member, pointer + step_pointer(step), depth + 1)


def _unsafe_names(value: dict[str, Any], pointer: str) -> Iterator[Fault]:
    if isinstance(value, _Repeated):
        yield Fault(pointer + step_pointer(value.name), "duplicate_key", "The same name came twice")
    for name in value:
        if _UNSAFE_TEXT.search(name):
            # The name itself cannot be echoed: it is not text.
            yield Fault(pointer, "unsafe_text", "NUL and lone surrogates are not text")


def _too_deep(pointer: str) -> Fault:
    return Fault(pointer, "too_deep", f"Nested deeper than {MAX_DEPTH} levels")


def _odd(value: Any, plain: Any, pointer: str) -> Iterator[Fault]:
    if isinstance(value, datetime):
        yield from odd_instant(value, pointer)
    elif isinstance(value, Decimal):
        if not isinstance(plain, str):
            yield Fault(pointer, "type", "Expected a decimal number as text")
        elif not re.fullmatch(DECIMAL, plain, re.ASCII):
            yield Fault(pointer, "format", "Expected a decimal number such as 2400.00")
    elif isinstance(value, dict):
        for name, member in value.items():
            if name in plain:
                yield from _odd(member, plain[name], pointer + step_pointer(str(name)))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _odd(member, plain[index], pointer + step_pointer(index))
