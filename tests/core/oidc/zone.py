"""A name server on the loopback: answers with what the test says stands in a zone."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class Zone:
    """TXT records by name."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.rcode = dns.rcode.NOERROR
        """What every question is answered with, where it is not success."""
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        # A blocked recvfrom outlives the closing of its socket: something has to arrive.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, asker = self._socket.recvfrom(4096)
            if not wire:
                return
            with suppress(OSError):
                self._socket.sendto(self._answer(dns.message.from_wire(wire)).to_wire(), asker)

    def _answer(self, question: dns.message.Message) -> dns.message.Message:
        (asked,) = question.question
        name = asked.name.to_text(omit_final_dot=True)
        self.asked.append(name)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        found = self.records.get(name.lower())
        if self.rcode != dns.rcode.NOERROR:
            answer.set_rcode(self.rcode)
        elif found is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif asked.rdtype == dns.rdatatype.TXT and found:
            # In pieces, as long ones come.
            texts = [" ".join(f'"{text[at : at + 40]}"' for at in range(0, len(text), 40)) for text in found]
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "TXT", *texts))
        return answer
