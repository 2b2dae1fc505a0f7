"""Which columns a file has, and that all its rows are of one instant."""

from __future__ import annotations

import csv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from msgspec import UNSET, Meta, UnsetType
from openpyxl import load_workbook

from core import ids
from core.actor import system
from core.db.session import snapshot, unit_of_work
from core.db.tenancy import acting_as
from core.disclosure import HiddenField, visible_to
from core.exports import columns, taking
from core.exports.columns import Column
from core.extensions import db
from core.http.application import Application
from core.http.structs import View
from core.listed import Listed
from core.money import Money
from core.tabular import workbook
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.contacts.repository import contacts
from plugins.leads.repository import leads


def table(answer: Any) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(csv.DictReader(StringIO(answer.get_data(as_text=True))))


def read(book: bytes) -> list[tuple[Any, ...]]:
    """The rows of a workbook, the heading first."""
    found = load_workbook(BytesIO(book)).active
    assert found is not None
    return list(found.iter_rows(values_only=True))


class Fare(View):
    """A row of which not everybody sees everything."""

    id: UUID
    price: Annotated[Money, Meta(title="Selling price")]
    cost: Annotated[Money | UnsetType, visible_to("leads.reopen")] = UNSET


class TestColumns:
    def test_those_one_may_not_see_are_left_out_and_refused_by_name(
        self, app: Application, agency: AgencyUnderTest
    ) -> None:
        fares: Listed[Any] = Listed("Fares", leads, Fare, leads.rows)
        with app.test_request_context(headers={}), acting_as(system(agency.id)):
            assert [each.name for each in columns.chosen(fares, [])] == ["id", "price", "cost"]
            assert columns.chosen(fares, ["price"]) == [Column("price", "Selling price", "money")]
        with app.test_request_context():
            assert [each.name for each in columns.chosen(fares, [])] == ["id", "price"]
            with pytest.raises(HiddenField) as refused:
                columns.chosen(fares, ["id", "cost"])
            assert [fault.pointer for fault in refused.value.errors] == ["?columns"]

    def test_those_an_agency_adds_stand_beside_them(self, api: ApiClient, make: Callable[..., dict[str, Any]]) -> None:
        tier = {"entity": "leads.lead", "key": "tier", "label": "Tier of service", "kind": "text"}
        ok(api.post("/custom-fields", tier), 201)
        make(custom_fields={"tier": "gold"})
        make()
        answer = api.post("/leads/export?columns=adults,custom.tier&sort=created_at")
        assert answer.get_data(as_text=True) == '"adults","custom.tier"\r\n2,"gold"\r\n2,""\r\n'
        assert len(answer.get_data().splitlines()) == 3
        narrowed = api.post("/leads/export?columns=custom.tier&custom.tier=gold")
        assert narrowed.get_data(as_text=True) == '"custom.tier"\r\n"gold"\r\n'
        told = ok(api.get("/leads/export/columns"))
        assert told[-1] == {"name": "custom.tier", "title": "Tier of service"}
        assert "custom_fields" not in {each["name"] for each in told}


class Call(View):
    """A row with an instant."""

    at: datetime


class TestInstants:
    def test_of_a_workbook_are_told_apart_where_clocks_are_put_back(self) -> None:
        """Its cells know no offset: what shows one time twice a year says which it is, as a text."""

        def shown(hour: int) -> Any:
            at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
            zone = ZoneInfo("Europe/Lisbon")
            (value,) = columns.cells(columns.of_struct(Call), Call(at), {}, zone=zone, form="xlsx")
            return value

        first = [shown(hour) for hour in range(24)]
        assert len({str(each) for each in first}) == 24
        assert [hour for hour, each in enumerate(first) if each.tzinfo is not None] == [0, 1]
        book = b"".join(workbook(["At"], [[shown(0)], [shown(1)], [shown(2)]]))
        cells = [row[0] for row in read(book)]
        assert cells[:3] == ["At", "2026-10-25 01:30:00+01:00", "2026-10-25 01:30:00+00:00"]
        assert cells[3].isoformat() == "2026-10-25T02:30:00"


class TestOneInstant:
    def test_what_changes_meanwhile_is_not_in_it(
        self,
        app: Application,
        api: ApiClient,
        make: Callable[..., dict[str, Any]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """One that moves behind what was read already would come twice, and one that moves before it not at all."""
        made = [make()["id"] for _ in range(6)]
        monkeypatch.setattr(taking, "_AT_ONCE", 2)
        page = taking._page
        done: list[bool] = []

        def change() -> None:
            ok(api.patch(f"/leads/{made[0]}", {"adults": 9}, version="*"))
            ok(api.delete(f"/leads/{made[5]}", version="*"), 204)
            make()

        def and_meanwhile(*asked: Any) -> Any:
            found = page(*asked)
            if not done:
                done.append(True)
                # In a thread of its own, as it would be somebody else's request.
                with ThreadPoolExecutor(1) as elsewhere:
                    elsewhere.submit(change).result()
            return found

        monkeypatch.setattr(taking, "_page", and_meanwhile)
        rows = table(api.post("/leads/export?sort=updated_at&columns=id,adults"))
        assert [row["id"] for row in rows] == made
        assert {row["adults"] for row in rows} == {"2"}

    def test_a_snapshot_comes_first_and_writes_nothing(self, app: Application, agency: AgencyUnderTest) -> None:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            with snapshot():
                assert contacts.find(ids.new()) is None
                isolation = db.session.connection().get_isolation_level()
            assert isolation == "REPEATABLE READ"
            assert db.session.connection().get_isolation_level() == "READ COMMITTED"
            with pytest.raises(RuntimeError, match="before the unit of work"), snapshot():
                pass
