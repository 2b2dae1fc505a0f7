"""Nobody sets by a body what is not theirs to set: what a route does not take is refused, and nothing is written."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from core.http.faults import MAX_FAULTS
from core.testing.clients import ApiClient
from tests.contract.calls import Call, Calls
from tests.security.conftest import Fingerprint, Written

READ_ONLY = frozenset(
    {
        "agency_id", "agency", "author_id", "built_in", "created_at", "deleted_at", "disabled_at", "email_verified_at",
        "grants", "id", "impersonator_id", "invited_by", "is_admin", "kind", "owner", "owner_id", "permissions",
        "reference", "role", "roles", "scope", "seq", "state", "status", "updated_at", "user_id", "version",
    }
)  # fmt: skip
"""What attackers try first."""
VALUES = frozenset({"Money"})
"""Values that travel both ways: whatever else is said in one is nobody's."""
OF_BROWSERS = frozenset({"AssertionResponse", "AttestationResponse", "PasskeyAssertion", "PasskeyAttestation"})
"""What browsers make (Web Authentication), which grows with them."""


def names_of(kind: Any) -> set[str]:
    """The fields of a Struct, and of what is in it: a page of rows, a list."""
    found = set()
    for each in (kind, *get_args(kind)):
        if isinstance(each, type) and issubclass(each, msgspec.Struct):
            found |= set(each.__struct_encode_fields__)
    return found


def foreign(call: Call) -> list[str]:
    """What a body of this route must not hold: fields of its answers, and columns of whatever tables there are."""
    taken = set(call.contract.body.__struct_encode_fields__)
    shown = names_of(call.contract.result) | {name for kind in call.contract.others.values() for name in names_of(kind)}
    return sorted((shown | READ_ONLY) - taken)


class TestEveryBody:
    def test_is_refused_with_a_field_that_is_only_read(
        self, calls: Calls, owner: ApiClient, written: Written, stored: Fingerprint
    ) -> None:
        before, problems = stored(), []
        for call, address, body in written:
            names = foreign(call)[:MAX_FAULTS]
            answer = calls.make(call, owner, address=address, body={**(body or {}), **dict.fromkeys(names)})
            found = {
                fault["pointer"] for fault in (answer.json or {}).get("errors", ()) if fault["code"] == "unknown_field"
            }
            if answer.status_code != 422 or found != {f"/{name}" for name in names}:
                missing = sorted({f"/{name}" for name in names} - found)
                problems.append(f"{call} answered {answer.status_code} and took {missing}")
        assert not problems, "\n".join(problems)
        assert {name for name, number in stored().items() if number != before[name]} <= {"core_idempotency"}

    def test_is_of_a_type_that_refuses_what_it_does_not_know(self, calls: Calls) -> None:
        """Structs within it included, by construction."""
        loose = []
        for call in [call for call in calls.every if call.contract.body is not None]:
            waiting, seen = [call.contract.body], set()
            while waiting:
                kind = waiting.pop()
                waiting += [part for part in get_args(kind) if not isinstance(part, msgspec.Meta)]
                if kind in seen or not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
                    continue
                seen.add(kind)
                waiting += [field.type for field in msgspec.structs.fields(kind)]
                known = kind.__name__ in VALUES | OF_BROWSERS
                if not (known or kind.__struct_config__.forbid_unknown_fields):
                    loose.append(f"{call}: {kind.__qualname__}")
        assert not loose, loose
