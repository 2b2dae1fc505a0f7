"""Messages in NOTIFY payloads: whatever they are, they come back, and no payload is too long."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from core.bus import frames
from core.bus.frames import Packer, Unpacker

_LIMIT_OF_POSTGRESQL = 8_000
_bodies = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.integers(7_000, 9_000).map(lambda size: b"x" * size),
    st.integers(2_000, 12_000).map(lambda size: "é".encode() * size),
    st.integers(5_000, 40_000).map(os.urandom),
)
_batches = st.lists(st.tuples(st.sampled_from(["heads", "sockets"]), _bodies), max_size=30)


class TestMessages:
    @given(_batches)
    def test_come_back_in_their_order_within_a_channel(self, batch: list[tuple[str, bytes]]) -> None:
        payloads = Packer().pack(batch)
        assert all(len(payload.encode()) < _LIMIT_OF_POSTGRESQL and "\0" not in payload for _, payload in payloads)
        assert len(set(payloads)) == len(payloads)
        for channel in ("heads", "sockets"):
            unpacker = Unpacker()
            found = [body for name, payload in payloads if name == channel for body in unpacker.unpack(payload)]
            assert found == [body for name, body in batch if name == channel]

    def test_of_several_senders_do_not_get_mixed_up(self) -> None:
        bodies = [os.urandom(30_000) for _ in range(2)]
        mine, theirs = (Packer().pack([("heads", body)]) for body in bodies)
        unpacker = Unpacker()
        woven = [payload for pair in zip(mine, theirs, strict=True) for _, payload in pair]
        assert [body for payload in woven for body in unpacker.unpack(payload)] == bodies

    def test_that_lost_a_piece_are_lost_alone(self) -> None:
        payloads = [payload for _, payload in Packer().pack([("heads", os.urandom(30_000)), ("heads", b"whole")])]
        for missing in range(len(payloads) - 1):
            unpacker = Unpacker()
            kept = payloads[:missing] + payloads[missing + 1 :]
            assert [body for payload in kept for body in unpacker.unpack(payload)] == [b"whole"]

    def test_that_are_never_finished_are_forgotten_in_the_end(self) -> None:
        unpacker = Unpacker()
        for _ in range(20):
            for _, payload in Packer().pack([("heads", os.urandom(500_000))])[:-1]:
                assert list(unpacker.unpack(payload)) == []
                assert unpacker._bytes <= frames.MOST_PARTIAL
        assert unpacker._bytes == sum(len(piece) for pieces in unpacker._partial.values() for piece in pieces)
