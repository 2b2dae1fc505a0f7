"""The conformance kit names what is wrong with each of a set of broken plugins, and passes the good ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.db.base import Model
from core.plugins import manager, rules
from core.plugins.discovery import Candidate, discover
from core.testing import conformance, schema, subject
from core.testing.databases import Server
from core.testing.subject import Subject

BROKEN = Path(__file__).parent / "broken"
SENTENCES = {
    "wrong_name": "it calls itself 'right_name'; name the plugin like its folder or entry point, 'wrong_name'",
    "future_core": "it is made for core >=9, and this is core 1.0.0; install a version made for it",
    "loose_permission": "the permission 'notes.read' must start with 'loose_permission.'; rename it",
    "loose_table": "the table 'notes_without_owner' must start with 'loose_table_'; rename it",
    "shared_table": "the table 'shared_table_note' has no agency_id; derive its model from Owned",
    "open_route": "GET /api/v1/open-route declares no permission; add `permission=`",
    "silent_route": "GET /api/v1/silent-route has no summary; give its function a docstring",
    "back_door": "core.db.session is the core's inside; import it from core.sdk",
    "upside_down": "repository may not import service, which stands above it; imports point downwards",
    "stray_file": "notes.py is not a file of a plugin; put its content where it belongs",
    "uninvited": "it imports the api of contacts without requiring it; add 'contacts' to `requires`",
    "trespasser": "plugins.contacts.service.contacts.create is inside contacts; import only plugins.contacts.api",
    "open_secret": "the setting 'api_key' looks like a secret; make it a SecretStr, so that it is never printed",
    "raw_sql": "text() bypasses the agency filter; build the statement from models",
    "early_commit": "the edge commits, nothing else; leave commit() out",
    "deaf": "deaf subscribes to 'contacts.contact_exploded', which contacts does not declare; correct the name",
    "wrong_hook": "wrong_hook implements the hook 'app_reddy', which nothing specifies: correct the name",
    "unexplained": "the setting UNEXPLAINED__DEPTH is not explained; give its Field a description",
    "untold": "the emit `read` is not in README.md; describe it there",
    "bad_host": "egress 'https://api.example.com/v1' is not a host name like 'api.example.com'",
    "chatty": "talks to the network itself; list the host in `egress` and send with outbound.SafeClient of core.sdk",
    "mute": "mute: the column mute_guest.surname does not say what it holds; annotate it as Code, Number or Day",
    "lasting": "lasting_guest.born is personal and can never be empty, so nobody can be erased from it",
    "half_open": "custom fields are declared for 'half_open.note'; give that `subject` to the repository of these rows",
    "circular": "it requires itself; remove that line",
}
SCHEMA_SENTENCES = {
    "unprotected": "unprotected_note has no forced row-level security: call protect('unprotected_note')",
    "one_way": "one_way: its downgrade leaves the table one_way_note; drop it",
    "drifting": "models and migrations differ: drifting: add column drifting_note body",
}


@pytest.fixture
def sample(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subject]:
    """A broken plugin, as if it were installed."""
    name: str = request.param
    monkeypatch.syspath_prepend(BROKEN)
    present = {**discover()[0], name: Candidate(name, name, "plugin", "a broken sample", built_in=False)}
    monkeypatch.setattr(manager, "discover", lambda: (present, []))
    found = subject.imported(name, present[name], present)
    yield found
    # Tests of every table must not meet the samples'.
    for table in rules.tables(found.plugin):
        Model.metadata.remove(table)
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


class TestBrokenPlugins:
    @pytest.mark.parametrize(("sample", "sentence"), SENTENCES.items(), indirect=["sample"], ids=SENTENCES)
    def test_each_is_told_what_is_wrong(self, sample: Subject, sentence: str) -> None:
        problems = conformance.broken_rules(sample)
        assert any(sentence in problem for problem in problems), conformance.sentences(problems)

    @pytest.mark.parametrize(
        ("sample", "sentence"), SCHEMA_SENTENCES.items(), indirect=["sample"], ids=SCHEMA_SENTENCES
    )
    def test_wrong_migrations_are_found_on_a_real_database(
        self, sample: Subject, sentence: str, database_server: Server
    ) -> None:
        with schema.scratch(database_server) as settings:
            problems = schema.problems(sample.plugins, sample.name, settings)
        assert any(sentence in problem for problem in problems), conformance.sentences(problems)

    def test_every_sample_is_tried(self) -> None:
        folders = {folder.name for folder in BROKEN.iterdir() if (folder / "__init__.py").is_file()}
        assert folders == SENTENCES.keys() | SCHEMA_SENTENCES.keys()
