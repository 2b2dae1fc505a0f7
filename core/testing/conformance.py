"""The whole conformance test of a plugin: `class TestConformance(PluginConformance): name = "visas"`."""

from __future__ import annotations

from typing import ClassVar

import pytest

from core.db.ownership import owners
from core.http.application import Application
from core.http.asyncapi import Asyncapi
from core.plugins import rules
from core.testing import custom_fields, disclosure, documentation, routes, schema, shape, source, subject
from core.testing.databases import Server
from core.testing.subject import Subject

PLUGIN_RULES = ("no-commit", "no-bypass", "no-environment", "no-clock", "plain-names", "few-doors", "purpose", "modern")


def broken_rules(plugin: Subject) -> list[str]:
    """Everything that can be seen without a database, one sentence each."""
    value = rules.problems(plugin.plugin, name=plugin.name, owner=plugin.name)
    if value:
        return value
    return [
        *subject.load_problems(plugin),
        *shape.layout(plugin),
        *shape.imports(plugin),
        *shape.egress(plugin),
        *source_rules(plugin),
        *routes.problems(plugin),
        *documentation.undocumented(plugin),
        *disclosure.problems(plugin.name, plugin.plugin),
        *custom_fields.problems(plugin),
    ]


def source_rules(plugin: Subject) -> list[str]:
    """Where the code breaks the rules for plugins."""
    found = []
    for file in plugin.sources:
        inside_migrations = "migrations" in file.path.relative_to(plugin.folder).parts
        wanted = [rule for rule in PLUGIN_RULES if not (inside_migrations and rule == "no-bypass")]
        found += [line for rule in wanted for line in source.broken(file, rule)]
        found += source.skips_without_reason(file)
    return found


def sentences(problems: list[str]) -> str:
    """What a failing test prints."""
    return "\n" + "\n".join(problems)


class PluginConformance:
    """Subclass it with the name of an installed plugin."""

    name: ClassVar[str]

    @pytest.fixture
    def plugin(self) -> Subject:
        """The plugin under test."""
        return subject.installed(self.name)

    def test_its_value_follows_the_rules(self, plugin: Subject) -> None:
        problems = rules.problems(plugin.plugin, name=plugin.name, owner=plugin.name)
        assert not problems, sentences(problems)

    def test_it_loads_with_its_neighbours(self, plugin: Subject) -> None:
        problems = subject.load_problems(plugin)
        assert not problems, sentences(problems)

    def test_it_has_the_files_of_a_plugin(self, plugin: Subject) -> None:
        problems = shape.layout(plugin)
        assert not problems, sentences(problems)

    def test_imports_point_downwards_and_through_the_sdk(self, plugin: Subject) -> None:
        problems = shape.imports(plugin)
        assert not problems, sentences(problems)

    def test_it_says_which_hosts_it_talks_to(self, plugin: Subject) -> None:
        problems = shape.egress(plugin)
        assert not problems, sentences(problems)

    def test_its_code_follows_the_rules(self, plugin: Subject) -> None:
        problems = source_rules(plugin)
        assert not problems, sentences(problems)

    def test_every_route_is_guarded_and_described(self, plugin: Subject) -> None:
        problems = routes.problems(plugin)
        assert not problems, sentences(problems)

    def test_the_api_can_be_described_with_it(self, app: Application) -> None:
        assert app.api.document()["paths"]

    def test_what_it_tells_live_can_be_described_with_it(self, app: Application) -> None:
        assert Asyncapi(app).document()["channels"]

    def test_everything_it_offers_is_documented(self, plugin: Subject) -> None:
        problems = documentation.undocumented(plugin)
        assert not problems, sentences(problems)

    def test_it_says_what_it_knows_about_people(self, plugin: Subject) -> None:
        problems = disclosure.problems(plugin.name, plugin.plugin)
        assert not problems, sentences(problems)

    def test_its_custom_fields_are_written_shown_and_found(self, plugin: Subject) -> None:
        problems = custom_fields.problems(plugin)
        assert not problems, sentences(problems)

    def test_migrations_are_numbered(self, plugin: Subject) -> None:
        mine = [owner for owner in owners(plugin.plugins) if owner.name == self.name]
        problems = [line for owner in mine for line in schema.unnumbered(owner)]
        assert not problems, sentences(problems)

    def test_migrations_go_up_and_down_and_keep_agencies_apart(self, plugin: Subject, database_server: Server) -> None:
        with schema.scratch(database_server) as settings:
            problems = schema.problems(plugin.plugins, self.name, settings)
        assert not problems, sentences(problems)
