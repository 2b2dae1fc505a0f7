"""The blueprint plugins declare their routes with: Structs in and out, a permission on every route."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypedDict, TypeVar, Unpack, cast, overload

import flask_smorest
import msgspec
from flask import Request, Response, request

from core import disclosure
from core.actor import Audience
from core.db.query import Listing, ListQuery
from core.errors import gather
from core.http import bodies, decoding, queries, responses
from core.http.bodies import Sent
from core.http.contract import Contract, Idempotency, Limit, Rule, contract_of, declare
from core.http.description import describe
from core.listed import Listed
from core.plugins.spec import Permission
from core.spelling import rate
from core.uploads import receiving
from core.uploads.kinds import Accepts
from core.uploads.receiving import Upload

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")
Answer: TypeAlias = T | bytes | Response


class RouteOptions(TypedDict, total=False):
    """What every verb takes besides its rule."""

    permission: Permission | str
    public: bool
    signed_in: bool
    audience: Audience
    idempotency: Idempotency
    limit: Limit
    agency_limit: str
    cost: int
    body_limit: int
    step_up: bool
    everywhere: bool
    cross_origin: bool
    credentials: bool
    uncached: bool
    problems: tuple[int, ...]


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc] # flask-smorest ships no types
    """Routes of one plugin. Decorators in any order under the verb; inputs are passed in the order they are written."""

    def __init__(self, name: str, *, description: str = "") -> None:
        # The import name only serves templates and static files, which these blueprints do not have.
        super().__init__(name, __name__, description=description)
        self._prepare_doc_cbks = [describe]

    def get(self, rule: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """A read. It opens no transaction unless it uses the session, and is tried again on a dead connection."""
        return self._verb("GET", rule, options)

    def post(self, rule: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Make something or do something; repeatable under an Idempotency-Key."""
        return self._verb("POST", rule, options)

    def put(self, rule: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Replace something."""
        return self._verb("PUT", rule, options)

    def patch(self, rule: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Change some fields (RFC 7396)."""
        return self._verb("PATCH", rule, options)

    def delete(self, rule: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Remove something."""
        return self._verb("DELETE", rule, options)

    def arguments(self, kind: type[S]) -> Callable[[Callable[Concatenate[S, P], R]], Callable[Concatenate[S, P], R]]:
        """Pass the JSON body as a Struct; a wrong one is refused with every fault named."""

        def decorate(view: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
            contract = contract_of(view)
            contract.body = kind
            contract.inputs.insert(0, "body")
            return view

        return decorate

    def upload(
        self, accepts: Accepts
    ) -> Callable[[Callable[Concatenate[Upload, P], R]], Callable[Concatenate[Upload, P], R]]:
        """Pass the body as a file of one of these kinds, called what `?name=` says; anything else is refused."""

        def decorate(view: Callable[Concatenate[Upload, P], R]) -> Callable[Concatenate[Upload, P], R]:
            contract = contract_of(view)
            contract.upload, contract.query = accepts, receiving.FileName
            contract.inputs.insert(0, "upload")
            return view

        return decorate

    def sent(
        self, *media_types: str, shape: Any = None
    ) -> Callable[[Callable[Concatenate[Sent, P], R]], Callable[Concatenate[Sent, P], R]]:
        """Pass the body as it came, of one of these types; JSON and forms of web pages can be read from it.

        `shape` is what the document says of JSON; nothing checks it.
        """

        def decorate(view: Callable[Concatenate[Sent, P], R]) -> Callable[Concatenate[Sent, P], R]:
            contract = contract_of(view)
            contract.sent, contract.shape = media_types, shape
            contract.inputs.insert(0, "sent")
            return view

        return decorate

    def query(self, kind: type[S]) -> Callable[[F], F]:
        """Pass the query string as a Struct."""

        def decorate(view: F) -> F:
            contract = contract_of(view)
            contract.query = kind
            contract.inputs.insert(0, "query")
            return view

        return decorate

    def listing(
        self, listing: Listing | Listed[Any]
    ) -> Callable[[Callable[Concatenate[ListQuery, P], R]], Callable[Concatenate[ListQuery, P], R]]:
        """Pass filters, sort, search and page as a ListQuery; parameters nobody declared are refused.

        A `Listed` can be asked by a saved view, too.
        """

        def decorate(view: Callable[Concatenate[ListQuery, P], R]) -> Callable[Concatenate[ListQuery, P], R]:
            contract = contract_of(view)
            contract.listing = queries.Parameters(listing)
            contract.inputs.insert(0, "listing")
            return view

        return decorate

    def selection(
        self, listed: Listed[Any], *, check: Callable[[Request], object] | None = None
    ) -> Callable[[Callable[Concatenate[ListQuery, P], R]], Callable[Concatenate[ListQuery, P], R]]:
        """Pass filters, sort and search of a list, without a page: what is decorated takes all of it.

        What `check` finds wrong with the request beside that is told together with the rest.
        """

        def decorate(view: Callable[Concatenate[ListQuery, P], R]) -> Callable[Concatenate[ListQuery, P], R]:
            contract = contract_of(view)
            contract.selection, contract.check = queries.Parameters(listed, paged=False), check
            contract.inputs.insert(0, "selection")
            return view

        return decorate

    @overload
    def response(self, status: int) -> Callable[[F], F]: ...

    @overload
    def response(self, status: int, kind: type[S]) -> Callable[[Callable[P, Answer[S]]], Callable[P, Answer[S]]]: ...

    def response(self, status: int, kind: Any = None) -> Any:
        """What the view returns (or its JSON as bytes), and with which status; nothing where `kind` is left out."""

        def decorate(view: F) -> F:
            contract = contract_of(view)
            contract.status, contract.result = status, kind
            return view

        return decorate

    def file(self, *media_types: str) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
        """The view returns a response with a file of one of these types."""

        def decorate(view: Callable[P, Response]) -> Callable[P, Response]:
            contract_of(view).media_types = media_types
            return view

        return decorate

    def or_response(self, status: int, kind: type[T]) -> Callable[[Callable[P, R | T]], Callable[P, R]]:
        """What the view may return instead, and its status; the type tells it apart. Written below `response`."""

        def decorate(view: Callable[P, R | T]) -> Callable[P, R]:
            contract_of(view).others[status] = kind
            # What is left for `response` to check; the view itself stays as it is.
            return cast("Callable[P, R]", view)

        return decorate

    def if_match(self, view: F) -> F:
        """Require If-Match and pass its version as `version`, None for `*`."""
        contract_of(view).if_match = True
        return view

    def _verb(self, method: str, rule: str, options: RouteOptions) -> Callable[[F], F]:
        declared = _rule(options)

        def decorate(view: F) -> F:
            contract = contract_of(view)
            contract.problems |= set(options.get("problems", ()))
            given = _with_room(declared, contract)
            entrance = _entrance(view, contract, given)
            entrance.__dict__["_apidoc"] |= {"operation": f"{self.name}.{view.__name__}", "address": rule}
            # The collection itself has no trailing slash: `/api/v1/leads`.
            self.add_url_rule("" if rule == "/" else rule, view.__name__, entrance, methods=[method])
            declare(view, given)
            return view

        return decorate


def _with_room(rule: Rule, contract: Contract) -> Rule:
    """The rule with a limit of the body that lets in the files the view takes."""
    if contract.upload is None or rule.body_limit is not None:
        return rule
    return replace(rule, body_limit=contract.upload.max_bytes)


def _rule(options: RouteOptions) -> Rule:
    given: dict[str, Any] = {name: value for name, value in options.items() if name != "problems"}
    permission = given.pop("permission", None)
    for name in ("limit", "agency_limit"):
        if isinstance(given.get(name), str):
            rate(given[name])
    return Rule(permission=str(permission) if permission else None, **given)


def _entrance(view: Callable[..., Any], contract: Contract, rule: Rule) -> Callable[..., Response]:
    @wraps(view)
    def enter(**path: Any) -> Response:
        if contract.if_match:
            path["version"] = responses.expected_version()
        result = view(*_read(contract), **path)
        status = _status(contract, result)
        kind = contract.others.get(status, contract.result)
        # What only some may see stays in no browser either.
        unstored = rule.credentials or rule.uncached or bool(kind is not None and disclosure.permissions_in(kind))
        return responses.respond(responses.shown(result, kind), status=status, credentials=unstored)

    declare(enter, rule)
    # Found again by the document; flask-smorest copies this mapping deeply, and a function is copied as itself.
    enter.__dict__["_apidoc"] = {"entrance": enter}
    return enter


def _status(contract: Contract, result: Any) -> int:
    return next((status for status, kind in contract.others.items() if isinstance(result, kind)), contract.status)


def _read(contract: Contract) -> list[Any]:
    if not {"query", "listing", "selection", "upload"} & set(contract.inputs):
        queries.refuse_parameters(request)
    if not {"body", "upload", "sent"} & set(contract.inputs):
        decoding.refuse_body(request)
    if contract.selection is None:
        return [_READERS[source](contract) for source in contract.inputs]
    # Two readers share one query string: what is wrong for either is told at once.
    checks = [partial(contract.check, request)] if contract.check else []
    return gather(*(partial(_READERS[source], contract) for source in contract.inputs), *checks)[: len(contract.inputs)]


def _names_in_query(contract: Contract) -> set[str]:
    """The parameters of the Struct that reads the query string."""
    return {field.encode_name for field in msgspec.structs.fields(contract.query)} if contract.query else set()


_READERS: dict[str, Callable[[Contract], Any]] = {
    "body": lambda contract: decoding.read(request, contract.body),
    "query": lambda contract: queries.read_struct(request, contract.query, shared=contract.selection is not None),
    # Asked only where the contract has one.
    "selection": lambda contract: queries.read_listing(
        request,
        contract.selection,  # type: ignore[arg-type]
        contract.selection.listed.row,  # type: ignore[union-attr]
        beside=_names_in_query(contract),
    ),
    # Asked only where the contract has one.
    "upload": lambda contract: receiving.receive(request, contract.upload),  # type: ignore[arg-type]
    "sent": lambda contract: bodies.receive(request, contract.sent),
    # Asked only where the contract has a listing.
    "listing": lambda contract: queries.read_listing(request, contract.listing, contract.result),  # type: ignore[arg-type]
}
