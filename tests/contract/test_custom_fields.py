"""Lists reach an index by every filter of an agency's own fields, as the application's role, and show them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from core.config import Settings
from core.custom_fields.asking import operators
from core.db.query import Operator
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.leads.repository import Leads
from tests.contract.crowd import Crowd
from tests.contract.statements import Statements
from tests.contract.test_indexes import AGENCIES, PLANS, ROWS, Explainer, asking
from tests.core.custom_fields.made import EVERY, TIERS, field, lead

pytestmark = pytest.mark.slow

KINDS = {
    "card": "text", "fee": "number", "renewal": "date", "insured": "boolean", "tier": "choice", "likes": "choices",
}  # fmt: skip
ASKED = {"card": "A-17", "fee": "12.5", "renewal": "2027-05-14", "insured": "true", "tier": "gold", "likes": "gold"}
# Every lead of the crowd has what the first one has, numbers and texts of its own.
CROWD = """
INSERT INTO core_custom_value
  (agency_id, entity_id, field_id, place, key, kind, decimals, text_value, number_value, day_value)
SELECT l.agency_id, l.id, v.field_id, v.place, v.key, v.kind, v.decimals,
  CASE WHEN v.key = 'card' THEN 'A-' || l.n ELSE v.text_value END,
  CASE WHEN v.key = 'fee' THEN l.n ELSE v.number_value END, v.day_value + (l.n %% 1000)::int
FROM (SELECT agency_id, id, row_number() OVER () AS n FROM leads_lead WHERE id <> %(sample)s) l
CROSS JOIN (SELECT * FROM core_custom_value WHERE entity_id = %(sample)s) v
"""


def questions() -> Iterator[str]:
    """Every way to ask of every type, and equality with another order."""
    for key, kind in KINDS.items():
        for operator in operators(kind):
            name = f"custom.{key}" if operator is Operator.EQ else f"custom.{key}.{operator}"
            value = ASKED[key]
            if operator is Operator.NULL:
                yield f"{name}=true"
                yield f"{name}=false"
            else:
                yield f"{name}={value}"
        yield f"custom.{key}={ASKED[key]}&sort=updated_at"
        yield f"custom.{key}={ASKED[key]}&count=exact"
    yield "custom.tier=gold&custom.fee.gte=3&status=new"


@pytest.fixture(scope="module")
def agency(make_agency: Callable[..., AgencyUnderTest]) -> AgencyUnderTest:
    return make_agency()


@pytest.fixture(scope="module")
def owner(agency: AgencyUnderTest, crowd: Crowd, make_agency: Callable[..., AgencyUnderTest]) -> ApiClient:
    """Somebody whose agency has a field of each type, among sixteen with a hundred thousand leads that have values."""
    owner = agency.member("owner")
    for key, kind in KINDS.items():
        more = {"choices": TIERS} if kind in {"choice", "choices"} else {"decimals": 2 if kind == "number" else 0}
        field(owner, key, kind, **more)
    sample = lead(owner, EVERY)["id"]
    everybody = [agency.id, *(make_agency().id for _ in range(AGENCIES - 1))]
    crowd.grow(Leads.listing, ROWS, like=agency.id, agencies=everybody)
    crowd.connection.execute(CROWD, {"sample": sample})
    crowd.analyze()
    return owner


@pytest.fixture(scope="module")
def explainer(settings: Settings, owner: ApiClient) -> Iterator[Explainer]:
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url.get_secret_value(), autocommit=True) as connection:
        yield Explainer(connection)


def test_no_filter_reads_a_whole_table(
    owner: ApiClient, agency: AgencyUnderTest, explainer: Explainer, statements: Statements
) -> None:
    assert {"leads_lead", "core_custom_value"} <= explainer.large
    problems = []
    for question in ("", *questions()):
        for statement, values in asking(owner, "/leads", question, statements):
            for plan in PLANS:
                scanned = explainer.scanned(statement, values, agency.id, plan)
                if scanned:
                    problems.append(f"?{question} reads all of {', '.join(sorted(scanned))} ({plan})")
    assert not problems, "\n" + "\n".join(problems)


def test_a_page_shows_them_in_one_statement(owner: ApiClient, statements: Statements) -> None:
    statements.clear()
    page = ok(owner.get("/leads?limit=200"))
    assert len(statements.reads) == 1
    assert not statements.others
    assert len(page["items"]) == 200
    assert all({*each["custom_fields"]} == {*EVERY} for each in page["items"])
