"""The `tripfile` command. What a subcommand needs is imported when it runs, so that help is instant."""

from __future__ import annotations

import copy
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from core.config import Settings

ELSEWHERE = {
    "admin": ("core.users.commands:admin", "Make administrators and reset their passwords."),
    "allow-list": ("core.allow_lists.commands:allow_list", "Let people in whom their agency's allow-lists lock out."),
    "jobs": ("core.jobs.commands:jobs", "See, repeat, discard and cancel background work."),
    "audit": ("core.audit.commands:audit", "The audit log: prove that nobody touched it."),
    "config": ("core.inspection:config", "The settings in use, without what is secret in them."),
    "db": ("core.db.cli:db", "Migrations, checks and roles of the database."),
    "events": ("core.events.commands:events", "The event log: its followers, and its catalogue."),
    "privacy": ("core.privacy.commands:privacy", "People who were erased, and keeping them so."),
    "vault": ("core.vault.commands:vault", "What is encrypted, and the keys it is encrypted with."),
    "keys": ("core.keyring.commands:keys", "The keys that sign tokens and encrypt: list, rotate and drop them."),
    "plugins": ("core.plugins.cli:plugins", "Make, list, show, check and remove plugins."),
}
OF_CORE_MODULES = {
    "agencies": "Found agencies, list, suspend and resume them.",
    "demo": "Made-up agencies with people and leads, to try things out with.",
    "oidc": "Vouch for the domains of agencies.",
    "quotas": "What agencies may do in a day: show, set and reset it.",
}
"""Groups that core modules bring as plugins do: commands without a group of their own."""
IN_THE_APPLICATION = {"admin", "allow-list", "audit", "events", "keys", "privacy", "vault"}
"""Groups whose commands need an application and a unit of work around them; the others arrange what they need."""


class Tripfile(click.Group):
    """The commands here, the groups of other modules, and one group per core module or plugin that brings commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *ELSEWHERE, *OF_CORE_MODULES])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if found := super().get_command(ctx, cmd_name):
            return found
        if cmd_name in OF_CORE_MODULES:
            return _told_whole(_core_group(cmd_name))
        if cmd_name not in ELSEWHERE:
            return _told_whole(_plugin_group(cmd_name))
        module, attribute = ELSEWHERE[cmd_name][0].split(":")
        group: click.Command = getattr(import_module(module), attribute)
        return _told_whole(_in_the_application(group) if cmd_name in IN_THE_APPLICATION else group)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, command.get_short_help_str(100)) for name, command in self.commands.items()]
        rows += [(name, summary) for name, (_, summary) in ELSEWHERE.items()] + [*OF_CORE_MODULES.items()]
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows))


@click.group(cls=Tripfile, epilog="Plugins may bring commands of their own: tripfile PLUGIN --help.")
@click.version_option(package_name="tripfile")
def tripfile() -> None:
    """Run and look after Tripfile."""


@tripfile.command()
def run() -> None:
    """Run everything on this machine: PostgreSQL, the API, the sockets and a worker."""
    from core.config import load
    from core.supervisor import Supervisor

    Supervisor(load()).run()


@tripfile.command()
def api() -> None:
    """Serve the REST API in production (granian, WEB_PROCESSES workers)."""
    from core.checks import installation_problems

    settings = _sound_settings(installation_problems("granian"))
    _become([sys.executable, "-m", "core.serving"], **_shared_measurements(settings))


@tripfile.command()
def gateway() -> None:
    """Serve the sockets in production (gunicorn with gevent)."""
    from core.checks import installation_problems
    from core.supervisor import web_command

    settings = _sound_settings(installation_problems("gunicorn", "gevent"))
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    _become(web_command(f"{host}:{settings.port}"))


@tripfile.command()
def worker() -> None:
    """Run background work in production: jobs, subscribers and schedules."""
    from core.supervisor import worker_command

    _sound_settings([], listens=False)
    _become(worker_command())


@tripfile.command()
def check() -> None:
    """Name every wrong or missing key, and services that do not answer."""
    from core import checks
    from core.config import load

    settings = load()
    found = checks.examine(settings)
    if not found.problems:
        found.problems.extend(checks.schema_problems(settings))
    for warning in found.warnings:
        click.echo(f"Warning: {warning}", err=True)
    for problem in found.problems:
        click.echo(problem, err=True)
    if found.problems:
        sys.exit(1)
    click.echo("All is well" if not found.warnings else "Nothing that prevents a start")


@tripfile.command()
def alive() -> None:
    """Exit with 0 when the server on this machine answers; for health checks of containers."""
    from core.checks import answers
    from core.config import load

    sys.exit(0 if answers(load()) else 1)


def main() -> None:
    """The entry point: what an operator can put right ends as sentences, never as a traceback."""
    from core.config import ConfigurationError

    try:
        tripfile(prog_name="tripfile")
    except ConfigurationError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        sys.exit(2)


def _sound_settings(missing: list[str], *, listens: bool = True) -> Settings:
    from core import checks
    from core.config import ConfigurationError, load

    settings = load()
    if settings.database_url is None:
        missing.append("DATABASE_URL is missing: only `tripfile run` brings a database of its own")
    if settings.jwt_secret is None:
        missing.append("JWT_SECRET is missing: set it to at least 32 random characters")
    told = {problem.split()[0] for problem in missing}
    problems = [*missing, *(problem for problem in settings.problems() if problem.split()[0] not in told)]
    if problems:
        raise ConfigurationError(problems)
    for warning in checks.require(settings):
        click.echo(f"Warning: {warning}", err=True)
    if lacking := checks.schema_problems(settings):
        raise ConfigurationError(lacking)
    if listens:
        checks.listen(settings.host, settings.port).close()
    return settings


def _shared_measurements(settings: Settings) -> dict[str, str]:
    """Where several workers share their measurements, so that `/metrics` tells the sum whoever answers."""
    from core.config import METRICS_FOLDER, plugin_environment

    if settings.web_processes == 1 or not settings.metrics or plugin_environment().get(METRICS_FOLDER):
        return {}
    # A new one for each start: what an earlier one counted would be added. The system clears its temporary folder.
    return {METRICS_FOLDER: tempfile.mkdtemp(prefix="tripfile-metrics-")}


def _become(command: list[str], **environment: str) -> None:
    from core.config import plugin_environment

    sys.stdout.flush()
    # The server gets our process, and with it every signal; the command line is our own.
    os.execve(command[0], command, {**plugin_environment(), **environment})  # noqa: S606


def _core_group(name: str) -> click.Group:
    from core.plugins.manager import CORE_MODULES

    group = click.Group(name, help=OF_CORE_MODULES[name])
    for command in import_module(CORE_MODULES[name]).plugin.commands:
        group.add_command(_in_the_application(command))
    return group


def _plugin_group(name: str) -> click.Command | None:
    from core.config import load
    from core.plugins import manager

    loaded = manager.load(load())
    plugin = loaded.plugins.get(name.replace("-", "_"))
    if plugin is None or not plugin.commands:
        return None
    for_agency = plugin.name in loaded.optional
    group = click.Group(name, help=plugin.summary)
    for command in plugin.commands:
        group.add_command(_in_an_agency(command) if for_agency else _in_the_application(command))
    return group


def _told_whole(command: click.Command | None) -> click.Command | None:
    """The same, where a list of the group's commands shall not cut what each of them says."""
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        # What a command says is one sentence or two; click shows as much as fits beside its name.
        each.short_help = each.short_help or (each.help or "").partition("\n\n")[0]
    return command


