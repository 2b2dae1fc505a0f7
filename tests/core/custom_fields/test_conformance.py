"""What a plugin is told that lets agencies add fields and forgets one of the places where they appear."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.testing import custom_fields, subject


@pytest.mark.parametrize("name", ["leads", "contacts"])
def test_those_who_have_them_show_how(name: str) -> None:
    assert custom_fields.problems(subject.installed(name)) == []


def test_every_place_that_is_missing_is_named() -> None:
    leads = subject.installed("leads")
    without = replace(leads, plugin=replace(leads.plugin, blueprints=()))
    assert [line.partition(";")[0] for line in custom_fields.problems(without)] == [
        "leads: no list filters by the custom fields of 'leads.lead'",
        "leads: no Draft takes the custom fields of 'leads.lead'",
        "leads: no Patch takes the custom fields of 'leads.lead'",
        "leads: no View shows the custom fields of 'leads.lead'",
    ]


def test_a_list_with_fields_that_nobody_declares_is_named() -> None:
    leads = subject.installed("leads")
    silent = replace(leads, plugin=replace(leads.plugin, custom_fields=()))
    assert custom_fields.problems(silent) == [
        "leads: a list filters by custom fields of 'leads.lead'; add them to `Plugin.custom_fields`"
    ]
