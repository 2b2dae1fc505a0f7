"""A brand's logo from the upload to the download: who may, how much fits, and what comes out."""

from __future__ import annotations

import hashlib
import io
import threading
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import select, update

from core import clock, ids
from core.extensions import db
from core.files import jobs, links, repository, service
from core.files.models import StorageUse, StoredFile
from core.http.application import Application
from core.storage.port import key_of
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.contract import files
from tests.core.files.conftest import LOGO, Inside, download, keep, put, stored


class TestLogo:
    def test_goes_up_and_comes_down(self, app: Application, api: ApiClient, brand: str) -> None:
        changed = ok(put(api, brand, version=1), 200)
        assert (changed["logo_id"] is not None, changed["version"]) == (True, 2)
        link = ok(api.get(f"/agencies/brands/{brand}/logo"))
        assert (link["name"], link["media_type"], link["id"]) == ("logo.png", "image/png", changed["logo_id"])
        answer = download(app, link["url"])
        assert answer.status_code == 200
        assert hashlib.sha256(answer.data).hexdigest() == link["sha256"]
        with Image.open(io.BytesIO(answer.data)) as picture:
            assert picture.size == (40, 30)

    def test_comes_as_something_to_keep_and_never_as_a_page(self, app: Application, api: ApiClient, brand: str) -> None:
        ok(put(api, brand, name="Größe.png"))
        answer = download(app, ok(api.get(f"/agencies/brands/{brand}/logo"))["url"])
        expected = {
            "Content-Type": "image/png",
            "Content-Disposition": "attachment; filename=\"Groe.png\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.png",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": "private, no-store",
            "Referrer-Policy": "no-referrer",
            "Accept-Ranges": "bytes",
        }
        assert {name: answer.headers.get(name) for name in expected} == expected

    def test_is_replaced_and_the_old_one_goes(
        self, app: Application, api: ApiClient, brand: str, inside: Inside
    ) -> None:
        first = ok(put(api, brand))["logo_id"]
        url = ok(api.get(f"/agencies/brands/{brand}/logo"))["url"]
        ok(put(api, brand, data=files.picture("PNG", (9, 9))))
        assert download(app, url).status_code == 404
        inside(lambda: jobs.remove_bytes(file_id=UUID(first)))
        assert not [path for path in stored(app) if first in path.name]
        assert inside(repository.used) == ok(api.get(f"/agencies/brands/{brand}/logo"))["size"]

    def test_its_bytes_are_removed_by_a_job_of_the_same_unit_of_work(
        self, api: ApiClient, brand: str, inside: Inside
    ) -> None:
        from core.jobs.models import JobEntry

        logo = ok(put(api, brand))["logo_id"]
        ok(api.delete(f"/agencies/brands/{brand}/logo", version="*"), 204)
        assert problem(api.get(f"/agencies/brands/{brand}/logo")) == (404, "not_found")
        asked = select(JobEntry.payload).where(JobEntry.name == "files.remove_bytes")
        assert inside(lambda: list(db.session.scalars(asked))) == [{"file_id": logo}]
        assert inside(repository.used) == 0

    def test_goes_with_its_brand(self, api: ApiClient, brand: str, inside: Inside) -> None:
        ok(put(api, brand))
        ok(api.delete(f"/agencies/brands/{brand}", version="*"), 204)
        assert inside(repository.used) == 0
        assert inside(lambda: db.session.scalars(select(StoredFile)).all()) == []

    def test_a_stale_version_changes_and_keeps_nothing(self, app: Application, api: ApiClient, brand: str) -> None:
        before = stored(app)
        assert problem(put(api, brand, version=7)) == (412, "precondition_failed")
        assert problem(put(api, brand, version=None))[0] == 428
        assert stored(app) == before

    def test_refusals_say_why_and_keep_nothing(self, app: Application, api: ApiClient, brand: str) -> None:
        before = stored(app)
        for data, name, kind, status in (
            (files.PDF, "logo.pdf", "application/pdf", 415),
            (files.PDF, "logo.png", "image/png", 422),
            (LOGO, "logo.svg", "application/octet-stream", 422),
            (LOGO, "logo.jpg", "image/jpeg", 422),
            (LOGO, "logo.png", "text/html", 415),
            (b"", "logo.png", "image/png", 422),
            (b"x" * (5 * 1024 * 1024 + 1), "logo.png", "image/png", 413),
        ):
            assert problem(put(api, brand, data=data, name=name, kind=kind))[0] == status, (name, kind)
        assert problem(put(api, brand, headers={"Content-Encoding": "gzip"}))[0] == 415
        assert stored(app) == before

    def test_a_body_of_untold_length_is_read_to_the_limit_only(
        self, app: Application, api: ApiClient, brand: str
    ) -> None:
        from tests.security.payloads import Endless

        endless = Endless()
        answer = put(
            api,
            brand,
            environ_overrides={
                "wsgi.input": endless, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked",
            },
        )  # fmt: skip
        assert problem(answer) == (413, "body_too_large")
        assert endless.taken < 6 * 1024 * 1024

    @pytest.mark.parametrize("name", ["../../etc/cron.d/evil.png", "..\\..\\evil.png", "/etc/evil.png", "\0evil.png"])
    def test_an_odd_name_reaches_no_disk(self, app: Application, api: ApiClient, brand: str, name: str) -> None:
        answer = put(api, brand, name=name)
        if answer.status_code == 422:
            return
        logo = ok(answer)["logo_id"]
        assert ok(api.get(f"/agencies/brands/{brand}/logo"))["name"] == "evil.png"
        (path,) = [path for path in stored(app) if logo in path.name]
        assert app.settings.files_dir is not None
        assert path.relative_to(app.settings.files_dir).as_posix() == key_of(api.agency_id, UUID(logo))  # type: ignore[arg-type]
        assert not [path for path in stored(app) if "evil" in path.name]


