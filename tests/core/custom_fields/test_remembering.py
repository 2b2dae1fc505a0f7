"""What a process remembers of fields for a second is what was committed, and nothing older than a change it knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from core.actor import system
from core.custom_fields import definitions, service
from core.custom_fields.kinds import Definition
from core.custom_fields.schemas import CustomFieldPatch
from core.db.session import snapshot, unit_of_work
from core.db.tenancy import acting_as
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.core.custom_fields.made import field

Labels = Callable[[], list[str]]


@contextmanager
def inside(api: ApiClient, agency: AgencyUnderTest) -> Iterator[None]:
    """Acting in the agency, as a job does."""
    with api.app.app_context(), acting_as(system(agency.id)):
        yield


@pytest.fixture
def tier(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A field, remembered for longer than the test takes."""
    monkeypatch.setattr(definitions, "TTL", 60.0)
    return field(api, "tier", "text")


@pytest.fixture
def elsewhere(api: ApiClient, agency: AgencyUnderTest) -> Iterator[Labels]:
    """The labels as another thread knows them."""

    def labels() -> list[str]:
        with inside(api, agency):
            return labels_of(definitions.of("leads.lead"))

    with ThreadPoolExecutor(1) as pool:
        yield lambda: pool.submit(labels).result()


def labels_of(known: tuple[Definition, ...]) -> list[str]:
    return [each.label for each in known]


def relabel(api: ApiClient, made: Any, label: str) -> None:
    """By somebody else: a request of this thread would be part of its transaction."""
    with ThreadPoolExecutor(1) as pool:
        changed = pool.submit(api.patch, f"/custom-fields/{made['id']}", {"label": label}, version="*")
    ok(changed.result())


def test_what_a_snapshot_reads_is_for_nobody_else(
    api: ApiClient, agency: AgencyUnderTest, tier: Any, elsewhere: Labels
) -> None:
    with inside(api, agency), snapshot():
        assert labels_of(definitions.now("leads.lead")) == ["Tier"]
        relabel(api, tier, "Level")
        assert labels_of(definitions.now("leads.lead")) == ["Tier"]
        assert elsewhere() == ["Level"]
    assert elsewhere() == ["Level"]


def test_what_is_not_committed_is_known_to_whoever_changes_it_alone(
    api: ApiClient, agency: AgencyUnderTest, tier: Any, elsewhere: Labels
) -> None:
    with inside(api, agency):
        with unit_of_work() as work:
            service.change(UUID(tier["id"]), CustomFieldPatch(label="Level"), version=None)
            assert labels_of(definitions.of("leads.lead")) == ["Level"]
            assert elsewhere() == ["Tier"]
            work.discard()
        assert labels_of(definitions.of("leads.lead")) == ["Tier"]
        with unit_of_work():
            service.change(UUID(tier["id"]), CustomFieldPatch(label="Level"), version=None)
        assert elsewhere() == ["Level"]


def test_what_changes_while_it_is_read_is_read_again(
    api: ApiClient, agency: AgencyUnderTest, tier: Any, elsewhere: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Overtaken:
        def rows(self, **values: Any) -> list[Definition]:
            found = read.rows(**values)
            monkeypatch.setattr(definitions, "_OF", read)
            relabel(api, tier, "Level")
            return found

    read = definitions._OF
    monkeypatch.setattr(definitions, "_OF", Overtaken())
    with inside(api, agency):
        assert labels_of(definitions.now("leads.lead")) == ["Tier"]
    assert elsewhere() == ["Level"]
