"""Working hours on the wire."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.fields import Country, Instant, Zone
from core.http.structs import Draft, Patch, View

ClockTime = Annotated[
    str,
    Meta(
        pattern="^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
        description="Wall-clock time; 24:00 is the midnight that ends the day.",
        examples=["09:00"],
    ),
]
ClosingTime = Annotated[
    str,
    Meta(
        pattern="^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
        description="Wall-clock time, after the opening; 24:00 is the midnight that ends the day.",
        examples=["18:00"],
    ),
]
Label = Annotated[str, Meta(max_length=100, description="What the day is.", examples=["Stocktaking"])]
Subdivision = Annotated[
    str,
    Meta(
        pattern="^[A-Z0-9]{1,6}$", description="Part of the country, ISO 3166-2 without the country.", examples=["20"]
    ),
]


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Open from one time of the day to a later one."""

    opens: ClockTime
    closes: ClosingTime


DayHours = Annotated[
    list[Hours],
    Meta(max_length=12, description="None where it is closed.", examples=[[{"opens": "09:00", "closes": "18:00"}]]),
]


class Week(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hours of each weekday."""

    mon: DayHours = []
    tue: DayHours = []
    wed: DayHours = []
    thu: DayHours = []
    fri: DayHours = []
    sat: DayHours = []
    sun: DayHours = []

    @property
    def days(self) -> tuple[list[Hours], ...]:
        """From Monday to Sunday."""
        return (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)


class Closure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days on which it is closed, both included."""

    first: Annotated[date, Meta(examples=["2027-12-24"])]
    last: Annotated[date, Meta(examples=["2027-12-26"])]
    name: Label = ""


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day with hours of its own, whatever weekday or holiday it is."""

    day: Annotated[date, Meta(examples=["2027-12-18"])]
    hours: Annotated[list[Hours], Meta(max_length=12)]
    name: Label = ""


Closures = Annotated[list[Closure], Meta(max_length=200, description="Days off besides public holidays.")]
Openings = Annotated[list[Opening], Meta(max_length=200, description="Days with hours of their own.")]
Place = Annotated[Country | None, Meta(description="Whose public holidays are days off; null for nobody's.")]


class CalendarDraft(Draft):
    """A new calendar: of a team, or of the whole agency where no team is named."""

    week: Week
    team_id: UUID | None = None
    zone: Annotated[Zone | None, Meta(description="Null for the agency's own.")] = None
    country: Place | UnsetType = UNSET
    """The agency's own unless another is named."""
    subdivision: Subdivision | None = None
    closures: Closures = []
    openings: Openings = []


class CalendarPatch(Patch):
    """Changes to a calendar; lists, and the week, are replaced as a whole."""

    week: Week | UnsetType = UNSET
    zone: Zone | None | UnsetType = UNSET
    country: Place | UnsetType = UNSET
    subdivision: Subdivision | None | UnsetType = UNSET
    closures: Closures | UnsetType = UNSET
    openings: Openings | UnsetType = UNSET


class CalendarView(View):
    """A calendar."""

    id: UUID
    team_id: UUID | None
    zone: str | None
    week: Week
    country: str | None
    subdivision: str | None
    closures: list[Closure]
    openings: list[Opening]
    version: int
    created_at: Instant
    updated_at: Instant


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """Whose working time is asked for."""

    team_id: Annotated[UUID | None, Meta(description="A team; without one, the agency.")] = None


class DayOff(View):
    """A day on which it is closed although its weekday is not."""

    day: date
    name: str


class WorkingTime(View):
    """The working time that holds for a team or the agency, whatever it comes from."""

    source: Annotated[
        Literal["team", "agency", "default"],
        Meta(description="The team's own calendar, the agency's, or nobody has set one up."),
    ]
    calendar_id: UUID | None
    zone: str
    week: Week
    is_open: bool
    next_opening: Instant | None
    days_off: Annotated[list[DayOff], Meta(description="Of the coming twelve months.")]


class AbsenceDraft(Draft):
    """A time in which a member is away."""

    starts_at: Annotated[Instant, Meta(examples=["2027-08-01T00:00:00+01:00"])]
    ends_at: Annotated[Instant, Meta(description="When they are back.", examples=["2027-08-16T00:00:00+01:00"])]
    user_id: Annotated[UUID, Meta(description="The member; the caller where none is named.")] | UnsetType = UNSET


class AbsenceView(View):
    """A time in which a member is away."""

    id: UUID
    user_id: UUID
    user_name: str | None
    starts_at: Instant
    ends_at: Instant
    version: int
    created_at: Instant
