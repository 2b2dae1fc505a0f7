"""Queries for members and teams."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, delete, func, select, update
from sqlalchemy.orm import aliased

from core.agencies.models import Agency
from core.db import read
from core.db.query import OPTIONAL, Filter, Listing, ListQuery, Operator, Page
from core.db.repository import Repository
from core.db.tenancy import current_agency_id
from core.errors import NotFound, PreconditionFailed
from core.extensions import db
from core.roles import builtin
from core.roles.models import MembershipRole, Role
from core.users.models import Membership, Team, TeamMember, User
from core.users.schemas import MemberRow, MemberView, TeamView

_ROLES = (
    select(Role.code)
    .join(MembershipRole, MembershipRole.role_id == Role.id)
    .where(MembershipRole.user_id == Membership.user_id)
    .order_by(Role.code)
    .correlate(Membership)
)
_TEAMS = select(TeamMember.team_id).where(TeamMember.user_id == Membership.user_id).correlate(Membership)
_PERSON = {
    "id": Membership.user_id,
    "email": User.email,
    "name": User.name,
    "roles": func.array(_ROLES.scalar_subquery(), type_=ARRAY(Text())),
    "second_factor": User.second_factor,
}
MEMBER_ROW = select(*read.columns(MemberRow, Membership, **_PERSON)).join(User, User.id == Membership.user_id)
MEMBER = select(
    *read.columns(
        MemberView,
        Membership,
        **_PERSON,
        language=User.language,
        zone=User.zone,
        teams=func.array(_TEAMS.scalar_subquery(), type_=ARRAY(Uuid())),
    )
).join(User, User.id == Membership.user_id)
TEAM = select(*read.columns(TeamView, Team))
_WITH_ROLE = select(MembershipRole.user_id).join(Role, Role.id == MembershipRole.role_id)
_MEMBER = read.Query(MEMBER.where(Membership.user_id == bindparam("user_id", type_=Uuid())), MemberView)


class Members(Repository[Membership]):
    """An agency's members."""

    model = Membership
    permission = "users.read"
    listing = Listing(
        filters={
            "state": Filter(Membership.state, str, "`active`, `suspended` or `left`."),
            "reports_to": Filter(Membership.reports_to, UUID, "The user id of whom they report to.", OPTIONAL),
            "role": Filter(Role.code, str, "The code of a role they have.", via=_WITH_ROLE, key=Membership.user_id),
            "second_factor": Filter(
                User.second_factor,
                bool,
                "Whether they have a second factor; for those who manage members.",
                (Operator.EQ,),
                via=User.id,
                key=Membership.user_id,
            ),
        },
        sorts={"created_at": Membership.created_at},
        default_sort="created_at",
        search={"users.user": Membership.id},
    )

    def rows(self, query: ListQuery) -> Page[MemberRow]:
        """A page of members."""
        return self.page(query, MEMBER_ROW, MemberRow)

    def of_user(self, user_id: UUID, *, version: int | None = None) -> Membership:
        """A person's place in the agency. Raises NotFound, PreconditionFailed."""
        member = db.session.scalar(select(Membership).where(Membership.user_id == user_id))
        if member is None:
            raise NotFound
        if version is not None and member.version != version:
            raise PreconditionFailed
        return member

    def is_member(self, user_id: UUID) -> bool:
        """Whether a person has a place in the agency, if only a suspended one."""
        place = select(Membership.id).where(Membership.user_id == user_id, Membership.state != "left")
        return db.session.scalar(place) is not None

    def former(self, user_id: UUID) -> Membership | None:
        """The place of somebody who has left."""
        place = select(Membership).where(Membership.user_id == user_id, Membership.state == "left")
        return db.session.scalar(place)

    def shown(self, user_id: UUID) -> MemberView:
        """A member with roles and teams. Raises NotFound."""
        return self._found(_MEMBER.first(user_id=user_id))

    def lock(self, member: Membership) -> None:
        """Wait for whoever makes something theirs just now, and let nobody do so until this unit of work ends."""
        # Stronger than an UPDATE of these columns takes: a row that points at the member waits for it.
        db.session.execute(select(Membership.id).where(Membership.id == member.id).with_for_update())

    def hold_departed(self, user_id: UUID, departure: int) -> bool:
        """Whether somebody is still away since they left with this version; until this unit of work ends they are."""
        gone = (Membership.user_id == user_id, Membership.state == "left", Membership.version == departure)
        # Key share: whoever takes something over points at members, too.
        return db.session.scalar(select(Membership.id).where(*gone).with_for_update(key_share=True)) is not None

    def superiors(self, user_id: UUID) -> list[UUID]:
        """Whom somebody reports to, and whom they report to, and so on; themselves first."""
        line = select(Membership.user_id, Membership.reports_to).where(Membership.user_id == user_id)
        upwards = line.cte("line", recursive=True)
        above = aliased(Membership)
        # UNION and not UNION ALL: it ends even where somebody put a circle into the table.
        upwards = upwards.union(
            select(above.user_id, above.reports_to).join(upwards, upwards.c.reports_to == above.user_id)
        )
        return list(db.session.scalars(select(upwards.c.user_id)))

    def move_subordinates(self, user_id: UUID, superior_id: UUID | None) -> list[UUID]:
        """Have everybody who reports to one person report to another, or to nobody; who they are."""
        moved = (
            update(Membership)
            .where(Membership.reports_to == user_id)
            .values(reports_to=superior_id, version=Membership.version + 1)
            .returning(Membership.user_id)
        )
        return list(db.session.scalars(moved))

    def active(self, user_ids: list[UUID]) -> frozenset[UUID]:
        """Which of these people are active members whose account is not disabled."""
        people = select(Membership.user_id).join(User, User.id == Membership.user_id)
        active = people.where(Membership.state == "active", User.disabled_at.is_(None))
        return frozenset(db.session.scalars(active.where(Membership.user_id.in_(user_ids))))

    def roles_of(self, user_id: UUID) -> dict[str, UUID]:
        """The roles a member holds, by code."""
        held = select(Role.code, Role.id).join(MembershipRole, MembershipRole.role_id == Role.id)
        found = db.session.execute(held.where(MembershipRole.user_id == user_id))
        return {row.code: row.id for row in found}

    def give_roles(self, user_id: UUID, role_ids: list[UUID]) -> None:
        """Replace a member's roles."""
        db.session.execute(delete(MembershipRole).where(MembershipRole.user_id == user_id))
        db.session.add_all(MembershipRole(user_id=user_id, role_id=role_id) for role_id in role_ids)
        db.session.flush()

    def place_in_teams(self, user_id: UUID, team_ids: list[UUID]) -> None:
        """Replace a member's teams."""
        db.session.execute(delete(TeamMember).where(TeamMember.user_id == user_id))
        db.session.add_all(TeamMember(user_id=user_id, team_id=team_id) for team_id in dict.fromkeys(team_ids))
        db.session.flush()

    def hold_administration(self) -> None:
        """Let nobody else change who administers the agency until this unit of work ends."""
        mine = select(Agency.id).where(Agency.id == current_agency_id())
        # Key share: whoever publishes holds the agency's counter while the event's foreign key is checked.
        db.session.execute(mine.with_for_update(key_share=True))

    def administrators(self) -> int:
        """How many active members hold a role that may do everything."""
        return self._holding(*builtin.ALMIGHTY)

    def owners(self) -> int:
        """How many active members are owners."""
        return self._holding("owner")

    def _holding(self, *codes: str) -> int:
        statement = (
            select(func.count(Membership.user_id.distinct()))
            .join(User, User.id == Membership.user_id)
            .join(MembershipRole, MembershipRole.user_id == Membership.user_id)
            .join(Role, Role.id == MembershipRole.role_id)
            .where(Membership.state == "active", User.disabled_at.is_(None), Role.built_in, Role.code.in_(codes))
        )
        return db.session.scalar(statement) or 0


class Teams(Repository[Team]):
    """An agency's teams."""

    model = Team
    permission = "users.read"
    listing = Listing(
        filters={"name": Filter(Team.name, str, "Exact name.")},
        sorts={"created_at": Team.created_at},
        default_sort="created_at",
    )

    def rows(self, query: ListQuery) -> Page[TeamView]:
        """A page of teams."""
        return self.page(query, TEAM, TeamView)

    def shown(self, team_id: UUID) -> TeamView:
        """A team. Raises NotFound."""
        return self.view(team_id, TEAM, TeamView)

    def known(self, team_ids: list[UUID]) -> frozenset[UUID]:
        """Which of these ids are teams of the agency."""
        return frozenset(db.session.scalars(select(Team.id).where(Team.id.in_(team_ids))))

    def has_name(self, name: str) -> bool:
        """Whether a team has this name."""
        return db.session.scalar(select(Team.id).where(Team.name == name)) is not None


members = Members()
teams = Teams()
