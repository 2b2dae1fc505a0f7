"""What loading refuses, and what it hands to the application."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import current_app
from pydantic import BaseModel, SecretStr

from core import config
from core.config import ConfigurationError
from core.jobs.job import job
from core.plugins import manager
from core.plugins.discovery import Candidate
from core.plugins.hookspecs import hookimpl, hookspec
from core.plugins.manager import Plugins
from core.plugins.spec import Permission, Plugin

Make = Callable[..., Plugin]
Load = Callable[..., Plugins]
Module = Callable[..., ModuleType]


def refusal(load: Load, *plugins: Plugin, **options: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(*plugins, **options)
    return caught.value.problems


class TestLoad:
    def test_core_modules_come_first_and_own_the_cores_tables(self, make: Make, load_these: Load) -> None:
        plugins = load_these(make("aaa"), core=[make("users")])
        assert list(plugins.plugins) == ["users", "aaa"]
        assert [plugins.owner_of(name) for name in plugins.plugins] == ["core", "aaa"]

    def test_every_problem_is_reported_at_once(self, make: Make, load_these: Load) -> None:
        problems = refusal(load_these, make(version="one"), make("leads", core=">=2"))
        assert problems == [
            "visas: version 'one' is not a version like 1.0.0 (PEP 440); correct it",
            "leads: it is made for core >=2, and this is core 1.0.0; install a version made for it",
        ]

    @pytest.mark.parametrize("line", ["nonsense", "99 7 * * *", "0 0 31 2 *"])
    def test_a_schedule_that_never_comes_is_refused(self, make: Make, load_these: Load, line: str) -> None:
        """It would stop the schedules of every plugin, and agencies from being made."""

        def tidy() -> None:
            """Tidy up."""

        tidy.__module__ = "plugins.visas.jobs"
        problems = refusal(load_these, make(jobs=(job(schedule=line)(tidy),)))
        assert problems == [
            f"visas: the job 'visas.tidy' has the schedule {line!r}, which is no cron line that comes to a date"
        ]

    def test_a_package_that_cannot_be_imported_is_one_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(manager, "CORE_MODULES", {"users": "core.no_such_module"})
        with pytest.raises(ConfigurationError, match=r"users .the core. cannot be imported: ModuleNotFoundError"):
            manager.load(config.load(plugins=","))

    def test_an_entry_point_that_names_a_module_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "lonely_module.py").write_text("plugin = None")
        monkeypatch.syspath_prepend(tmp_path)
        lonely = Candidate("lonely", "lonely_module", "plugin", "a test", built_in=False)
        monkeypatch.setattr(manager, "discover", lambda: ({"lonely": lonely}, []))
        with pytest.raises(ConfigurationError) as caught:
            manager.load(config.load(plugins="lonely"))
        assert caught.value.problems == [
            "lonely: its entry point names lonely_module, a module; name its package instead",
            "lonely: `plugin` is not a Plugin value; write `plugin = Plugin(...)` in its __init__.py",
        ]

    def test_permissions_are_one_registry(self, make: Make, load_these: Load) -> None:
        read = Permission("visas.read", "See visas.")
        assert load_these(make(permissions=(read,))).permissions == {"visas.read": read}

    def test_egress_is_listed(self, make: Make, load_these: Load) -> None:
        assert load_these(make(egress=("api.example.com",))).egress == {"visas": ("api.example.com",)}

    def test_a_subscription_to_an_event_its_present_owner_lacks_is_refused(self, make: Make, load_these: Load) -> None:
        listening = make(subscribers={"leads.nothing_such": (print,), "absent.whatever": (print,)})
        assert refusal(load_these, listening, make("leads")) == [
            "visas subscribes to 'leads.nothing_such', which leads does not declare; correct the name"
        ]


class Limits(BaseModel):
    hours: int = 4
    days: list[str] = []


class VisaSettings(BaseModel):
    country: str = "GR"
    api_key: SecretStr | None = None
    limits: Limits = Limits()


class TestSettings:
    def test_the_environment_overlays_dotenv_and_that_the_file(
        self, make: Make, load_these: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "tripfile.toml").write_text(
            '[plugin.visas]\ncountry = "FR"\nlimits = {hours = 1, days = ["mon"]}\n'
        )
        (tmp_path / ".env").write_text('VISAS__LIMITS__HOURS=2\nVISAS__LIMITS__DAYS=["tue"]\n')
        monkeypatch.setenv("VISAS__LIMITS__HOURS", "3")
        found: Any = load_these(make(settings=VisaSettings)).settings["visas"]
        assert (found.country, found.limits.hours, found.limits.days) == ("FR", 3, ["tue"])

    def test_wrong_and_unknown_keys_are_named_without_their_values(
        self, make: Make, load_these: Load, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("VISAS__LIMITS__HOURS", "s3cret")
        monkeypatch.setenv("VISAS__CONTRY", "s3cret")
        assert refusal(load_these, make(settings=VisaSettings)) == [
            "VISAS__CONTRY is not a setting of visas; these are: country, api_key, limits",
            "VISAS__LIMITS__HOURS: Input should be a valid integer, unable to parse string as an integer",
        ]

    def test_a_secret_is_never_printed(self, make: Make, load_these: Load, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VISAS__API_KEY", "s3cret")
        found: Any = load_these(make(settings=VisaSettings)).settings["visas"]
        assert found.api_key.get_secret_value() == "s3cret"
        assert "s3cret" not in repr(found)


@hookimpl
def socket_rooms(actor: object) -> list[str]:
    return [f"room of {actor}"]


@hookimpl
def visas_score(country: str) -> int:
    return len(country)


class TestHooks:
    def test_a_failing_implementation_fails_alone_and_is_counted(
        self, make: Make, load_these: Load, module: Module
    ) -> None:
        def broken(actor: object) -> list[str]:
            raise RuntimeError("no rooms today")

        broken.__name__ = "socket_rooms"
        plugins = load_these(make("aa", hooks=module(hookimpl(broken))), make("bb", hooks=module(socket_rooms)))
        before = failures("aa", "socket_rooms")
        assert plugins.hook.socket_rooms(actor="Ada") == [["room of Ada"]]
        assert failures("aa", "socket_rooms") == before + 1

    def test_a_module_may_import_what_answers_in_an_application_alone(
        self, make: Make, load_these: Load, module: Module
    ) -> None:
        @hookspec
        def aa_greeting(name: str) -> str:  # type: ignore[empty-body] # a specification has none
            """Called when somebody comes; returns what they are told."""

        @hookimpl
        def greet(name: str) -> str:
            return f"Hello {name}"

        greet.__name__ = "aa_greeting"
        specified, implemented = module(aa_greeting), module(greet)
        vars(specified)["current_app"] = vars(implemented)["current_app"] = current_app
        plugins = load_these(make("aa", hookspecs=specified, hooks=implemented))
        assert plugins.hook.aa_greeting(name="Ada") == ["Hello Ada"]

    def test_an_error_while_authorising_refuses(self, make: Make, load_these: Load, module: Module) -> None:
        @hookimpl
        def authorize(actor: object, permission: str, endpoint: str) -> str | None:
            raise RuntimeError

        plugins = load_these(make(hooks=module(authorize)))
        reasons = plugins.hook.authorize(actor=None, permission="visas.read", endpoint="visas.search")
        assert reasons == ["visas could not decide"]

    def test_an_error_while_asked_whether_something_is_in_use_keeps_it(
        self, make: Make, load_these: Load, module: Module
    ) -> None:
        @hookspec
        def aa_things_in_use(thing: str) -> str | None:
            """Whether a thing is needed; a reason keeps it."""
            return None

        def broken(thing: str) -> str | None:
            raise RuntimeError

        broken.__name__ = "aa_things_in_use"
        plugins = load_these(
            make("aa", hookspecs=module(aa_things_in_use)), make("bb", after=("aa",), hooks=module(hookimpl(broken)))
        )
        assert plugins.hook.aa_things_in_use(thing="a lamp") == ["bb could not decide"]

    def test_an_error_when_the_application_is_ready_stops_the_start(
        self, make: Make, load_these: Load, module: Module
    ) -> None:
        @hookimpl
        def app_ready(app: object) -> None:
            raise RuntimeError("not ready")

        plugins = load_these(make(hooks=module(app_ready)))
        with pytest.raises(RuntimeError, match="not ready"):
            plugins.hook.app_ready(app=None)

    def test_plugins_specify_hooks_of_their_own(self, make: Make, load_these: Load, module: Module) -> None:
        def visas_score(country: str) -> int:  # type: ignore[empty-body]
            """How hard a visa is to get."""

        specified = make(hookspecs=module(hookspec(visas_score)))
        plugins = load_these(specified, make("scorer", hooks=module(globals()["visas_score"])))
        assert plugins.hook.visas_score(country="FR") == [2]

    def test_a_hook_nobody_specifies_is_refused(self, make: Make, load_these: Load, module: Module) -> None:
        (problem,) = refusal(load_these, make("scorer", hooks=module(visas_score)))
        assert problem == (
            "scorer implements the hook 'visas_score', which nothing specifies: correct the name, or list the plugin"
            " that specifies it in `requires` or `after`"
        )

    def test_a_hook_of_an_absent_plugin_waits(self, make: Make, load_these: Load, module: Module) -> None:
        load_these(make("scorer", after=("visas",), hooks=module(visas_score)))

    def test_unspecified_arguments_are_refused(self, make: Make, load_these: Load, module: Module) -> None:
        @hookimpl
        def socket_rooms(actor: object, brand: object) -> list[str]:
            return []

        (problem,) = refusal(load_these, make(hooks=module(socket_rooms)))
        assert "visas implements a hook with other arguments than specified" in problem
        assert "brand" in problem


def failures(plugin: str, hook: str) -> float:
    from core.plugins.hooks import failures as counter

    value: float = counter.labels(plugin=plugin, hook=hook)._value.get()
    return value
