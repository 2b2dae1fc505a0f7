from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from core.events import catalogue, commands
from core.events.event import declared
from core.http.application import Application
from core.testing.clients import ApiClient, ok

PAGE = Path(__file__).parents[3] / "docs" / "events.md"


class TestCatalogue:
    def test_it_lists_what_is_declared_with_payload_and_permission(self, api: ApiClient) -> None:
        items = {item["name"]: item for item in ok(api.get("/events/catalogue"))["items"]}
        assigned = items["leads.lead_assigned"]
        assert assigned["summary"] == "A lead got another owner or team."
        assert (assigned["subject"], assigned["permission"], assigned["version"]) == ("leads.lead", "leads.read", 2)
        (payload,) = assigned["schema"]["$defs"].values()
        assert payload["properties"]["lead_id"] == {"type": "string", "format": "uuid"}
        assert items["auth.session_opened"]["permission"] == "audit.read"
        assert list(items) == sorted(items)

    def test_it_holds_no_event_of_a_plugin_that_is_not_loaded(self, app: Application, api: ApiClient) -> None:
        loaded = app.extensions["tripfile.plugins"].plugins
        names = {item["name"] for item in ok(api.get("/events/catalogue"))["items"]}
        assert names == {name for name in declared() if name.split(".")[0] in loaded}

    def test_every_event_says_what_happened(self, app: Application) -> None:
        silent = [each.name for each in catalogue.entries(app.extensions["tripfile.plugins"]) if not each.summary]
        assert not silent

    def test_it_is_listed_by_a_command(self, app: Application) -> None:
        with app.app_context():
            result = CliRunner().invoke(commands.events, ["catalogue"])
        assert "leads.lead_won (version 1, for leads.read): The client said yes." in result.output


class TestPage:
    def test_it_is_what_the_command_makes(self, app: Application) -> None:
        with app.app_context():
            result = CliRunner().invoke(commands.events, ["catalogue", "--markdown"])
        if app.settings.plugins != "built-in":
            pytest.skip("The page tells of all built-in plugins, and this run has others")
        assert PAGE.read_text() == result.output, "run: tripfile events catalogue --markdown > docs/events.md"

    def test_fields_are_told_in_words(self, app: Application) -> None:
        page = catalogue.markdown(app.extensions["tripfile.plugins"])
        assert "| `lead_id` | uuid |" in page
        assert "| `owner_id` | uuid or null |" in page
        assert "| `fields` | list of string |" in page
