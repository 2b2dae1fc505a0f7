"""Links to files: signed, soon over, and good for parts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from core import clock
from core.files import links
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from tests.core.files.conftest import download, put, stored


class TestLinks:
    @pytest.fixture
    def url(self, api: ApiClient, brand: str) -> str:
        ok(put(api, brand))
        found: str = ok(api.get(f"/agencies/brands/{brand}/logo"))["url"]
        return found

    def test_end(self, app: Application, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        assert download(app, url).status_code == 200
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now + links.LASTS - timedelta(seconds=2))
        assert download(app, url).status_code == 200
        monkeypatch.setattr(clock, "now", lambda: now + links.LASTS)
        assert problem(download(app, url)) == (403, "file_link_refused")

    def test_are_made_by_us_alone(self, app: Application, url: str) -> None:
        head, _, token = url.rpartition("/")
        for number in range(0, len(token), 3):
            forged = token[:number] + ("A" if token[number] != "A" else "B") + token[number + 1 :]
            assert problem(download(app, f"{head}/{forged}")) == (403, "file_link_refused"), number
        for forged in ("x", "A" * 75, token[:-1], f"{token}AA", token * 2, "é", f"{token}="):
            assert problem(download(app, f"{head}/{forged}"))[0] == 403, forged

    def test_need_no_sign_in_and_take_no_other_method(self, app: Application, url: str) -> None:
        client: FlaskClient = app.test_client()
        assert client.get(url).status_code == 200
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert client.open(url, method=method).status_code == 405

    def test_never_reach_the_log(self, app: Application, url: str, caplog: pytest.LogCaptureFixture) -> None:
        download(app, url)
        assert url.rpartition("/")[2] not in caplog.text

    @pytest.mark.parametrize(
        ("asked", "start", "stop"),
        [("bytes=0-9", 0, 10), ("bytes=5-", 5, None), ("bytes=-7", -7, None), ("bytes=0-99999999", 0, None)],
    )
    def test_give_a_part(self, app: Application, url: str, asked: str, start: int, stop: int | None) -> None:
        whole = download(app, url).data
        part = download(app, url, Range=asked)
        assert part.data == whole[start:stop]
        assert int(part.headers["Content-Length"]) == len(part.data)
        if len(part.data) < len(whole):
            assert part.status_code == 206
            assert re.fullmatch(rf"bytes \d+-\d+/{len(whole)}", part.headers["Content-Range"])

    def test_give_all_where_the_part_makes_no_sense(self, app: Application, url: str) -> None:
        whole = download(app, url)
        for asked in ("lines=0-9", "bytes=a-b", "bytes=0-1,4-5", "", "bytes=" + "0-1," * 5_000 + "0-1"):
            answer = download(app, url, Range=asked)
            assert (answer.status_code, answer.data) == (200, whole.data), asked
        assert download(app, url, Range="bytes=0-1", If_Range='"other"').status_code == 200
        assert download(app, url, Range="bytes=0-1", If_Range=whole.headers["ETag"]).status_code == 206

    def test_refuse_a_part_behind_the_end(self, app: Application, url: str) -> None:
        size = len(download(app, url).data)
        answer = download(app, url, Range=f"bytes={size}-")
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{size}")

    def test_tell_whether_it_is_the_same(self, app: Application, url: str) -> None:
        whole = download(app, url)
        again = download(app, url, If_None_Match=whole.headers["ETag"])
        assert (again.status_code, again.data) == (304, b"")
        head = app.test_client().head(url)
        assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(whole.data)))

    def test_to_bytes_that_are_gone_are_not_found(self, app: Application, url: str, api: ApiClient, brand: str) -> None:
        logo = ok(api.get(f"/agencies/brands/{brand}"))["logo_id"]
        for path in stored(app):
            if logo in path.name:
                path.unlink()
        assert problem(download(app, url)) == (404, "not_found")
