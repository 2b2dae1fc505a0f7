"""What schemathesis cannot know of Tripfile: loaded by the fuzz run's own process, never by pytest."""

from __future__ import annotations

from typing import Any

import schemathesis

# Faults of form: a request that satisfies the document never has one. Faults of rules ("there is no such contact")
# have other codes, and no document can foretell them.
FORM = frozenset(
    "type length format range pattern unknown_field unknown_parameter duplicate_key duplicate_parameter unsafe_text"
    " too_deep number_out_of_range".split()
)
# Below this a body says what to ask a list of its choosing: what that list knows is no matter of form.
QUESTION = "/filter/"


@schemathesis.check
def document_tells_the_form(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """What the document allows is refused by rules alone, never for its form."""
    del ctx
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 422:
        return
    faults = response.json()["errors"]
    undocumented = [each for each in faults if each["code"] in FORM and not each["pointer"].startswith(QUESTION)]
    assert not undocumented, f"The document allows what the API refuses: {undocumented}"


@schemathesis.check
def errors_are_problems(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """Whatever is refused is told as a problem with a code."""
    del ctx, case
    if response.status_code < 400:
        return
    told = response.headers.get("content-type", [""])[0]
    assert told == "application/problem+json", f"{response.status_code} came as {told!r}"
    problem = response.json()
    assert problem["code"], problem
    assert problem["status"] == response.status_code, problem
