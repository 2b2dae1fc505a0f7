"""Read the query string: the declared parameters of a list, or a Struct of parameters; anything else is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar, get_origin
from urllib.parse import unquote_to_bytes
from uuid import UUID

import msgspec
from flask import Request
from msgspec import Meta

from core import disclosure
from core.db.query import CUSTOM, DEFAULT_LIMIT, MAX_LIMIT, Condition, Filter, Listing, ListQuery, Operator
from core.errors import Fault, Invalid, Problem
from core.http.decoding import odd, odd_instant, refuse, unsafe_text
from core.http.faults import convert, found
from core.listed import Listed

T = TypeVar("T")
MAX_PARAMETERS = 100
MAX_CHOICES = 50
MAX_QUERY_BYTES = 16_384

Limit = Annotated[int, Meta(ge=1, le=MAX_LIMIT, description=f"Items per page; {DEFAULT_LIMIT} unless asked.")]
Cursor = Annotated[str, Meta(min_length=1, max_length=2048, description="`next` of the page before.")]
Search = Annotated[str, Meta(max_length=200, description="Words or beginnings of words to look for.")]
Count = Annotated[Literal["none", "exact", "estimate"], Meta(description="Whether to tell the total.")]
SavedView = Annotated[UUID, Meta(description="A saved view of the list; what stands beside it counts first.")]
_VIEW = "view"
_COMMON: Mapping[str, Any] = {"limit": Limit, "cursor": Cursor, "count": Count}


class QueryTooLong(Problem):
    """The address is longer than any honest request needs."""

    status = 414
    code = "query_too_long"
    title = "The query string is too long"


class _OwnToo(set[str]):
    """Names of parameters, and whatever a filter by one of an agency's own fields may be called."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and name.startswith(CUSTOM))


class Parameters:
    """What a list may be asked, made once per route: common parameters with their types, and filters by name.

    Lists that are declared as `Listed` can be asked by a saved view. What takes rows of a list without turning its
    pages has no page to ask for (`paged=False`).
    """

    def __init__(self, of: Listing | Listed[Any], *, paged: bool = True) -> None:
        self.listed = None if isinstance(of, Listing) else of
        self.listing = listing = of if isinstance(of, Listing) else of.listing
        sorts = tuple(direction + name for name in listing.sorts for direction in ("", "-"))
        about = Meta(description=f"Order of the items; `-` reverses. `{listing.default_sort}` unless asked.")
        search = {"q": Search} if listing.search else {}
        common = {**(_COMMON if paged else {}), **({_VIEW: SavedView} if self.listed else {})}
        self.common: dict[str, Any] = {**search, "sort": Annotated[Literal[sorts], about], **common}
        self.filters: dict[str, tuple[Filter, Operator]] = {
            name if operator is Operator.EQ else f"{name}.{operator}": (declared, operator)
            for name, declared in listing.filters.items()
            for operator in declared.operators
        }
        known = {*self.common, *self.filters}
        self.names: set[str] = known if listing.custom_fields is None else _OwnToo(known)


def read_listing(
    request: Request, parameters: Parameters, shown: Any = None, *, beside: Collection[str] = ()
) -> ListQuery:
    """The question a list request asks; raises Invalid that names each wrong or unknown parameter.

    `shown` is what the list answers: by what is hidden in it from the caller, nothing is found or sorted. HiddenField.
    `beside` are the parameters of the request that somebody else reads.
    """
    given = single_values(request)
    return question({name: text for name, text in given.items() if name not in beside}, parameters, shown)


def question(given: Mapping[str, str], parameters: Parameters, shown: Any = None) -> ListQuery:
    """What parameters ask of a list, wherever they come from. Raises Invalid, HiddenField, ViewBroken."""
    if parameters.listed is None or _VIEW not in given:
        return _question(given, parameters, shown)
    # It stands above: views are kept over HTTP themselves.
    from core.views import applying

    faults: list[Fault] = []
    view_id = _value(given[_VIEW], SavedView, _VIEW, faults)
    if faults:
        raise Invalid(errors=faults)
    said = {name: text for name, text in given.items() if name != _VIEW}
    asked, columns = applying.merged(parameters.listed, view_id, said)
    return msgspec.structs.replace(_question(asked, parameters, shown), columns=columns)


def _question(given: Mapping[str, str], parameters: Parameters, shown: Any) -> ListQuery:
    faults = list(unknown(given, parameters.names))
    asked: dict[str, Any] = {}
    own: dict[str, str] = {}
    conditions = []
    for name, text in given.items():
        if name in parameters.common:
            # A box of blanks is an empty one.
            asked[name] = _value(text.strip() if name == "q" else text, parameters.common[name], name, faults)
        elif name in parameters.filters:
            declared, operator = parameters.filters[name]
            value = _filter_value(text, declared, operator, name, faults)
            conditions.append(Condition(_filter_name(name, operator), operator, value))
        elif name in parameters.names:
            own[name] = text
    if own and parameters.listing.custom_fields is not None:
        narrowing, wrong = parameters.listing.custom_fields.asked(own)
        conditions += narrowing
        faults += wrong
    if faults:
        raise Invalid(errors=faults)
    # In one order, whatever the client's: the statement and the cursor depend on what is asked, not on how.
    conditions.sort(key=lambda condition: (condition.name, condition.operator))
    query = ListQuery(conditions=tuple(conditions), **asked)
    _refuse_hidden(query, parameters.listing, shown)
    return query


