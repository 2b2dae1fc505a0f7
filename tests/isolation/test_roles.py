"""What the three database roles may do, asked of PostgreSQL itself."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

import core
from core.db.base import Model
from core.testing.factories import AgencyUnderTest

Connect = Callable[[str], psycopg.Connection[Any]]
# Only these may look across agencies, each for a reason of its own.
SYSTEM_READS = {
    "agencies/suspension.py",  # The operator lists all agencies.
    "users/administrators.py",  # The operator asks who administers them.
    "allow_lists/boundary.py",  # Asked at every entrance, before the agency is acted in.
    "api_keys/repository.py",  # Whoever sends a key has no agency yet.
    "audit/repository.py",  # The heads of all chains are noted and listed at once.
    "auth/sessions/devices.py",  # Devices belong to people, and are known before anybody is.
    "keyring/rings.py",  # Keys belong to the installation.
    "factors/repository.py",  # Second factors belong to people, and every agency they work for may ask for one.
    "auth/letters/outbox.py",  # Who asks for a letter has no agency.
    "auth/people/persons.py",  # A letter goes to a person, whichever agencies they work for.
    "auth/guessing/throttle.py",  # Who guesses at a password has no agency.
    "auth/once/one_time.py",  # Whoever brings a token has no agency yet.
    "auth/people/places.py",  # Whoever signs in chooses among their agencies.
    "auth/passwords/credentials.py",  # Passwords belong to people.
    "auth/sessions/listing.py",  # A person sees their sessions in every agency.
    "auth/sessions/standing.py",  # Asked before the agency of a session is acted in.
    "oidc/repository.py",  # Whoever signs in names a provider and acts in no agency yet.
    "gateway/heads.py",  # One question for everybody who follows something in a process.
    "revocations/feed.py",  # Every process reads one feed for all agencies.
    "events/checkpoints.py",  # Which followers lag behind is asked for all agencies at once.
    "plugins/agencies.py",  # The switch is asked before the agency is acted in.
    "users/first_start.py",
    "users/founding.py",  # Before there is an agency, and which slugs are taken.
    "privacy/repository.py",  # Which requests wait too long is asked for all agencies at once.
    "vault/repository.py",  # Old keys are replaced in every agency, and who was erased is noted for all of them.
    "impersonation/repository.py",  # Whose session it is decides what may be done, before anybody acts.
    "users/accounts.py",  # The operator closes accounts, which are above the agencies.
    "demo/seeding.py",  # Whether made-up agencies are there already, and whether others are.
}
APART = {
    "auth/ways_in/admission.py",  # Half a sign-in belongs to somebody who acts in no agency yet.
    "auth/ways_in/second_step.py",  # The same; a try counts although the request is refused.
    "auth/ways_in/passkey.py",  # The same.
    "auth/ways_in/proving.py",  # What a device must answer is noted before anybody is signed in.
    "factors/enrolment.py",  # Second factors are the system role's alone.
    "factors/proofs.py",  # A proof is used up although the request is refused.
    "factors/removal.py",
    "factors/service.py",
    "api_keys/jobs.py",  # Keys of every agency that ended long ago go at once.
    "api_keys/last_use.py",  # One statement notes the keys of all agencies, beside their requests.
    "auth/accounts/addresses.py",  # An address belongs to a person, not to an agency.
    "auth/letters/outbox.py",  # What was sent is forgotten, whoever it was for.
    "auth/letters/writing.py",  # Links are handed out to people, who belong to no agency.
    "auth/sessions/devices.py",  # Devices belong to people.
    "auth/ways_in/facts.py",  # A wrong password is told although the request is refused.
    "auth/accounts/identities.py",  # A person belongs to no agency, so the application's role cannot make one.
    "auth/jobs.py",  # Old revocations of every agency go at once.
    "keyring/rings.py",  # Keys belong to the installation, and a ring makes its first one by itself.
    "auth/registration.py",  # Who registers has no agency yet.
    "auth/accounts/new_passwords.py",  # Passwords and sessions are the system role's alone.
    "auth/ways_in/password.py",
    "auth/guessing/throttle.py",  # An attempt counts although the request is refused.
    "users/first_start.py",  # The token for the first setup, before there is an agency.
    "keyring/upkeep.py",  # Keys belong to the installation, and what a dropped one signed was for every agency.
    "auth/sessions/listing.py",  # Sessions are the system role's alone, and a person has some in other agencies.
    "auth/sessions/rotation.py",  # A refresh token comes before anybody is known; its reuse counts all the same.
    "auth/ways_in/switching.py",  # Sessions are the system role's alone.
    "auth/sessions/tickets.py",  # Whoever brings a ticket is nobody yet.
    "auth/sessions/opening.py",
    "events/log.py",
    "jobs/office.py",  # The operator's commands, for every agency.
    "jobs/schedules.py",  # What is due is asked for every agency at once.
    "oidc/sessions.py",  # Sessions belong to people, in tables that the application's role does not see.
    "oidc/tickets.py",  # Whoever begins to sign in has no agency yet.
    "testing/factories.py",
    "audit/repository.py",  # Seals are not for the role that writes the facts.
    "privacy/identities.py",  # Credentials and identities of whom nobody has any more belong to no agency.
    "vault/rewrapping.py",  # The secrets of people, who belong to no agency, are sealed anew.
    "impersonation/service.py",  # Operators have no place in the agency they enter.
    "invitations/accepting.py",  # An address is proven whatever becomes of the invitation.
    "invitations/links.py",  # Whoever brings a token has no agency yet.
    "users/accounts.py",  # The operator closes accounts, which are above the agencies.
    "users/leaving.py",  # Sessions end, in the table the application may not touch.
}


def callers(name: str) -> set[str]:
    """The files of the product that call a function."""
    root = Path(core.__file__).parent
    found = set()
    for folder in (root, root.parent / "plugins", root.parent / "gateway"):
        for file in folder.rglob("*.py"):
            calls = (node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
            if any(getattr(call, "id", getattr(call, "attr", "")) == name for call in calls):
                found.add(str(file.relative_to(folder if folder == root else folder.parent)))
    return found


class TestCallSites:
    def test_of_reads_across_agencies_are_these(self) -> None:
        assert callers("SystemQuery") == SYSTEM_READS

    def test_of_work_apart_are_these(self) -> None:
        assert callers("apart") == APART

    def test_of_statements_that_commit_by_themselves_are_these(self) -> None:
        # Workers serve every agency: claims, leases and sweeps span them.
        assert callers("at_once") == {"jobs/ledger.py"}


class TestTheApplicationsRole:
    @pytest.mark.parametrize(
        "statement",
        [
            "SET ROLE tripfile_owner",
            "SET ROLE tripfile_system",
            "SET SESSION AUTHORIZATION tripfile_owner",
            "ALTER TABLE core_role DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE core_role NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE core_role OWNER TO tripfile_app",
            "DROP POLICY core_role_agency ON core_role",
            "CREATE POLICY open ON core_role USING (true)",
            "ALTER ROLE tripfile_app BYPASSRLS",
            "CREATE TABLE mine (id int)",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "TRUNCATE core_event",
            "UPDATE core_event SET name = 'x'",
            "DELETE FROM core_event",
            "UPDATE core_event_origin SET ip = 'x'",
            "INSERT INTO core_event_seal SELECT * FROM core_event_seal",
            "SELECT * FROM core_credential",
            "SELECT * FROM core_totp",
            "SELECT * FROM core_recovery_code",
            "SELECT * FROM core_passkey",
            "SELECT * FROM core_auth_session",
            "DELETE FROM core_agency",
            "DELETE FROM core_user",
            "INSERT INTO core_user SELECT * FROM core_user",
            "UPDATE leads_status_change SET to_status = 'x'",
            "DELETE FROM leads_status_change",
        ],
    )
    def test_may_not(self, connect: Connect, statement: str) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connect("app").execute(statement)

    def test_cannot_switch_the_policies_off(self, connect: Connect, agency: AgencyUnderTest) -> None:
        connection = connect("app")
        connection.execute("SET row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM core_role")


class TestTheSystemsRole:
    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT * FROM leads_lead",
            "SELECT * FROM contacts_contact",
            "SELECT * FROM core_search_token",
            "SELECT * FROM core_event",
            "SELECT * FROM core_event_origin",
            "DELETE FROM core_event_origin",
            "UPDATE core_event SET name = 'x'",
            "UPDATE core_role SET name = 'x'",
            "SET ROLE tripfile_owner",
            "ALTER TABLE core_role DISABLE ROW LEVEL SECURITY",
        ],
    )
    def test_may_not(self, connect: Connect, statement: str) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connect("system").execute(statement)


class TestTables:
    def test_with_an_agency_are_under_forced_row_level_security(self, connect: Connect) -> None:
        found = connect("owner").execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity AND relforcerowsecurity"
        )
        protected = {name for (name,) in found.fetchall()}
        owned = {table.name for table in Model.metadata.sorted_tables if "agency_id" in table.columns}
        # Only the system role has a grant on them.
        assert owned - protected == {"core_auth_session", "core_one_time_token"}

    def test_the_application_has_no_grant_beyond_protected_tables(self, connect: Connect) -> None:
        found = connect("owner").execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'v', 'm') AND NOT c.relrowsecurity"
            " AND c.relnamespace = 'public'::regnamespace"
            " AND has_table_privilege('tripfile_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE')"
        )
        assert found.fetchall() == []

    def test_no_function_runs_with_more_rights_than_its_caller(self, connect: Connect) -> None:
        found = connect("owner").execute(
            "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        )
        assert found.fetchall() == []