class TestWhoMay:
    def test_nobody_of_another_agency(self, api: ApiClient, other_agency: AgencyUnderTest, brand: str) -> None:
        ok(put(api, brand))
        stranger = other_agency.member("owner")
        assert problem(put(stranger, brand)) == (404, "not_found")
        assert problem(stranger.get(f"/agencies/brands/{brand}/logo")) == (404, "not_found")
        assert problem(stranger.delete(f"/agencies/brands/{brand}/logo", version="*")) == (404, "not_found")

    def test_those_who_may_see_the_agency_see_it_and_do_not_change_it(
        self, agency: AgencyUnderTest, api: ApiClient, brand: str
    ) -> None:
        ok(put(api, brand))
        reader = agency.member("read_only")
        ok(reader.get(f"/agencies/brands/{brand}/logo"))
        assert problem(put(reader, brand)) == (403, "forbidden")

    def test_nobody_by_a_link_to_a_file_of_another_agency(
        self, app: Application, api: ApiClient, brand: str, other_agency: AgencyUnderTest
    ) -> None:
        """A link that our key signed for the wrong agency, as a defect might make one."""
        logo = UUID(ok(put(api, brand))["logo_id"])
        with app.app_context():
            text, _ = links.made(other_agency.id, logo)
        assert problem(download(app, f"/p/files/{text}")) == (404, "not_found")


class TestQuota:
    @pytest.fixture
    def limit(self, app: Application, monkeypatch: pytest.MonkeyPatch) -> int:
        monkeypatch.setattr(app.settings, "files_quota", 1_000)
        return 1_000

    def test_what_does_not_fit_is_refused_and_not_kept(
        self, app: Application, api: ApiClient, brand: str, limit: int
    ) -> None:
        before = stored(app)
        noisy = io.BytesIO()
        Image.effect_noise((200, 200), 90).save(noisy, "PNG")
        assert problem(put(api, brand, data=noisy.getvalue())) == (413, "storage_quota_exceeded")
        assert stored(app) == before

    def test_twenty_at_once_do_not_take_more_than_there_is(self, app: Application, inside: Inside, limit: int) -> None:
        kept, refused = [], []
        barrier = threading.Barrier(20)

        def upload() -> None:
            barrier.wait()
            try:
                kept.append(inside(lambda: keep(b"x" * 300)))
            except Exception as error:  # noqa: BLE001 - counted by the test
                refused.append(getattr(error, "code", repr(error)))

        threads = [threading.Thread(target=upload) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(kept) == 3
        assert set(refused) == {"storage_quota_exceeded"}
        assert inside(repository.used) == 900
        mine = [path for path in stored(app) if str(inside.agency.id) in path.as_posix()]
        assert {path.name for path in mine} == {str(file_id) for file_id in kept}

    def test_what_is_removed_makes_room(self, inside: Inside, limit: int) -> None:
        for _ in range(5):
            file_id = inside(lambda: keep(b"x" * 900))
            inside(partial(service.forget, file_id))
        assert inside(repository.used) == 0

    def test_is_each_agency_s_own(
        self, app: Application, other_agency: AgencyUnderTest, inside: Inside, limit: int
    ) -> None:
        inside(lambda: keep(b"x" * 900))
        Inside(app, other_agency)(lambda: keep(b"x" * 900))

    def test_work_that_fails_takes_nothing(self, inside: Inside) -> None:
        def fail() -> None:
            keep(b"x" * 900)
            raise LookupError

        with pytest.raises(LookupError):
            inside(fail)
        assert inside(repository.used) == 0


class TestSweep:
    def test_removes_what_no_row_knows_after_a_day(
        self, app: Application, inside: Inside, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            keep(b"lost")
            raise LookupError

        kept = inside(lambda: keep(b"kept"))
        with pytest.raises(LookupError):
            inside(fail)
        assert inside(service.sweep) == 0
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now + service.ABANDONED + timedelta(minutes=1))
        assert inside(service.sweep) == 1
        mine = [path.name for path in stored(app) if str(inside.agency.id) in path.as_posix()]
        assert mine == [str(kept)]


class TestFailures:
    def test_a_full_disk_is_told_and_leaves_nothing(
        self, app: Application, api: ApiClient, brand: str, inside: Inside, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: Any) -> None:
            raise OSError(28, "No space left on device")

        before = stored(app)
        monkeypatch.setattr("core.storage.local.shutil.copyfileobj", full)
        assert problem(put(api, brand)) == (503, "storage_unavailable")
        assert stored(app) == before
        assert inside(repository.used) == 0
        assert ok(api.get(f"/agencies/brands/{brand}"))["logo_id"] is None

    def test_counting_down_never_goes_below_nothing(self, inside: Inside) -> None:
        inside(lambda: keep(b"x" * 10))
        inside(lambda: db.session.execute(update(StorageUse).values(used=3)))
        inside(lambda: repository.give_back(10))
        assert inside(repository.used) == 3
        assert inside(lambda: service.forget(ids.new())) is None
