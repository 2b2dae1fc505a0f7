"""Frames as RFC 6455 has them, rule by rule: what one connection's bytes become, and how a connection ends."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from wsproto.events import CloseConnection, Ping

from gateway import frames, limits
from gateway.limits import Refused
from tests.gateway.rawclient import BINARY, CLOSE, PING, PONG, TEXT, RawClient, frame

Dial = Callable[..., RawClient]
MORE = 0x0
POLITE = "κόσμε 🌍".encode()


def read(sent: bytes, *, step: int = 65_536) -> list[frames.Told]:
    reader = frames.Reader()
    reader.largest = limits.LARGEST
    return [told for at in range(0, len(sent), step) for told in reader.feed(sent[at : at + step])]


def sized(opcode: int, payload: bytes, *, form: int) -> bytes:
    """A frame whose size is written in a form of our choice, whether or not it is the shortest."""
    size = len(payload).to_bytes(2 if form == 126 else 8, "big")
    return bytes((0x80 | opcode, 0x80 | form)) + size + bytes(4) + payload


class TestReading:
    @pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 11, 65_536])
    def test_finds_the_same_however_the_bytes_are_cut(self, step: int) -> None:
        sent = b"".join(
            [
                frame(TEXT, b"a" * 200),
                frame(TEXT, POLITE[:3], final=0),
                frame(PING, b"between"),
                frame(MORE, POLITE[3:-2], final=0),
                frame(PONG, b"unasked"),
                frame(MORE, POLITE[-2:]),
                frame(TEXT, b""),
            ]
        )
        whole = ["a" * 200, None, Ping(payload=b"between"), None, None, POLITE.decode(), ""]
        assert read(sent, step=step) == whole

    @pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 300_000])
    def test_takes_the_mask_off_whatever_the_size(self, size: int) -> None:
        mask, payload = os.urandom(4), bytes(33 + index % 90 for index in range(size))
        plain = frame(TEXT, payload)
        head = plain[: len(plain) - size - 4]
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        assert read(head + mask + masked, step=4_096) == [payload.decode()]

    @pytest.mark.parametrize(
        ("sent", "code"),
        [
            pytest.param(frame(TEXT, b"x", reserved=4), 1002, id="5.2: first reserved bit, as compression sets it"),
            pytest.param(frame(TEXT, b"x", reserved=2), 1002, id="5.2: second reserved bit"),
            pytest.param(frame(PING, b"x", reserved=1), 1002, id="5.2: third reserved bit"),
            pytest.param(frame(TEXT, b"x", masked=0), 1002, id="5.1: clients mask"),
            pytest.param(frame(PING, b"x", masked=0), 1002, id="5.1: pings too"),
            *(pytest.param(frame(opcode, b"x"), 1002, id=f"5.2: opcode {opcode}") for opcode in (3, 4, 5, 6, 7)),
            *(pytest.param(frame(opcode), 1002, id=f"5.2: opcode {opcode}") for opcode in (11, 12, 13, 14, 15)),
            pytest.param(sized(TEXT, b"x", form=126), 1002, id="5.2: size in two bytes that fits one"),
            pytest.param(sized(TEXT, b"x" * 200, form=127), 1002, id="5.2: size in eight bytes that fits two"),
            pytest.param(b"\x81\xff" + b"\xff" * 8 + bytes(4), 1002, id="5.2: size with the highest bit"),
            pytest.param(frame(MORE, b"x"), 1002, id="5.4: continues nothing"),
            pytest.param(frame(TEXT, b"x", final=0) + frame(TEXT, b"y"), 1002, id="5.4: begins inside another"),
            pytest.param(frame(PING, b"x", final=0), 1002, id="5.5: ping in fragments"),
            pytest.param(frame(CLOSE, b"", final=0), 1002, id="5.5: close in fragments"),
            pytest.param(frame(PING, bytes(126)), 1002, id="5.5: ping of 126 bytes"),
            pytest.param(frame(PONG, bytes(126)), 1002, id="5.5: pong of 126 bytes"),
            pytest.param(frame(CLOSE, b"\x03"), 1002, id="5.5.1: half a code"),
            pytest.param(frame(CLOSE, b"\x03\xe8\xff"), 1007, id="5.5.1: reason that is no text"),
            pytest.param(frame(TEXT, b"\xff"), 1007, id="8.1: no text"),
            pytest.param(frame(TEXT, b"\xed\xa0\x80"), 1007, id="8.1: surrogate"),
            pytest.param(frame(TEXT, b"\xf4\x90\x80\x80"), 1007, id="8.1: beyond the last character"),
            pytest.param(frame(TEXT, b"\xc0\xaf"), 1007, id="8.1: overlong"),
            pytest.param(frame(TEXT, POLITE[:1]), 1007, id="8.1: half a character at the end"),
            pytest.param(frame(TEXT, b"x", final=0) + frame(MORE, b"\xff", final=0), 1007, id="8.1: in a fragment"),
            pytest.param(frame(BINARY, b"x"), 1003, id="binary, which we do not take"),
            *(
                pytest.param(frame(CLOSE, code.to_bytes(2, "big")), 1002, id=f"7.4: code {code}")
                for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)
            ),
        ],
    )
    def test_refuses_what_the_standard_forbids(self, sent: bytes, code: int) -> None:
        for step in (1, 65_536):
            with pytest.raises(Refused) as refused:
                read(sent, step=step)
            assert refused.value.close_code == code
            assert str(refused.value)

    def test_what_came_before_a_breach_still_counts(self) -> None:
        told = frames.Reader().feed(frame(TEXT, b"first") + frame(MORE, b"x"))
        assert next(told) == "first"
        with pytest.raises(Refused):
            next(told)

    @pytest.mark.parametrize("code", [1000, 1001, 1003, 1008, 1011, 3000, 3999, 4000, 4999])
    def test_understands_goodbyes(self, code: int) -> None:
        (told,) = read(frame(CLOSE, code.to_bytes(2, "big") + b"bye"))
        assert isinstance(told, CloseConnection)
        assert (told.code, told.reason) == (code, "bye")


class TestBounds:
    def test_a_message_is_refused_while_it_comes(self) -> None:
        reader = frames.Reader()
        reader.largest = limits.LARGEST
        begin = frame(TEXT, bytes(20 * limits.LARGEST))[: limits.LARGEST + 20]
        assert list(reader.feed(begin[: limits.LARGEST])) == []
        with pytest.raises(Refused) as refused:
            list(reader.feed(begin[limits.LARGEST :]))
        assert refused.value.close_code == 1009

    def test_a_stranger_may_send_little(self) -> None:
        whole = frame(TEXT, bytes(limits.LARGEST_BEFORE))
        assert [len(str(told)) for told in frames.Reader().feed(whole)] == [limits.LARGEST_BEFORE]
        with pytest.raises(Refused, match="16384"):
            list(frames.Reader().feed(frame(TEXT, bytes(limits.LARGEST_BEFORE + 1))))

    def test_bytes_count_rather_than_characters(self) -> None:
        with pytest.raises(Refused, match="16384"):
            list(frames.Reader().feed(frame(TEXT, "🌍".encode() * (limits.LARGEST_BEFORE // 4 + 1))))

    def test_each_message_is_counted_by_itself(self) -> None:
        reader = frames.Reader()
        for _ in range(3):
            list(reader.feed(frame(TEXT, bytes(limits.LARGEST_BEFORE))))
            halves = frame(TEXT, bytes(8_000), final=0) + frame(MORE, bytes(8_000))
            assert [told if told is None else len(str(told)) for told in reader.feed(halves)] == [None, 16_000]


class TestSending:
    @pytest.mark.parametrize(
        ("size", "head"),
        [
            (0, "8100"),
            (125, "817d"),
            (126, "817e007e"),
            (65_535, "817effff"),
            (65_536, "817f0000000000010000"),
        ],
    )
    def test_writes_the_size_in_its_shortest_form(self, size: int, head: str) -> None:
        assert frames.text("x" * size) == bytes.fromhex(head) + b"x" * size

    def test_a_reason_that_is_too_long_is_cut_between_characters(self) -> None:
        sent = frames.close(1008, "é" * 100)
        assert sent[1] <= 125
        assert sent[4:].decode() == "é" * 61


class TestGoodbye:
    @pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
    def test_is_answered_with_the_same_code(self, connect: Dial, code: int) -> None:
        client = connect()
        client.frame(CLOSE, code.to_bytes(2, "big") + b"enough")
        assert client.farewell() == ([], code)

    def test_without_a_code_is_answered_without_one(self, connect: Dial) -> None:
        client = connect()
        client.frame(CLOSE)
        assert client.read() == (CLOSE, b"")
        with pytest.raises((EOFError, ConnectionResetError)):
            client.read()

    @pytest.mark.parametrize(("payload", "code"), [(b"\x03", 1002), (b"\x03\xed", 1002), (b"\x03\xe8\xff", 1007)])
    def test_that_breaks_the_protocol_is_told_so(self, connect: Dial, payload: bytes, code: int) -> None:
        client = connect()
        client.frame(CLOSE, payload)
        assert client.farewell()[1] == code

    def test_is_the_last_that_is_looked_at(self, connect: Dial) -> None:
        client = connect()
        client.socket.sendall(frame(CLOSE, b"\x03\xe8") + frame(PING, b"late"))
        assert client.read() == (CLOSE, b"\x03\xe8")
        with pytest.raises((EOFError, ConnectionResetError)):
            client.read()

    def test_of_the_server_lets_the_client_answer(self, connect: Dial) -> None:
        client = connect()
        client.frame(BINARY, b"x")
        _, packet = client.read()
        assert b"server.refused" in packet
        assert client.read()[1][:2] == (1003).to_bytes(2, "big")
        client.frame(CLOSE, (1003).to_bytes(2, "big"))
        with pytest.raises((EOFError, ConnectionResetError)):
            client.read()