def read_struct(request: Request, kind: type[T], *, shared: bool = False) -> T:
    """The query string as a Struct; a list field takes its parameter several times.

    Where it is `shared`, somebody else reads the rest of it, and says of which parameters there are none.
    """
    # `kind` is a Struct wherever a route declares a query; the type variable cannot say so.
    fields = msgspec.structs.fields(kind)  # type: ignore[arg-type]
    several = {field.encode_name for field in fields if get_origin(_bare(field.type)) is list}
    values = single_values(request, several=several)
    names = {field.encode_name for field in fields}
    given: dict[str, Any] = {name: text for name, text in values.items() if name in names or not shared}
    for name in several & given.keys():
        given[name] = request.args.getlist(name)
    faults = [*unknown(given, names), *_missing(given, fields)]
    for field in fields:
        if field.encode_name in given:
            strict = _bare(field.type) is datetime
            faults += found(given[field.encode_name], field.type, pointer=f"?{field.encode_name}", strict=strict)
    if faults:
        raise Invalid(errors=faults)
    value = convert(given, kind, strict=False)
    refuse(Fault(f"?{fault.pointer[1:]}", fault.code, fault.message) for fault in odd(value, given))
    return value


def refuse_parameters(request: Request) -> None:
    """Raise Invalid when a route without parameters got some."""
    faults = list(unknown(single_values(request), set()))
    if faults:
        raise Invalid(errors=faults)


def single_values(request: Request, several: Collection[str] = ()) -> dict[str, str]:
    """The parameters, each once; raises Invalid for repeated ones and for text nobody can store."""
    if len(request.query_string) > MAX_QUERY_BYTES:
        raise QueryTooLong
    if len(request.args) > MAX_PARAMETERS:
        raise Invalid(errors=[Fault("?", "length", f"At most {MAX_PARAMETERS} parameters")])
    _check_encoding(request.query_string)
    refuse(_unreadable(request, several))
    return request.args.to_dict()


def _check_encoding(query: bytes) -> None:
    """Raise Invalid unless it is UTF-8; otherwise werkzeug puts a replacement for each byte it cannot read."""
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        raise Invalid(errors=[Fault("?", "unsafe_text", "The query string is not UTF-8")]) from None


def unknown(given: Mapping[str, Any], known: set[str]) -> Iterator[Fault]:
    """A fault for each parameter nobody declared."""
    for name in given:
        if name not in known:
            yield Fault(f"?{name}", "unknown_parameter", "There is no such parameter")


def _unreadable(request: Request, several: Collection[str]) -> Iterator[Fault]:
    for name, values in request.args.lists():
        yield from unsafe_text(name, "?")
        for value in values:
            yield from unsafe_text(value, f"?{name}")
        if len(values) > 1 and name not in several:
            yield Fault(f"?{name}", "duplicate_parameter", "The same parameter came twice")


def _refuse_hidden(query: ListQuery, listing: Listing, shown: Any) -> None:
    hidden = {**disclosure.guarded_fields(shown), **listing.visible_to}
    if not hidden:
        return
    for condition in query.conditions:
        disclosure.refuse_asking(condition.name, _permission(condition.name, hidden), pointer=f"?{condition.name}")
    sort = query.sort.removeprefix("-")
    disclosure.refuse_asking(sort, _permission(sort, hidden), pointer="?sort")


def _permission(name: str, hidden: Mapping[str, str]) -> str | None:
    """What it takes to ask by a name: that of the field, or of a part of it, as `cost_minor` is of `cost`."""
    return next((needed for field, needed in hidden.items() if name == field or name.startswith(f"{field}_")), None)


def _missing(given: Mapping[str, Any], fields: tuple[msgspec.structs.FieldInfo, ...]) -> Iterator[Fault]:
    for field in fields:
        if field.required and field.encode_name not in given:
            yield Fault(f"?{field.encode_name}", "required", "This parameter is required")


def _filter_name(name: str, operator: Operator) -> str:
    return name if operator is Operator.EQ else name.removesuffix(f".{operator}")


def _filter_value(text: str, declared: Filter, operator: Operator, name: str, faults: list[Fault]) -> Any:
    if operator is not Operator.IN:
        return _value(text, declared.type_for(operator), name, faults)
    words = text.split(",")
    if len(words) > MAX_CHOICES:
        faults.append(Fault(f"?{name}", "length", f"At most {MAX_CHOICES} values"))
        return ()
    return tuple(_value(word, declared.type, name, faults) for word in words)


def _value(text: str, kind: Any, name: str, faults: list[Fault]) -> Any:
    # Lax, msgspec reads numbers as seconds since 1970: `?created_at=0.5`.
    strict = _bare(kind) is datetime
    wrong = found(text, kind, pointer=f"?{name}", strict=strict)
    if wrong:
        faults += wrong
        return None
    value = msgspec.convert(text, kind, strict=strict)
    if isinstance(value, datetime):
        faults += odd_instant(value, f"?{name}")
    if not _storable(value):
        faults.append(Fault(f"?{name}", "number_out_of_range", "Numbers must fit 64 bits"))
    return value


def _storable(value: Any) -> bool:
    # Text such as `nan`, `1e999` or forty digits becomes a number that no column takes.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return True
    return -(2**63) <= value < 2**63


def _bare(kind: Any) -> Any:
    while get_origin(kind) is Annotated:
        kind = kind.__origin__
    return kind
