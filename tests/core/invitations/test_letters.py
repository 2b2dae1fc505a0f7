"""Letters with an invitation: they say who invites whom, and carry no text of strangers."""

from __future__ import annotations

import pytest

from core.invitations import letters
from core.invitations.models import Invitation
from core.mail.api import Message

ADDRESS = "https://trips.example.com/app/invitation#token=x"


def letter(agency: str = "Sunrise Travel", inviter: str | None = "Ana Silva", *roles: str) -> Message:
    invited = Invitation(email="eva@example.com")
    return letters.invitation(invited, agency=agency, inviter=inviter, roles=list(roles), address=ADDRESS)


def first_line(message: Message) -> str:
    return message.text.partition("\n")[0]


class TestNamesInTheLetter:
    @pytest.mark.parametrize(
        "name",
        [
            "St. Anne's Travel Lda.",
            "J. R. Smith",
            "Viagens & Cia",
            "Réseau 3.5",
            "سفر الشروق",
            "Tour.",
            "a.b",
            "日の出旅行",
        ],
    )
    def test_stand_as_they_are(self, name: str) -> None:
        line = f"{name} of {name} invites you to work with them in Tripfile, as {name}."
        assert first_line(letter(name, name, name)) == line
        assert letter(name).subject == f"{name} invites you to Tripfile"

    def test_stand_on_one_line(self) -> None:
        assert "Sun rise" in letter("Sun\r\n\r\nrise").subject

    def test_are_cut_where_they_are_a_text(self) -> None:
        long = "Your invoice is due and we are waiting for it " * 4
        found = letter(long, long, long)
        assert first_line(found).count("Your invoice is due and we are waiting for it Your invoice…") == 3
        assert len(found.subject) < 90

    @pytest.mark.parametrize(
        "name",
        [
            "Your invoice is due: https://evil.example/pay",
            "Pay at evil.example",
            "WWW evil",
            "Ask boss@evil.example",
            "evil\uff0eexample",
            "evil\u3002example",
            "evil.\u200bexample",
            "Pay at 203.0.113.5",
            "Travel.Com",
            f"{'x' * 70} evil.example",
        ],
    )
    def test_are_left_out_where_they_look_like_an_address(self, name: str) -> None:
        for found, line in (
            (letter(name), "Ana Silva invites you to work with them in Tripfile."),
            (letter(inviter=name), "Sunrise Travel invites you to work with them in Tripfile."),
            (letter("Sunrise Travel", None, name), "Sunrise Travel invites you to work with them in Tripfile."),
            (letter(name, name, name, "Agent"), "Somebody invites you to work with them in Tripfile, as Agent."),
        ):
            assert first_line(found) == line
            assert "evil" not in found.subject + found.text
        assert letter(name).subject == "You are invited to Tripfile"
