"""What other plugins say of leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.extensions import db
from core.http.application import Application
from core.plugins import hooks
from core.plugins.hookspecs import hookimpl
from core.plugins.manager import installed
from core.plugins.spec import Plugin
from core.testing.clients import ApiClient, ok
from plugins.leads import api as leads_api
from plugins.leads import jobs
from plugins.leads.schemas.scored import Contribution
from tests.plugins.leads.scorer import USUAL, Scorer, labels, rule, score

Enquire = Callable[..., dict[str, Any]]


class TestPlugins:
    """What others say of leads."""

    @pytest.fixture
    def say(self, app: Application) -> Iterator[Callable[[Callable[..., Any]], None]]:
        """Has a plugin answer."""
        with app.app_context():
            relay = installed().relay

        def register(answer: Callable[..., Any]) -> None:
            @hookimpl
            def leads_score(lead_ids: tuple[UUID, ...]) -> Any:
                return answer(lead_ids)

            module = ModuleType("quotes_hooks")
            vars(module)["leads_score"] = leads_score
            plugin = Plugin(name="quotes", version="1.0.0", core=">=1.0", summary="Quotes.", hooks=module)
            assert hooks.register(relay, plugin, switchable=False, known=frozenset()) == []

        yield register
        relay.unregister(name="quotes")

    def test_what_they_know_counts_and_what_an_ai_supposes_is_shown(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None, say: Any
    ) -> None:
        said = [Contribution("quotes.opened", 20, "Has opened the quote."), Contribution("ai.tone", 25, "Eager.", "ai")]
        say(lambda lead_ids: dict.fromkeys(lead_ids, said))
        rule(api, "All", 30)
        lead = enquire()
        scorer.follow()
        shown = score(api, lead)
        assert (shown["score"], labels(api, lead)) == (50, {"All": 30})
        assert [(each["name"], each["kind"], each["points"], each["counted"]) for each in shown["suggestions"]] == [
            ("quotes.opened", "plugin", 20, True),
            ("ai.tone", "ai", 25, False),
        ]
        ok(api.call("PUT", "/leads/scoring", json=USUAL | {"count_plugins": False, "count_ai": True}))
        scorer.rescore()
        assert (score(api, lead)["score"], score(api, lead)["points"]) == (55, 55)

    @pytest.mark.parametrize(
        "answer",
        [
            lambda lead_ids: 1 / 0,
            lambda lead_ids: db.session.execute(text("SELECT nothing FROM nowhere")),
            lambda lead_ids: {"nobody": []},
            lambda lead_ids: [object()],
            lambda lead_ids: {key: [Contribution("quotes.much", 26, "Too much.")] for key in lead_ids},
            lambda lead_ids: {key: [Contribution("Loud", 1, "No name.")] for key in lead_ids},
            lambda lead_ids: None,
        ],
    )
    def test_one_that_fails_has_said_nothing(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None, say: Any, answer: Any
    ) -> None:
        say(answer)
        rule(api, "All", 30)
        lead = enquire()
        scorer.follow()
        shown = score(api, lead)
        assert (shown["score"], shown["suggestions"]) == (30, [])

    def test_one_that_knows_more_later_has_leads_scored_again(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None, say: Any
    ) -> None:
        known: list[Contribution] = []
        say(lambda lead_ids: dict.fromkeys(lead_ids, known))
        lead = enquire()
        scorer.follow()
        known.append(Contribution("quotes.opened", 20, "Has opened the quote."))
        with scorer.work():
            leads_api.rescore([UUID(lead["id"])])
        assert scorer.run(jobs.score_some.name) == 1
        assert score(api, lead)["score"] == 20
