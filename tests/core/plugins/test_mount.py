"""Where blueprints are mounted, and which routes are refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import Struct

from core import config
from core.config import ConfigurationError
from core.http.application import Application
from core.http.blueprint import Blueprint
from core.plugins.manager import Plugins
from core.plugins.mount import Route, mount
from core.plugins.spec import Permission, Plugin

Make = Callable[..., Plugin]
Load = Callable[..., Plugins]
READ = Permission("river_cruises.read", "See river cruises.")


class Answer(Struct):
    word: str


def blueprint(name: str, **options: object) -> Blueprint:
    made = Blueprint(name)

    @made.get("/", **options)  # type: ignore[arg-type]
    @made.response(200, Answer)
    def show() -> Answer:
        """Answer."""
        return Answer("yes")

    return made


def mounted(plugins: Plugins, **settings: object) -> Application:
    app = Application(config.load(jwt_secret="x" * 32, **settings))
    mount(app, app.api, plugins)
    return app


def refusal(plugins: Plugins, **settings: object) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        mounted(plugins, **settings)
    return caught.value.problems


class TestMount:
    def test_each_kind_of_blueprint_has_its_place(self, make: Make, load_these: Load) -> None:
        plugin = make(
            "river_cruises",
            permissions=(READ,),
            blueprints=(blueprint("river_cruises", permission=READ),),
            public_blueprints=(blueprint("river_cruises_forms", public=True),),
            pages=(blueprint("river_cruises_pages", permission=READ),),
        )
        app = mounted(load_these(plugin), api_prefix="/api/v7")
        rules = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}
        assert rules["river_cruises.show"] == "/api/v7/river-cruises"
        assert rules["river_cruises_forms.show"] == "/p/river-cruises"
        assert rules["river_cruises_pages.show"] == "/app/river-cruises"
        routes = app.extensions["tripfile.routes"]
        assert routes["river_cruises.show"] == Route(
            "river_cruises", "river_cruises.read", public=False, module="river_cruises"
        )
        assert routes["river_cruises_forms.show"] == Route("river_cruises", None, public=True, module="river_cruises")

    def test_a_route_nobody_guards_stops_the_start(self, make: Make, load_these: Load) -> None:
        (problem,) = refusal(load_these(make(blueprints=(blueprint("visas"),))))
        assert problem == (
            "visas: GET of the endpoint visas.show declares no permission; add `permission=`, or `public=True` for all"
            " the world"
        )

    def test_a_permission_nobody_declares_stops_the_start(self, make: Make, load_these: Load) -> None:
        plugins = load_these(make(blueprints=(blueprint("visas", permission="visas.raed"),)))
        assert refusal(plugins) == [
            "visas: GET of the endpoint visas.show asks for 'visas.raed', which no plugin declares; declare it"
        ]

    def test_serve_mounts_the_named_plugins_and_the_core(self, make: Make, load_these: Load) -> None:
        every = [make(name, blueprints=(blueprint(name, public=True),)) for name in ("leads", "trips", "users")]
        app = mounted(load_these(*every[:2], core=every[2:]), serve="trips")
        assert set(app.extensions["tripfile.routes"]) == {"trips.show", "users.show"}

    def test_serve_with_an_unknown_name_is_refused(self, make: Make, load_these: Load) -> None:
        assert refusal(load_these(make("leads")), serve="laeds") == [
            "SERVE names 'laeds', which is not an enabled plugin; enabled are leads"
        ]
