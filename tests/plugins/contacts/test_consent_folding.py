"""What any number of statements come to, in whatever order they are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from plugins.contacts.models import ConsentStatement
from plugins.contacts.service.consents import asked, stands

START = datetime(2026, 1, 1, tzinfo=UTC)


def statement(number: int, state: str, channel: str, day: int, expires: int | None) -> ConsentStatement:
    said_at = START + timedelta(days=day)
    until = said_at + timedelta(days=expires) if expires and state != "withdrawn" else None
    return ConsentStatement(
        id=UUID(int=number), purpose="marketing", channel=channel, state=state, said_at=said_at, expires_at=until
    )


@st.composite
def said(draw: st.DrawFn) -> list[ConsentStatement]:
    count = draw(st.integers(0, 12))
    return [
        statement(
            number,
            draw(st.sampled_from(["given", "pending", "withdrawn"])),
            draw(st.sampled_from(["email", "sms"])),
            draw(st.integers(0, 6)),
            draw(st.none() | st.integers(1, 3)),
        )
        for number in range(count)
    ]


def ids(all_of_them: list[ConsentStatement]) -> dict[tuple[str, str], UUID]:
    return {key: each.id for key, each in stands(all_of_them).items()}


class TestStands:
    @given(said(), st.randoms())
    def test_the_order_in_which_they_come_to_hand_does_not_matter(
        self, every: list[ConsentStatement], random: object
    ) -> None:
        shuffled = [*every]
        random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis types it so
        assert ids(shuffled) == ids(every)

    @given(said(), said())
    def test_those_of_two_people_come_to_the_same_whoever_goes_into_whom(
        self, mine: list[ConsentStatement], theirs: list[ConsentStatement]
    ) -> None:
        for each in theirs:
            each.id = UUID(int=each.id.int + 100)
        assert ids(mine + theirs) == ids(theirs + mine)
        assert set(ids(mine + theirs)) == set(ids(mine)) | set(ids(theirs))

    @given(said())
    def test_to_say_it_again_changes_nothing(self, every: list[ConsentStatement]) -> None:
        assert ids([*every, *every]) == ids(every)

    @given(said())
    def test_nothing_is_given_after_the_last_withdrawal_unless_they_said_so_later(
        self, every: list[ConsentStatement]
    ) -> None:
        for key, standing in stands(every).items():
            if standing.state == "given":
                of_it = [each for each in every if (each.purpose, each.channel) == key and each.state == "withdrawn"]
                assert all(each.said_at < standing.said_at for each in of_it)

    @given(said())
    def test_a_question_takes_no_answers_place_and_none_is_open_beside_a_yes_that_holds(
        self, every: list[ConsentStatement]
    ) -> None:
        answers = [each for each in every if each.state != "pending"]
        before, after = stands(answers), stands(every)
        for key, standing in before.items():
            assert after[key] is standing
            if standing.state == "given" and standing.expires_at is None:
                assert key not in asked(every)

    @given(said())
    def test_something_stands_for_all_that_anything_was_said_about(self, every: list[ConsentStatement]) -> None:
        assert set(stands(every)) == {(each.purpose, each.channel) for each in every}