def _in_the_application(command: click.Command) -> click.Command:
    """The command (or every command of the group) inside an application and a unit of work."""
    if isinstance(command, click.Group):
        group = copy.copy(command)
        group.commands = {name: _in_the_application(each) for name, each in command.commands.items()}
        return group
    return _wrapped(command, params=[])


def _in_an_agency(command: click.Command) -> click.Command:
    """The command as the system acting in the agency that `--agency` names."""
    return _wrapped(command, params=[click.Option(["--agency"], required=True, help="Slug of the agency.")])


def _wrapped(command: click.Command, *, params: list[click.Parameter]) -> click.Command:
    inner = command.callback
    assert inner is not None

    def callback(*args: Any, **values: Any) -> Any:
        slug = values.pop("agency") if params else None
        with _entered(slug):
            return inner(*args, **values)

    outer = copy.copy(command)
    outer.params = [*command.params, *params]
    outer.callback = callback
    return outer


@contextmanager
def _entered(slug: str | None) -> Iterator[None]:
    from core.actor import system
    from core.app import create_app
    from core.config import load
    from core.db.attachment import attach
    from core.db.cli import sentences
    from core.db.session import dispose, unit_of_work
    from core.db.tenancy import acting_as
    from core.errors import Problem
    from core.users.first_start import agency_id_of

    try:
        with (
            sentences(),
            attach(load(), existing=True) as settings,
            create_app(settings).app_context(),
            ExitStack() as stack,
        ):
            # Before an embedded database goes: whatever listens to it would complain.
            stack.callback(dispose)
            stack.enter_context(unit_of_work())
            if slug is not None:
                stack.enter_context(acting_as(system(agency_id_of(slug))))
            yield
    except Problem as problem:
        lines = [str(problem), *(f"  {fault.pointer.strip('/')}: {fault.message}" for fault in problem.errors)]
        raise click.ClickException("\n".join(lines)) from problem
