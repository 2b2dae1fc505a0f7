"""Who is a client, which no stranger learns."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from core.testing.clients import ApiClient, ok
from tests.plugins.capture.conftest import Stranger

Make = Callable[..., dict[str, Any]]
SAID = {
    "name": st.sampled_from(["Ana Duarte", "", " ", "A" * 201, "line\nbreak"]),
    "given_name": st.sampled_from(["Ana", "A" * 201, "\x00"]),
    "phone": st.sampled_from(["12", "nobody's"]),
    "country": st.sampled_from(["PT", "ZZ", "pt", "Portugal"]),
    "language": st.sampled_from(["pt", "xx-yy", "no language"]),
    "zone": st.sampled_from(["Europe/Lisbon", "Moon/Base"]),
    "nationality": st.sampled_from(["PT", "ZZ"]),
    "message": st.sampled_from(["Hello", "x" * 10_001]),
    "adults": st.sampled_from(["2", "many", "-1"]),
    "start_date": st.sampled_from(["2027-05-01", "soon"]),
    "contact.birthday": st.sampled_from(["1990-01-02", "soon", ""]),
    "contact.hobby": st.sampled_from(["Sailing", "x" * 9000]),
    "contact.diet": st.sampled_from(["vegan", "stones"]),
}


class TestWhoIsKnown:
    def test_cannot_be_told_from_any_answer(self, api: ApiClient, stranger: Stranger, form: Make) -> None:
        for key, more in (
            ("birthday", {"kind": "date"}),
            ("hobby", {"kind": "text", "required": True}),
            ("diet", {"kind": "choice", "choices": [{"code": "vegan", "label": "Vegan"}]}),
        ):
            field = {"entity": "contacts.contact", "key": key, "label": key.title(), **more}
            ok(api.post("/custom-fields", field), 201)
        ana = {"name": "Ana Duarte", "emails": [{"address": "ana@example.com"}], "custom_fields": {"hobby": "Sailing"}}
        ok(api.post("/contacts", ana), 201)
        made = form(fields=[{"name": name} for name in ("email", *SAID)])
        numbers = itertools.count(1)

        @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(said=st.fixed_dictionaries({}, optional=SAID))
        @example(said={"country": "ZZ"})
        @example(said={"contact.birthday": "soon", "start_date": "soon"})
        @example(said={"contact.hobby": "x" * 9000})
        @example(said={"country": "ZZ", "zone": "Moon/Base"})
        def answers_are_the_same(said: dict[str, str]) -> None:
            new = stranger.send(made, {"email": f"new{next(numbers)}@example.com", **said})
            known = stranger.send(made, {"email": "ana@example.com", **said})
            assert (new.status_code, _said(new)) == (known.status_code, _said(known))

        answers_are_the_same()


def _said(answer: TestResponse) -> Any:
    told = answer.json or {}
    return told.get("errors", told)
