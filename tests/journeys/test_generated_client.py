"""From the first start to a won lead, through a typed client generated from the served document."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from core.http.application import Application
from core.testing.mailbox import mailbox
from core.users import first_start
from tests.journeys.conftest import GeneratedClient
from tests.worker import Worker

PASSWORD = "a long and quiet passphrase"


class Person:
    """Somebody at work with the generated client."""

    def __init__(self, generated: GeneratedClient, address: str) -> None:
        self.generated = generated
        self.address = address
        self.client = generated.package.Client(base_url=address, raise_on_unexpected_status=True)

    def sign_in(self, email: str, password: str) -> Any:
        """Sign in; the tokens, or the problem."""
        answer = self.do("auth.login", body=self.generated.Login(email=email, password=password))
        if isinstance(answer, self.generated.Tokens):
            self.client = self.generated.package.AuthenticatedClient(
                base_url=self.address, token=answer.access_token, raise_on_unexpected_status=True
            )
        return answer

    def do(self, operation: str, *path: Any, **given: Any) -> Any:
        """The parsed answer of an operation: a model of its success, or ProblemDetails."""
        return self.generated.operation(operation).sync(*path, client=self.client, **given)

    def detailed(self, operation: str, *path: Any, **given: Any) -> Any:
        """The whole answer."""
        return self.generated.operation(operation).sync_detailed(*path, client=self.client, **given)


@pytest.fixture(scope="module")
def admin(app: Application, generated: GeneratedClient, address: str) -> Iterator[Person]:
    """The administrator of the first start, signed in."""
    first = first_start.ensure_admin(app)
    assert first is not None
    assert first.password is not None
    person = Person(generated, address)
    tokens = person.sign_in(first.email, first.password)
    assert tokens.agency.slug == "my-agency"
    yield person
    person.client.get_httpx_client().close()


@pytest.fixture(scope="module")
def colleague(app: Application, admin: Person, generated: GeneratedClient, address: str) -> Iterator[Person]:
    """An agent whom the administrator has invited, signed in."""
    person = Person(generated, address)
    with mailbox(app) as post:
        draft = generated.InvitationDraft(email="joao@example.com", roles=["agent"])
        assert admin.do("invitations.invite", body=draft).roles == ["agent"]
        Worker(app).work()
        token = post.token("joao@example.com")
    accepted = generated.Acceptance(token=token, name="João", password=PASSWORD)
    assert person.do("invitations.accept", body=accepted).agency == "my-agency"
    assert person.sign_in("joao@example.com", "not the passphrase").code == "wrong_credentials"
    assert person.sign_in("joao@example.com", PASSWORD).token_type == "Bearer"
    yield person
    person.client.get_httpx_client().close()


def etag(thing: Any) -> str:
    """What If-Match takes."""
    return f'"v{thing.version}"'


def move(person: Person, lead: Any, to: str, **given: Any) -> Any:
    """Take a lead a step further; the lead, or the problem."""
    body = person.generated.Move(to=person.generated.MoveTo(to), **given)
    return person.do("leads.move", lead.id, body=body, if_match=etag(lead))


def test_an_enquiry_becomes_a_won_lead(admin: Person, colleague: Person, generated: GeneratedClient) -> None:
    contact = admin.do(
        "contacts.create",
        body=generated.ContactDraft(
            given_name="Ana",
            family_name="Duarte",
            emails=[generated.EmailEntry(address="ana@example.com")],
            phones=[generated.PhoneEntry(number="+351912345678")],
        ),
    )
    assert contact.name == "Ana Duarte"
    draft = generated.LeadDraft(contact_id=contact.id, note="Two weeks on safari, please.")
    kept = {"idempotency_key": "enquiry-1"}
    lead = admin.do("leads.create", body=draft, **kept)
    assert lead.contact_name == "Ana Duarte"
    assert admin.do("leads.create", body=draft, **kept).id == lead.id

    refused = move(admin, lead, "qualified")
    assert refused.status == 422
    assert {fault.pointer for fault in refused.errors} == {"/destinations", "/date_mode", "/adults", "/budget"}
    assert move(admin, lead, "won", note="They called.").status == 409

    wish = generated.LeadPatch(
        destinations=["Kenya", "Zanzibar"],
        date_mode=generated.LeadPatchDateModeType0.WINDOW,
        start_date=date(2027, 5, 14),
        end_date=date(2027, 5, 28),
        adults=2,
        budget=generated.Money(amount="9000.00", currency="EUR"),
        tags=["honeymoon"],
    )
    planned = admin.do("leads.change", lead.id, body=wish, if_match=etag(lead))
    assert planned.budget.amount == "9000.00"
    stale = admin.detailed("leads.change", lead.id, body=wish, if_match=etag(lead))
    assert (stale.status_code, stale.parsed.code) == (412, "precondition_failed")

    qualified = move(admin, planned, "qualified")
    assert qualified.status == "qualified"
    assert [fault.pointer for fault in move(admin, qualified, "proposal_sent").errors] == ["/note"]
    proposed = move(admin, qualified, "proposal_sent", note="Sent by letter.")

    me = colleague.do("auth.me")
    hand_over = generated.Assignment(owner_id=me.user.id)
    assigned = admin.do("leads.assign", proposed.id, body=hand_over, if_match=etag(proposed))
    assert assigned.owner_name == "João"
    note = colleague.do("leads.write_note", assigned.id, body=generated.NoteDraft(text="Called: they love it."))
    pinned = colleague.do(
        "leads.change_note", assigned.id, note.id, body=generated.NotePatch(pinned=True), if_match=etag(note)
    )
    assert (pinned.pinned, pinned.author_name) == (True, "João")
    assert len(colleague.do("leads.search_notes", assigned.id).items) == 2

    mine = colleague.do("leads.show", assigned.id)
    held = move(colleague, mine, "on_hold", hold_until=date.today() - timedelta(days=400))  # noqa: DTZ011
    assert [fault.code for fault in held.errors] == ["past"]
    won = move(colleague, mine, "won", note="Deposit paid.")
    assert won.status == "won"
    assert move(colleague, won, "negotiation").status == 403
    steps = colleague.do("leads.history", won.id)
    assert [step.to_status for step in steps.items] == ["new", "qualified", "proposal_sent", "won"]
    assert admin.do("leads.assign", won.id, body=hand_over, if_match=etag(won)).code == "lead_already_won"


def test_lists_are_filtered_sorted_and_paged(admin: Person, colleague: Person, generated: GeneratedClient) -> None:
    contact = admin.do("contacts.create", body=generated.ContactDraft(name="Rui"))
    for number in range(7):
        draft = generated.LeadDraft(contact_id=contact.id, destinations=[f"Place {number}"], source="web_form")
        assert admin.do("leads.create", body=draft).source == "web_form"
    asked: dict[str, Any] = {"source": "web_form", "sort": generated.LeadsSearchSort.REFERENCE, "limit": 3}
    page = admin.do("leads.search", **asked, count=generated.LeadsSearchCount.EXACT)
    assert page.total == 7
    seen = list(page.items)
    while page.next_ is not None:
        page = admin.do("leads.search", **asked, cursor=page.next_)
        seen += page.items
    assert [row.destinations for row in seen] == [[f"Place {number}"] for number in range(7)]
    assert [row.id for row in admin.do("leads.search", q="place 3").items] == [seen[3].id]
    assert colleague.do("leads.search", source="web_form").items == []


def test_what_is_put_away_can_be_brought_back(admin: Person, generated: GeneratedClient) -> None:
    lead = admin.do("leads.create", body=generated.LeadDraft(contact=generated.ContactDraft(name="Eva")))
    assert admin.detailed("leads.delete", lead.id, if_match='"v77"').status_code == 412
    assert admin.detailed("leads.delete", lead.id, if_match=etag(lead)).status_code == 204
    assert admin.do("leads.show", lead.id).code == "not_found"
    assert admin.do("leads.restore", lead.id).id == lead.id
    shown = admin.detailed("leads.show", lead.id)
    assert shown.status_code == 200
    unchanged = admin.detailed("leads.show", lead.id, if_none_match=shown.headers["ETag"])
    assert unchanged.status_code == 304


def test_signing_out_ends_it(generated: GeneratedClient, colleague: Person, address: str) -> None:
    del colleague
    person = Person(generated, address)
    tokens = person.sign_in("joao@example.com", PASSWORD)
    renewed = person.do("auth.refresh", body=generated.Refresh(refresh_token=tokens.refresh_token))
    assert renewed.access_token != tokens.access_token
    assert person.detailed("auth.logout").status_code == 204
    assert person.do("auth.me").code == "invalid_token"
    person.client.get_httpx_client().close()
