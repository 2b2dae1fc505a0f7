"""ClamAV looks at every file where CLAMD_HOST names it; while it is away, nothing comes in."""

from __future__ import annotations

import io
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.errors import Unavailable
from core.http.application import Application
from core.uploads import scanning
from core.uploads.errors import FileRefused

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
DATA = b"harmless " * 50_000


class Clamd:
    """Speaks as much of clamd's protocol as INSTREAM takes."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.answer: bytes | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                self._talk(connection, stream)

    def _talk(self, connection: socket.socket, stream: Any) -> None:
        assert stream.read(10) == b"zINSTREAM\0"
        data = b""
        while length := struct.unpack("!L", stream.read(4))[0]:
            data += stream.read(length)
        self.received.append(data)
        found = b"stream: Eicar-Signature FOUND\0" if b"EICAR" in data else b"stream: OK\0"
        connection.sendall(self.answer if self.answer is not None else found)

    def close(self) -> None:
        """Stop listening."""
        # Closing alone does not wake who waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    made = Clamd()
    yield made
    made.close()


@pytest.fixture
def scan(make_app: Callable[..., Application], clamd: Clamd) -> Iterator[Callable[[bytes], None]]:
    """Scan some bytes with that clamd."""
    with make_app(clamd_host="127.0.0.1", clamd_port=clamd.port).app_context():
        yield lambda data: scanning.scan(io.BytesIO(data), name="a.pdf", media_type="application/pdf")


class TestClamd:
    def test_what_is_clean_passes_and_was_seen_whole(self, scan: Callable[[bytes], None], clamd: Clamd) -> None:
        scan(DATA)
        assert clamd.received == [DATA]

    def test_what_it_knows_is_refused(self, scan: Callable[[bytes], None]) -> None:
        with pytest.raises(FileRefused) as caught:
            scan(DATA + EICAR)
        assert [fault.code for fault in caught.value.errors] == ["file_infected"]

    @pytest.mark.parametrize(
        "answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK but not really\0", b"\xff\xfe\0"]
    )
    def test_any_other_answer_lets_nothing_pass(
        self, scan: Callable[[bytes], None], clamd: Clamd, answer: bytes
    ) -> None:
        clamd.answer = answer
        with pytest.raises(Unavailable):
            scan(DATA)

    def test_while_it_is_away_nothing_passes(self, make_app: Callable[..., Application]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with make_app(clamd_host="127.0.0.1", clamd_port=port).app_context(), pytest.raises(Unavailable):
            scanning.scan(io.BytesIO(DATA), name="a.pdf", media_type="application/pdf")

    def test_one_that_says_nothing_is_waited_for_a_while_only(
        self, scan: Callable[[bytes], None], clamd: Clamd, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(scanning, "_TIMEOUT", 0.2)
        monkeypatch.setattr(clamd, "_talk", lambda connection, stream: stream.read())
        with pytest.raises(Unavailable):
            scan(DATA)

    def test_without_its_address_it_is_not_asked(self, small: Application) -> None:
        with small.app_context():
            scanning.scan(io.BytesIO(EICAR), name="a.pdf", media_type="application/pdf")
