"""Declaring and enqueueing: `@job` makes a function durable, `enqueue` writes its row in the running unit of work."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Generic, ParamSpec, get_type_hints
from uuid import UUID

import msgspec
from flask import g, has_app_context
from msgspec import structs
from sqlalchemy.orm import Session

from core import clock, ids
from core.actor import current_actor
from core.db import closing
from core.db.tenancy import current_agency_id
from core.errors import Fault, Invalid
from core.events.event import owner_of_module
from core.extensions import db
from core.jobs.models import NewJob

P = ParamSpec("P")
DEFAULT_QUEUE = "default"


class RetryAfter(Exception):
    """Raise in a job to be tried again after so many seconds, as a provider asked; it counts as an attempt."""

    def __init__(self, seconds: float, reason: str = "") -> None:
        super().__init__(reason or f"Try again in {seconds:g} s")
        self.seconds = seconds


class Discard(Exception):
    """Raise in a job that can never succeed: it goes to the dead letters at once."""


class Cancelled(Exception):
    """Raised where a running job asks how it goes and somebody has cancelled it."""


class PlatformOnly(RuntimeError):
    """Somebody acting in an agency enqueues maintenance that spans agencies: a defect."""


class Job(Generic[P]):
    """A declared job. Plugins list theirs in `Plugin.jobs`; `name` is `<plugin>.<function>`."""

    def __init__(
        self,
        function: Callable[P, None],
        *,
        queue: str = DEFAULT_QUEUE,
        priority: int = 0,
        max_attempts: int = 8,
        schedule: str | None = None,
        platform: bool = False,
        given_up: Callable[..., None] | None = None,
    ) -> None:
        self.function = function
        self.name = f"{owner_of_module(function.__module__)}.{function.__name__}"
        self.summary = (inspect.getdoc(function) or "").partition("\n")[0]
        self.queue = queue
        self.priority = priority
        self.max_attempts = max_attempts
        self.schedule = schedule
        """A cron line, read in each agency's zone (in UTC for `platform`); the job then takes no arguments."""
        self.platform = platform
        """Whether it acts in no agency: maintenance that spans them."""
        self.given_up = given_up
        """Called as the job goes to the dead letters, with what it last raised and its arguments."""
        self._arguments: type[msgspec.Struct] | None = None
        self._signature = inspect.signature(function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Do the work here and now, without a ledger."""
        self.function(*args, **kwargs)

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> UUID:
        """Do it in the acting agency once the running unit of work has committed.

        Raises Invalid for arguments of the wrong type, NoAgency where maintenance does not say whom it acts for.
        """
        return self.later().enqueue(*args, **kwargs)

    def enqueue_apart(self, session: Session, **arguments: Any) -> UUID:
        """Do maintenance that spans agencies once a unit of work of `apart()` has committed. Raises Invalid."""
        entry = entry_of(self, self.payload((), arguments))
        closing.of(session).enqueue(entry, agency_id=None)
        return entry.id

    def enqueue_many(self, arguments: Iterable[Mapping[str, Any]]) -> list[UUID]:
        """One job for each mapping of arguments, all in one statement."""
        return self.later().enqueue_many(arguments)

    def later(
        self,
        *,
        at: datetime | None = None,
        delay: timedelta = timedelta(0),
        unique: str | None = None,
        priority: int | None = None,
    ) -> Enqueueing[P]:
        """The same with options. `unique`: while a job of this name and key waits or runs, another is not added.

        So where one that runs may have read too early, let the key say what for (as a version). A job may enqueue its
        own successor under its own key: that is added as it ends.
        `priority`: lower goes first; 0 is normal.
        """
        return Enqueueing(self, at=at, delay=delay, unique=unique, priority=priority)

    @property
    def arguments(self) -> type[msgspec.Struct]:
        """The Struct of its arguments, made from the function's annotations."""
        if self._arguments is None:
            hints = get_type_hints(self.function)
            parameters = self._signature.parameters.values()
            self._arguments = msgspec.defstruct(
                f"{self.function.__name__}_arguments",
                [_field(parameter, hints[parameter.name]) for parameter in parameters],
                kw_only=True,
                forbid_unknown_fields=True,
            )
        return self._arguments

    def payload(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as JSON values. Raises Invalid where one has the wrong type, TypeError where one is missing."""
        # By name only, as thousands come at a time, they need no matching; the check below finds what is missing.
        named = kwargs if not args else self._signature.bind(*args, **kwargs).arguments
        plain: dict[str, Any] = msgspec.to_builtins(dict(named))
        try:
            msgspec.convert(plain, self.arguments)
        except msgspec.ValidationError as error:
            self._signature.bind(*args, **kwargs)
            raise Invalid(f"{self.name}: {error}", errors=[Fault("", "type", str(error))]) from error
        return plain

    def run(self, payload: Mapping[str, Any]) -> None:
        """Call the function with arguments from a row. Raises Discard where they no longer fit it."""
        self.function(**self._named(payload))  # type: ignore[call-arg] # whatever the function takes

    def give_up(self, payload: Mapping[str, Any], error: BaseException | None) -> None:
        """Tell whoever wants to know that this was its last attempt. Raises Discard where the arguments do not fit."""
        if self.given_up is not None:
            self.given_up(error, **self._named(payload))

    def _named(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        try:
            arguments = msgspec.convert(payload, self.arguments)
        except msgspec.ValidationError as error:
            raise Discard(f"The arguments do not fit {self.name}: {error}") from error
        return {name: getattr(arguments, name) for name in arguments.__struct_fields__}


class Enqueueing(Generic[P]):
    """A job with options, about to be enqueued."""

    def __init__(
        self, job: Job[P], *, at: datetime | None, delay: timedelta, unique: str | None, priority: int | None
    ) -> None:
        self._job = job
        self._at = at
        self._delay = delay
        self._unique = unique
        self._priority = job.priority if priority is None else priority

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> UUID:
        """See Job.enqueue; the id is the job's even where `unique` kept it from being added."""
        return self._write([self._job.payload(args, kwargs)])[0]

    def enqueue_many(self, arguments: Iterable[Mapping[str, Any]]) -> list[UUID]:
        """See Job.enqueue_many."""
        return self._write([self._job.payload((), each) for each in arguments])

    def _write(self, payloads: list[dict[str, Any]]) -> list[UUID]:
        if self._job.platform:
            # The application's role writes rows of its agency only.
            raise PlatformOnly(f"{self._job.name} spans agencies: it runs by its schedule, or is enqueued apart")
        agency_id = current_agency_id()
        first = entry_of(self._job, {}, at=self._at, delay=self._delay, unique=self._unique)
        first.priority = self._priority
        entries = [structs.replace(first, id=ids.new(), payload=payload) for payload in payloads]
        closing.of(db.session()).enqueue(*entries, agency_id=agency_id)
        return [entry.id for entry in entries]


def entry_of(
    job: Job[Any],
    payload: dict[str, Any],
    *,
    at: datetime | None = None,
    delay: timedelta = timedelta(0),
    unique: str | None = None,
) -> NewJob:
    """The ledger's row for a job of the acting agency and user; nothing is written."""
    actor = current_actor()
    now = clock.now()
    run_at = (at or now) + delay
    return NewJob(
        id=ids.new(),
        agency_id=None if job.platform else actor.agency_id,
        user_id=actor.user_id,
        queue=job.queue,
        name=job.name,
        payload=payload,
        priority=job.priority,
        run_at=run_at,
        due=run_at <= now,
        max_attempts=job.max_attempts,
        unique_key=unique,
        request_id=g.get("request_id") if has_app_context() else None,
        created_at=now,
    )


def job(
    *,
    queue: str = DEFAULT_QUEUE,
    priority: int = 0,
    max_attempts: int = 8,
    schedule: str | None = None,
    platform: bool = False,
    given_up: Callable[..., None] | None = None,
) -> Callable[[Callable[P, None]], Job[P]]:
    """Make a function a durable job. It runs at least once, and its effects in the database happen exactly once.

    Effects elsewhere carry `current_run().idempotency_key`, which is the same at every repeat.
    `queue`: workers serve queues with a concurrency of their own. `schedule`: a cron line in the agency's zone.
    `given_up`: called once after the last attempt, with the error (None where the worker fell silent) and the job's
    arguments, in the agency and in the unit of work that puts the job with the dead letters.
    """

    def declare(function: Callable[P, None]) -> Job[P]:
        return Job(
            function,
            queue=queue,
            priority=priority,
            max_attempts=max_attempts,
            schedule=schedule,
            platform=platform,
            given_up=given_up,
        )

    return declare


def _field(parameter: inspect.Parameter, kind: Any) -> tuple[str, Any] | tuple[str, Any, Any]:
    if parameter.default is inspect.Parameter.empty:
        return parameter.name, kind
    return parameter.name, kind, parameter.default
