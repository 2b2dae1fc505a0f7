"""Describe one operation for the OpenAPI document: parameters, bodies, and the problems that can really happen."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Meta

from core.db.query import Operator
from core.http.bodies import FORM, JSON
from core.http.contract import Contract, Rule, contract_of, rule_of
from core.http.queries import MAX_CHOICES
from core.uploads import receiving
from core.uploads.kinds import Accepts, endings

if TYPE_CHECKING:
    from core.http.openapi import Api

Document = dict[str, Any]
_ANYTHING = {"type": "object", "examples": [{"email": "ana@example.com", "message": "Two weeks in Kenya"}]}
_ANY_FORM = {
    **_ANYTHING,
    # Of no field at all it is an empty body, and that is none.
    "minProperties": 1,
    "additionalProperties": {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
    },
}
_COMMON_PROBLEMS = (400, 422, 429, 500, 503)
_OPERATORS = {
    Operator.EQ: "",
    Operator.NE: " Anything but this.",
    Operator.GTE: " This or more.",
    Operator.GT: " More than this.",
    Operator.LTE: " This or less.",
    Operator.LT: " Less than this.",
    Operator.IN: " Any of these, separated by commas.",
    Operator.NULL: " Whether there is none.",
}

_OWN_FIELDS = (
    "The fields that the agency has added filter too: `custom.<key>`, and by their type `custom.<key>.gte`, `.gt`,"
    " `.lte`, `.lt`, `.ne`, `.in` and `.null`. What there is, and how it compares, says `/api/v1/custom-fields/schema`."
)


def describe(
    doc: Document, info: Document, *, api: Api, method: str, spec: object = None, app: object = None
) -> Document:
    """The OpenAPI operation of a view, from its contract and rule. Called by flask-smorest, hence the arguments."""
    del spec, app
    entrance = info["entrance"]
    contract, rule = contract_of(entrance), rule_of(entrance) or Rule()
    title = entrance.__name__.replace("_", " ").capitalize()
    doc |= {"summary": title, "operationId": info["operation"]}
    doc["parameters"] = [*_parameters(api, contract, rule, method)]
    doc["security"] = [] if rule.public else [{"bearer": []}]
    if rule.permission:
        doc["x-permission"] = rule.permission
    if contract.listing and contract.listing.listing.custom_fields:
        doc["description"] = "\n\n".join(each for each in (doc.get("description"), _OWN_FIELDS) if each)
    if contract.body:
        # application/merge-patch+json is read as well, but generators of clients stumble over a body of two types.
        doc["requestBody"] = {"required": True, "content": {"application/json": {"schema": api.schema(contract.body)}}}
    if contract.upload:
        doc["requestBody"] = _file(contract.upload)
    if contract.sent:
        doc["requestBody"] = _sent(api, contract)
    problems = _problems(contract, rule, method, addressed="<" in info["address"])
    doc["responses"] = {**_success(api, contract, method), **problems}
    return doc


def _parameters(api: Api, contract: Contract, rule: Rule, method: str) -> Iterator[Document | str]:
    """Parameters; those that are a name are components of that name."""
    asked = contract.listing or contract.selection
    if asked:
        for name, (declared, operator) in asked.filters.items():
            yield _filter(api, name, Annotated[declared.type_for(operator), Meta()], declared.summary, operator)
        for name, kind in asked.common.items():
            yield {"name": name, "in": "query", "schema": api.schema(kind), "description": description_of(kind)}
    if contract.query:
        for field in msgspec.structs.fields(contract.query):
            yield {
                "name": field.encode_name,
                "in": "query",
                "required": field.required,
                "schema": api.schema(field.type),
                "description": description_of(field.type),
            }
    if contract.if_match:
        yield "IfMatch"
    elif method == "get" and has_version(contract.result):
        yield "IfNoneMatch"
    if method == "post" and _keeps_answers(rule):
        yield "IdempotencyKeyRequired" if rule.idempotency == "required" else "IdempotencyKey"


def _filter(api: Api, name: str, kind: Any, summary: str, operator: Operator) -> Document:
    parameter = {"name": name, "in": "query", "description": summary + _OPERATORS[operator]}
    if operator is not Operator.IN:
        return {**parameter, "schema": api.schema(kind)}
    several = {"type": "array", "items": api.schema(kind), "minItems": 1, "maxItems": MAX_CHOICES}
    return {**parameter, "schema": several, "style": "form", "explode": False}


def _sent(api: Api, contract: Contract) -> Document:
    told = {JSON: _ANYTHING if contract.shape is None else api.schema(contract.shape), FORM: _ANY_FORM}
    return {"required": True, "content": {each: {"schema": told.get(each, _ANYTHING)} for each in contract.sent}}


def _file(accepts: Accepts) -> Document:
    # The exact type is read as well, but generators of clients know files as this one.
    about = f"The file itself, {accepts.max_bytes // 1024} KiB at most: {endings(accepts.kinds)}."
    schema = {"type": "string", "format": "binary"}
    return {"required": True, "description": about, "content": {receiving.UNTOLD: {"schema": schema}}}


def _success(api: Api, contract: Contract, method: str) -> Document:
    headers = {
        "RateLimit": {"$ref": "#/components/headers/RateLimit"},
        "RateLimit-Policy": {"$ref": "#/components/headers/RateLimitPolicy"},
        "X-Request-ID": {"$ref": "#/components/headers/RequestId"},
    }
    if has_version(contract.result):
        headers["ETag"] = {"$ref": "#/components/headers/ETag"}
    if contract.status == 201 and "id" in fields_of(contract.result):
        headers["Location"] = {"$ref": "#/components/headers/Location"}
    answer: Document = {"description": HTTPStatus(contract.status).phrase, "headers": headers}
    if contract.result is not None:
        answer["content"] = {"application/json": {"schema": api.schema(contract.result)}}
    if contract.media_types:
        answer["content"] = {each: {"schema": {"type": "string", "format": "binary"}} for each in contract.media_types}
    responses: Document = {str(contract.status): answer}
    for status, kind in contract.others.items():
        content = {"application/json": {"schema": api.schema(kind)}}
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "headers": headers, "content": content}
    if method == "get" and has_version(contract.result):
        responses["304"] = {"$ref": "#/components/responses/NotModified"}
    return responses


def _problems(contract: Contract, rule: Rule, method: str, *, addressed: bool) -> Document:
    possible = {*_COMMON_PROBLEMS, *contract.problems}
    if not rule.public:
        possible |= {401, 403, 404}
    if contract.listing or contract.selection or contract.query:
        possible.add(414)
    if contract.listing and contract.listing.listed:
        # A saved view may ask for what is gone.
        possible.add(409)
    if contract.body or contract.upload or contract.sent:
        possible |= {413, 415}
    if contract.if_match:
        possible |= {412, 428}
    if addressed:
        possible.add(404)
    if method != "get":
        possible.add(409)
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(possible)}


def _keeps_answers(rule: Rule) -> bool:
    if rule.idempotency == "required":
        return True
    return rule.idempotency == "accepted" and not rule.credentials and not rule.public


def has_version(kind: Any) -> bool:
    """Whether answers of this type carry an ETag."""
    return "version" in fields_of(kind)


def fields_of(kind: Any) -> set[str]:
    """The field names of a Struct type; none for other types."""
    origin = get_origin(kind) or kind
    if not (isinstance(origin, type) and issubclass(origin, msgspec.Struct)):
        return set()
    return set(origin.__struct_fields__)


def description_of(kind: Any) -> str:
    """What the annotations of a type say about it."""
    found = [meta.description for meta in get_args(kind)[1:] if isinstance(meta, Meta) and meta.description]
    return found[-1] if get_origin(kind) is Annotated and found else ""
